"""Three replicas are one service: what one did, the others know."""
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import jwt
import pytest

from support.callers import PROXY, log_in_from, log_out
from support.load import Load
from support.postgres_userd import Replicas
from support.service import wait_until
from support.userd import PASSWORD, Userd, unique_name

FREE = 10  # wrong passwords that are looked at before a name is held off
ROUNDS = 3
CLIENTS = 8
FOLLOW_SECONDS = 30


@pytest.fixture(scope="module")
def service(postgres, tmp_path_factory):
    server = Replicas(tmp_path_factory.mktemp("replicas"), postgres, REGISTRATION_LIMIT="off", **PROXY)
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture
def replicas(service):
    return service.replicas


def at_once(replicas, requests: list[tuple]) -> list[httpx.Response]:
    """Each on a connection of its own, dealt out to the replicas in turn, all begun together."""
    ready = threading.Barrier(len(requests))

    def send(replica, request):
        with httpx.Client(base_url=replica.http.base_url, timeout=60, trust_env=False) as client:
            client.get("/user/")
            ready.wait(60)
            return client.request(request[0], request[1], json=request[2])

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, itertools.cycle(replicas), requests))


def test_the_requests_of_one_user_reach_every_replica(service):
    def served():
        return {name: int(row["stot"]) for name, row in service.balancer.show_stat().items()}

    before = served()
    _, tokens = service.new_user()
    for _ in range(10):
        tokens = service.refresh(tokens["refresh_token"]).json()
        assert service.me(tokens["access_token"]).status_code == 200
    assert [name for name, count in served().items() if count <= before[name] + 2] == []


def test_replicas_that_start_at_once_on_an_empty_database_make_one_key(service, replicas):
    rings = [replica.http.get("/.well-known/jwks.json").json() for replica in replicas]
    assert len(rings[0]["keys"]) == 1
    assert rings == [rings[0]] * len(replicas)


@pytest.mark.parametrize("attempt", range(ROUNDS))
def test_one_of_many_registrations_of_a_name_wins(service, replicas, attempt):
    name = unique_name()
    spellings = [name, name.upper(), name.capitalize()]
    requests = [("POST", "/user/register", {"username": spellings[number % 2], "password": PASSWORD,
                                            "email": f"{name}{number}@example.com"}) for number in range(12)]
    # The same e-mail under other names, too.
    requests += [("POST", "/user/register", {"username": f"{name}x{number}", "password": PASSWORD,
                                             "email": f"{name}@Example.com"}) for number in range(12)]
    statuses = [answer.status_code for answer in at_once(replicas, requests)]
    assert sorted(statuses[:12]) == [200] + [409] * 11
    assert sorted(statuses[12:]) == [200] + [409] * 11
    assert service.sql(f"SELECT count(*) FROM events WHERE username ILIKE '{name}%'") == [(2,)]


@pytest.mark.parametrize("attempt", range(ROUNDS))
def test_refreshes_of_one_token_at_once_on_all_give_one_successor(service, replicas, attempt):
    _, first = service.new_user()
    answers = at_once(replicas, [("POST", "/user/login/refresh", {"old_refresh_token": first["refresh_token"]})] * 24)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    for answer, replica in zip(answers, itertools.cycle(reversed(replicas))):
        assert replica.me(answer.json()["access_token"]).status_code == 200


def test_an_old_token_at_another_replica_ends_the_session_on_all(service, replicas):
    _, first = service.new_user()
    second = replicas[0].refresh(first["refresh_token"]).json()
    third = replicas[1].refresh(second["refresh_token"]).json()
    assert replicas[2].refresh(first["refresh_token"]).status_code == 401
    for replica in replicas:
        assert replica.me(third["access_token"]).status_code == 401
        assert replica.refresh(third["refresh_token"]).status_code == 401


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_logout_at_one_is_a_logout_at_all_at_once(service, replicas, everywhere):
    name, tokens = service.new_user()
    other = replicas[1].login(name).json()
    assert [replica.me(tokens["access_token"]).status_code for replica in replicas] == [200] * 3
    assert log_out(replicas[0], tokens["access_token"], everywhere).status_code == 204
    assert [replica.me(tokens["access_token"]).status_code for replica in replicas] == [401] * 3
    assert {replica.refresh(tokens["refresh_token"]).status_code for replica in replicas} == {401}
    assert {replica.me(other["access_token"]).status_code for replica in replicas} == {401 if everywhere else 200}


