"""503 where something is full or away, and service again as soon as it is not."""
import concurrent.futures
import contextlib
import re
import resource
import sqlite3

import pytest

from support.userd import PASSWORD, unique_name

BUSY = b'{"detail":"Service busy, try again"}'
STORM = 24


def assert_busy(answer):
    assert (answer.status_code, answer.content) == (503, BUSY)
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]


def at_once(call, times=STORM):
    with concurrent.futures.ThreadPoolExecutor(times) as pool:
        return list(pool.map(call, range(times)))


@pytest.fixture
def narrow(make_userd):
    """One hash at a time, one that waits."""
    return make_userd(HASH_THREADS="1", HASH_QUEUE="1", LOGIN_LIMITS="off", REGISTRATION_LIMIT="off").start()


def test_logins_beyond_the_hash_queue_are_refused_and_the_next_is_served(narrow):
    name, _ = narrow.new_user()
    answers = at_once(lambda i: narrow.login(name if i % 2 else "nobody"))
    refused = [answer for answer in answers if answer.status_code == 503]
    assert refused
    for answer in refused:
        assert_busy(answer)
    assert {answer.status_code for answer in answers} <= {200, 401, 503}
    # Who waits is served: one computed, one queued at the least.
    assert len(answers) - len(refused) >= 2
    assert narrow.login(name).status_code == 200
    counted = re.search(r"^userd_hash_refused_total (\d+)$", narrow.management.get("/metrics").text, re.M)
    assert int(counted[1]) >= len(refused)


def test_registrations_beyond_the_hash_queue_leave_nothing_behind(narrow):
    names = [unique_name() for _ in range(STORM)]
    answers = at_once(lambda i: narrow.register(names[i]))
    refused = [name for name, answer in zip(names, answers) if answer.status_code == 503]
    assert refused
    listed = narrow.run("users", "list").stdout
    assert [name for name in names if (name in listed) == (name in refused)] == []
    assert narrow.register(refused[0]).status_code == 200


def test_a_full_hash_queue_does_not_hold_up_profiles_refreshes_or_bad_input(narrow):
    _, tokens = narrow.new_user()
    with concurrent.futures.ThreadPoolExecutor(STORM) as pool:
        storm = [pool.submit(narrow.login, "nobody") for _ in range(STORM)]
        during = [narrow.me(tokens["access_token"]), narrow.refresh(tokens["refresh_token"]),
                  narrow.login("nobody", "x" * 1025)]
        assert [answer.status_code for answer in during] == [200, 200, 422]
        assert 503 in {login.result().status_code for login in storm}


@contextlib.contextmanager
def locked(server):
    """Another program holds the database's write lock."""
    with contextlib.closing(sqlite3.connect(server.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextlib.contextmanager
def without_room(server):
    """No file may grow, as on a full disk."""
    before = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, before)


@pytest.mark.sqlite
@pytest.mark.parametrize("fault", [locked, without_room])
def test_while_the_database_is_away_writes_are_refused_and_reads_go_on(make_userd, fault):
    server = make_userd(LOGIN_LIMITS="off", REGISTRATION_LIMIT="off").start()
    name, tokens = server.new_user()
    late = unique_name()
    with fault(server):
        for answer in (server.register(late), server.login(name), server.refresh(tokens["refresh_token"])):
            assert_busy(answer)
        assert server.me(tokens["access_token"]).json()["username"] == name
        assert server.login(name, "wrong password").status_code == 401
        told = server.management.get("/health/ready").json()["checks"]["database"].pop("reason")
        assert told != ""
        for client in (server.http, server.management):
            ready = client.get("/health/ready")
            reason = {"reason": told} if client is server.management else {}
            assert (ready.status_code, ready.json()) == (
                503, {"status": "not ready", "checks": {"database": {"status": "unavailable", **reason}}})
            assert client.get("/health/live").status_code == 200
    assert server.management.get("/health/ready").status_code == 200
    assert server.login(late, PASSWORD).status_code == 401
    assert server.register(late).status_code == 200
    # The refused refresh has not used up its token.
    assert server.refresh(tokens["refresh_token"]).status_code == 200
