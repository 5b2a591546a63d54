"""Guessing a password is slowed down, and nobody can use that against the owner of an account."""
import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from support.backends import new_server
from support.callers import PROXY, from_address, log_in_from
from support.userd import PASSWORD, unique_name

WRONG = b'{"detail":"Invalid username or password"}'
HELD = b'{"detail":"Too many attempts, try again later"}'
FREE = 10  # wrong passwords of an account that cost nothing
WAIT_SECONDS = 60
NUMBERS = itertools.count(1)
OWNER = "203.0.113.1"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = new_server(tmp_path_factory.mktemp("guessing"), REGISTRATION_LIMIT="off", **PROXY).start()
    yield server
    server.stop()


@pytest.fixture
def attacker():
    """An address that no other test guesses from: addresses are counted too."""
    return f"198.51.100.{next(NUMBERS)}"


def new_account(server) -> str:
    name = unique_name()
    assert server.register(name).status_code == 200
    return name


def guess(server, address, name, number=0) -> httpx.Response:
    """A wrong password; the answer is one of the two that there are."""
    answer = log_in_from(server, address, name, f"wrong password {number}")
    assert (answer.status_code, answer.content) in ((401, WRONG), (429, HELD))
    if answer.status_code == 429:
        assert int(answer.headers["retry-after"]) >= 1 and answer.headers["retry-after"].isdecimal()
    return answer


def guess_until_held_off(server, address, name) -> int:
    """How many wrong passwords were looked at before. On a slow machine a hold may be over before it is seen; each
    further failure doubles it."""
    for number in range(FREE + 6):
        if guess(server, address, name, number).status_code == 429:
            return number
    raise AssertionError("guessing never came to an end")


def while_held_off(server, attacker, name, act):
    """What act() gives while a stranger is held off before it and after it."""
    for _ in range(8):
        before, result = guess(server, attacker, name), act()
        if before.status_code == guess(server, attacker, name).status_code == 429:
            return result
    raise AssertionError("the account was never held off for so long")


def when_let_in(server, address, name) -> httpx.Response:
    """The right password, tried until it is looked at."""
    deadline = time.monotonic() + WAIT_SECONDS
    while (answer := log_in_from(server, address, name)).status_code == 429:
        assert time.monotonic() < deadline, "another try never came"
        time.sleep(0.05)
    return answer


@pytest.mark.parametrize("address, known", [("192.0.2.20", True), ("2001:db8:1::1", False), (None, True)])
def test_ten_wrong_passwords_are_looked_at_then_the_name_is_held_off(server, address, known):
    name = new_account(server) if known else unique_name("nobody")
    assert FREE <= guess_until_held_off(server, address, name) <= FREE + 4


def test_the_delay_grows_with_each_failure(server, attacker):
    name = unique_name("nobody")
    guess_until_held_off(server, attacker, name)
    deadline, longest, failures = time.monotonic() + WAIT_SECONDS, 0, 0
    while longest < 3:
        assert time.monotonic() < deadline, "the delay never grew"
        answer = guess(server, attacker, name)
        longest = max(longest, int(answer.headers.get("retry-after", 0)))
        failures += answer.status_code == 401
        time.sleep(0.05)
    assert failures >= 1  # by failures it grows, by refused tries it does not


def test_spellings_of_a_name_are_one_name(server):
    name = new_account(server)
    spellings = [name.upper(), name.capitalize(), name]
    looked_at = sum(guess(server, None, spellings[i % 3], i).status_code == 401 for i in range(FREE + 5))
    assert FREE <= looked_at < FREE + 5


def test_after_the_delay_the_right_password_gets_in_and_clears_the_account(server, attacker):
    name = new_account(server)
    guess_until_held_off(server, attacker, name)
    assert when_let_in(server, OWNER, name).status_code == 200
    assert guess_until_held_off(server, attacker, name) >= FREE