def test_guesses_are_counted_over_all_replicas(service, replicas):
    name = unique_name()
    assert service.register(name).status_code == 200
    looked_at = 0
    for replica, number in zip(itertools.cycle(replicas), range(3 * FREE)):
        looked_at += log_in_from(replica, f"198.51.100.{number}", name, "wrong password").status_code == 401
    assert FREE <= looked_at < 2 * FREE
    held = [log_in_from(replica, "198.51.100.200", name, "wrong password").status_code for replica in replicas]
    assert 429 in held


def test_a_burst_of_guesses_at_all_replicas_gets_no_more_than_one_would(service, replicas):
    name = unique_name()
    assert service.register(name).status_code == 200
    assert service.login(name, "wrong password").status_code == 401
    burst = [("POST", "/user/login", {"username": name, "password": f"wrong {number}"}) for number in range(48)]
    statuses = [answer.status_code for answer in at_once(replicas, burst)]
    assert set(statuses) == {401, 429}
    assert 1 + statuses.count(401) <= FREE
    assert [replica.login(name).status_code for replica in replicas] == [429] * len(replicas)


def kid_of(tokens: dict) -> str:
    return jwt.get_unverified_header(tokens["access_token"])["kid"]


def test_a_new_key_signs_at_every_replica_and_no_token_dies_of_it(service, replicas):
    _, before = service.new_user()
    name, _ = service.new_user()  # another user's logins: a user's oldest session ends when there are too many
    rotated = Userd.run(service.first, "keys", "rotate", "--now")  # without waiting for the replicas to follow
    assert rotated.returncode == 0, rotated.stderr
    seen = set()

    def all_follow():
        """Meanwhile whatever any of them signs is good at all of them."""
        kids = []
        for replica in replicas:
            tokens = replica.login(name).json()
            kids.append(kid_of(tokens))
            assert [each.me(tokens["access_token"]).status_code for each in replicas] == [200] * 3
            assert [each.me(before["access_token"]).status_code for each in replicas] == [200] * 3
        seen.update(kids)
        return len(set(kids)) == 1 and kids[0] != kid_of(before)

    wait_until(all_follow, FOLLOW_SECONDS, "the new key on every replica")
    published = [{key["kid"] for key in replica.http.get("/.well-known/jwks.json").json()["keys"]}
                 for replica in replicas]
    assert all(seen <= kids for kids in published)


def test_a_disabled_user_is_out_at_every_replica(service, replicas):
    name, tokens = service.new_user()
    assert service.run("users", "disable", name).returncode == 0
    for replica in replicas:
        assert replica.me(tokens["access_token"]).status_code == 401
        assert replica.refresh(tokens["refresh_token"]).status_code == 401
        assert replica.login(name).status_code == 401


def test_replicas_that_are_drained_and_restarted_one_after_the_other_cost_no_request(service, replicas):
    """An upgrade by packaging/ha/README.md."""
    with Load(service.port, CLIENTS) as load:
        for number, replica in enumerate(replicas, 1):
            service.balancer.drain(f"replica{number}")
            assert replica.stop() == 0
            replica.start()
            service.balancer.undrain(f"replica{number}")
            since = load.successes()
            wait_until(lambda: load.successes() > since + 8 * CLIENTS, FOLLOW_SECONDS, "the load after it")
    assert load.wrong == []
    assert {told.status for told in load.told} == {200}
