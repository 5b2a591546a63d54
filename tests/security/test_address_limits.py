"""What is counted by client address, and whose word about the address is taken."""
import itertools
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from support.backends import new_server
from support.callers import PROXY, from_address, log_in_from, register_from, sessions_of
from support.userd import PASSWORD, unique_name

HELD = b'{"detail":"Too many attempts, try again later"}'
REGISTRATIONS = 60    # of an address, in an hour
ADDRESS_FAILURES = 100  # wrong passwords of an address that cost nothing
GARBAGE = ["", "unknown", "nonsense", "256.1.1.1", "1.2.3", "_hidden", "fe80::1%eth0", "192.0.2.1 192.0.2.2", ",",
           "[::1"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = new_server(tmp_path_factory.mktemp("addresses"), **PROXY).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def taken(server):
    """Registering it again costs no hash and counts all the same."""
    name = unique_name()
    assert register_from(server, "192.0.2.250", name).status_code == 200
    return name


def assert_held(answer):
    assert (answer.status_code, answer.content) == (429, HELD)
    assert answer.headers["retry-after"].isdecimal() and int(answer.headers["retry-after"]) >= 1


def use_up_registrations(server, addresses, name):
    for address in itertools.islice(itertools.cycle(addresses), REGISTRATIONS):
        assert register_from(server, address, name).status_code == 409


def fail_often(server, headers_of):
    """Wrong passwords, each for another name; all are looked at."""
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(
            lambda number: server.http.post("/user/login", headers=headers_of(number),
                                            json={"username": unique_name("nobody"), "password": "wrong password"}),
            range(ADDRESS_FAILURES))
    assert {answer.status_code for answer in answers} == {401}


def test_sixty_registrations_of_an_address_then_it_is_held_off_and_others_are_not(server, taken):
    use_up_registrations(server, ["192.0.2.1"], taken)
    assert_held(register_from(server, "192.0.2.1", taken))
    free = unique_name()
    assert_held(register_from(server, "192.0.2.1", free))
    assert_held(register_from(server, "::ffff:192.0.2.1", free))
    assert_held(register_from(server, "192.0.2.1:4711", free))
    assert register_from(server, "192.0.2.2", free).status_code == 200
    assert log_in_from(server, "192.0.2.1", free).status_code == 200


def test_what_is_refused_by_its_form_is_no_registration(server, taken):
    for _ in range(REGISTRATIONS + 1):
        bad = server.http.post("/user/register", json={"username": "x"}, headers=from_address("192.0.2.3"))
        assert bad.status_code == 422
    assert register_from(server, "192.0.2.3", taken).status_code == 409


def test_a_64_of_ipv6_counts_as_one_and_its_neighbours_do_not(server, taken):
    use_up_registrations(server, [f"2001:db8:0:1::{number:x}" for number in range(1, 50)], taken)
    for address in ("2001:db8:0:1:ffff:ffff:ffff:ffff", "[2001:db8:0:1::7]:443"):
        assert_held(register_from(server, address, taken))
    for address in ("2001:db8:0:2::1", "2001:db8:0:0:ffff::1", "192.0.2.4"):
        assert register_from(server, address, taken).status_code == 409


def test_one_address_that_guesses_at_many_names_is_held_off(server):
    name = unique_name()
    assert register_from(server, "192.0.2.251", name).status_code == 200
    fail_often(server, lambda number: from_address(f"2001:db8:7:1::{number:x}"))
    # The hold begins at one second; each wrong password that a slow machine lets through doubles it.
    for number in range(6):
        held = log_in_from(server, f"2001:db8:7:1:{number}::1", unique_name("nobody"), "wrong password")
        other = log_in_from(server, "2001:db8:7:2::1", name)
        again = log_in_from(server, "2001:db8:7:1::1", name)
        assert other.status_code == 200
        if held.status_code == 429:
            assert_held(held)
            assert_held(again)
            return
    raise AssertionError("the address was never held off")


def test_without_a_known_address_nobody_shares_a_counter(server, taken):
    """A proxy that forgets to forward, or forwards nonsense, must not lock everybody out."""
    name = unique_name()
    assert register_from(server, "192.0.2.252", name).status_code == 200
    spellings = [{}, *({"X-Forwarded-For": text} for text in GARBAGE), {"Forwarded": "for=unknown"},
                 {"Forwarded": "proto=http"}]
    fail_often(server, lambda number: spellings[number % len(spellings)])
    for _ in range(REGISTRATIONS // len(spellings) + 2):
        for headers in spellings:
            body = {"username": taken, "email": f"{taken}@example.com", "password": PASSWORD}
            assert server.http.post("/user/register", json=body, headers=headers).status_code == 409
    for headers in spellings:
        body = {"username": name, "password": PASSWORD}
        assert server.http.post("/user/login", json=body, headers=headers).status_code == 200, headers
    assert {row["client_address"] for row in sessions_of(server, server.login(name).json()["access_token"])} == {""}


def test_only_what_the_proxy_itself_saw_counts(server, taken):
    """The first addresses of the list are what the client claims."""
    for number in range(REGISTRATIONS):
        assert register_from(server, f"203.0.113.{number}, 198.51.100.5", taken).status_code == 409
    assert_held(register_from(server, "203.0.113.200, 198.51.100.5", taken))
    assert register_from(server, "203.0.113.1", taken).status_code == 409


def test_the_claim_of_an_untrusted_peer_is_nothing(make_userd):
    """127.0.0.2 is the proxy; 127.0.0.1 speaks as if it were."""
    server = make_userd(TRUSTED_PROXIES="127.0.0.2").start()
    name, _ = server.new_user()
    victim = from_address("203.0.113.9")
    proxy = httpx.Client(base_url=server.http.base_url, transport=httpx.HTTPTransport(local_address="127.0.0.2"))
    with proxy:
        first = proxy.post("/user/login", json={"username": name, "password": PASSWORD}, headers=victim)
        assert first.status_code == 200
        for _ in range(REGISTRATIONS - 1):  # new_user() was one
            assert register_from(server, "203.0.113.9", name).status_code == 409
        assert_held(register_from(server, "203.0.113.9", name))  # whatever it claims, it is counted as itself
        answer = proxy.post("/user/register", headers=victim, json={
            "username": name, "email": "a@example.com", "password": PASSWORD})
        assert answer.status_code == 409
        spoofed = server.http.post("/user/login", json={"username": name, "password": PASSWORD}, headers=victim).json()
        shown = [row["client_address"] for row in sessions_of(server, spoofed["access_token"])]
        assert (shown[0], shown[1]) == ("127.0.0.1", "203.0.113.9")


def test_a_direct_client_is_its_own_address(make_userd):
    server = make_userd().start()
    name, tokens = server.new_user()  # one registration
    assert [row["client_address"] for row in sessions_of(server, tokens["access_token"])] == ["127.0.0.1"]
    for _ in range(REGISTRATIONS - 1):
        assert server.register(name).status_code == 409
    assert_held(server.register(name))
    server.stop()
    server.start()
    assert_held(server.register(name))
    assert server.login(name).status_code == 200


def test_off_means_off(make_userd):
    server = make_userd(REGISTRATION_LIMIT="off", **PROXY).start()
    name, _ = server.new_user()
    for _ in range(REGISTRATIONS + 5):
        assert register_from(server, "192.0.2.1", name).status_code == 409