def test_refused_tries_do_not_prolong_the_hold(server, attacker):
    name = new_account(server)
    guess_until_held_off(server, attacker, name)
    delays = []
    for _ in range(20):
        answer = guess(server, attacker, name)
        if answer.status_code == 401:
            break
        delays.append(int(answer.headers["retry-after"]))
    assert delays == sorted(delays, reverse=True)
    assert when_let_in(server, OWNER, name).status_code == 200


def test_while_held_off_even_the_right_password_of_a_stranger_is_not_looked_at(server, attacker):
    name = new_account(server)
    guess_until_held_off(server, attacker, name)
    answer = while_held_off(server, attacker, name, lambda: log_in_from(server, "192.0.2.99", name))
    assert (answer.status_code, answer.content) == (429, HELD)


def test_the_owner_gets_in_from_where_they_logged_in_before_whatever_others_do(server, attacker):
    name = new_account(server)
    assert log_in_from(server, OWNER, name).status_code == 200
    guess_until_held_off(server, attacker, name)
    for _ in range(3):
        assert while_held_off(server, attacker, name, lambda: log_in_from(server, OWNER, name)).status_code == 200
    # That is no way for the attacker to have the failures forgotten.
    assert while_held_off(server, attacker, name, lambda: guess(server, "192.0.2.7", name)).status_code == 429


def test_the_owners_client_learns_nothing_of_a_wrong_password_while_the_account_is_held_off(server, attacker):
    name = new_account(server)
    assert log_in_from(server, OWNER, name).status_code == 200
    guess_until_held_off(server, attacker, name)
    assert while_held_off(server, attacker, name, lambda: guess(server, OWNER, name)).status_code == 429
    assert while_held_off(server, attacker, name, lambda: log_in_from(server, OWNER, name)).status_code == 200


def test_to_have_an_account_of_ones_own_is_no_key_to_anothers(server, attacker):
    mine, victim = new_account(server), new_account(server)
    assert log_in_from(server, attacker, mine).status_code == 200
    assert guess_until_held_off(server, attacker, victim) <= FREE + 4
    assert while_held_off(server, attacker, victim, lambda: log_in_from(server, attacker, victim)).status_code == 429


@pytest.mark.parametrize("forwarded", [f"{OWNER}, 192.0.2.8", f"{OWNER}, , 192.0.2.8", "192.0.2.8"])
def test_what_a_client_forwards_of_itself_does_not_make_it_the_owner(server, forwarded, attacker):
    name = new_account(server)
    assert log_in_from(server, OWNER, name).status_code == 200
    guess_until_held_off(server, attacker, name)
    assert while_held_off(server, attacker, name, lambda: log_in_from(server, forwarded, name)).status_code == 429


def test_parallel_guesses_are_no_more_than_ten(server, attacker):
    name = new_account(server)
    assert guess(server, attacker, name).status_code == 401
    ready = threading.Barrier(32)

    def attack(number):
        with httpx.Client(base_url=server.http.base_url, timeout=60, trust_env=False) as client:
            client.get("/")
            ready.wait(30)
            body = {"username": name, "password": f"wrong {number}"}
            return client.post("/user/login", json=body, headers=from_address(f"203.0.113.{number + 100}"))

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(attack, range(32)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(401, WRONG), (429, HELD)}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers if answer.status_code == 429)
    assert 1 + sum(answer.status_code == 401 for answer in answers) <= FREE


def test_the_count_holds_over_a_restart(make_userd, attacker):
    server = make_userd(**PROXY).start()
    name = new_account(server)
    for number in range(FREE - 1):
        assert guess(server, attacker, name, number).status_code == 401
    server.stop()
    server.start()
    assert guess_until_held_off(server, attacker, name) <= 5


def test_off_means_off(make_userd, attacker):
    server = make_userd(LOGIN_LIMITS="off", **PROXY).start()
    name = new_account(server)
    assert all(guess(server, attacker, name, number).status_code == 401 for number in range(3 * FREE))
    assert log_in_from(server, attacker, name, PASSWORD).status_code == 200
