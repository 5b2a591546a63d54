"""The database is away: at the start, under load, frozen. Nobody hangs, nobody is told a lie, and it heals by itself."""
import json
import time

import httpx
import psycopg
import pytest

from support.load import Load
from support.postgres_userd import PostgresUserd
from support.service import wait_until
from support.userd import PASSWORD, unique_name

BUSY = b'{"detail":"Service busy, try again"}'
CHEAP = {"LOGIN_LIMITS": "off", "REGISTRATION_LIMIT": "off"}
CLIENTS = 24
WAIT_SECONDS = 60


def assert_busy(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.content) == (503, BUSY), answer.text
    assert int(answer.headers["retry-after"]) >= 1


def assert_away(server: PostgresUserd, name: str, tokens: dict) -> None:
    """Each operation is refused, reads too, and what needs no database is served."""
    for answer in (server.register(unique_name()), server.login(name), server.refresh(tokens["refresh_token"]),
                   server.me(tokens["access_token"])):
        assert_busy(answer)
    assert server.http.get("/user/").status_code == 200
    assert server.me("nonsense").status_code == 401


def database_check(server: PostgresUserd) -> dict:
    ready = server.management.get("/health/ready")
    return {} if ready.status_code == 200 else ready.json()["checks"]["database"]


def assert_whole_or_absent(server: PostgresUserd, load: Load) -> None:
    """Whoever was told of a success is there; whoever was not is there with the event, or not at all."""
    users = dict(server.sql("SELECT username, id FROM users"))
    events = {user for (user,) in server.sql("SELECT user_id FROM events WHERE type = 'user_registered'")}
    assert load.registered <= set(users)
    assert {name for name in users if name.startswith("load")} <= load.registered | load.unknown
    assert set(users.values()) == events
    generations = {str(session): generation for session, generation in server.sql("SELECT id, generation FROM sessions")}
    behind = {session for session, told in load.generations.items() if generations.get(session, 0) < told}
    assert behind == set()


def test_a_database_that_is_down_at_the_start_is_waited_for(make_postgres_userd, own_postgres):
    server = make_postgres_userd(own_postgres)
    own_postgres.stop()
    server.launch()
    wait_until(lambda: is_live(server), WAIT_SECONDS, "the management address")
    for client in (server.http, server.management):
        assert client.get("/health/live").status_code == 200
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json()["checks"]["database"]["status"]) == (503, "unavailable")
    # The operator learns why, from the page that is not for the public and from the log.
    wait_until(lambda: "refused" in json.dumps(database_check(server)), WAIT_SECONDS, "the reason")
    assert "refused" in server.log_with("refused")
    assert_busy(server.register(unique_name()))
    assert_busy(server.login("somebody"))
    own_postgres.start()
    server.wait_ready()
    _, tokens = server.new_user()
    assert server.me(tokens["access_token"]).status_code == 200


def is_live(server: PostgresUserd) -> bool:
    assert server.process.poll() is None, server.log()
    try:
        return server.management.get("/health/live").status_code == 200
    except httpx.TransportError:
        return False


def test_a_server_that_waits_for_its_database_stops_when_asked_to(make_postgres_userd, own_postgres):
    server = make_postgres_userd(own_postgres)
    own_postgres.stop()
    server.launch()
    wait_until(lambda: is_live(server), WAIT_SECONDS, "the management address")
    assert server.stop() == 0


def test_a_database_that_refuses_the_login_is_named_without_its_password(make_postgres_userd, own_postgres):
    own_postgres.query("CREATE ROLE stranger NOLOGIN")
    server = make_postgres_userd(own_postgres)
    password = "hunter2hunter2"
    server.environment["DATABASE_URL"] = own_postgres.url(server.database_name, user=f"stranger:{password}")
    server.launch()
    wait_until(lambda: is_live(server), WAIT_SECONDS, "the management address")
    wait_until(lambda: "stranger" in json.dumps(database_check(server)), WAIT_SECONDS, "the reason")
    assert password not in server.log_with("stranger")
    assert password not in json.dumps(database_check(server))


@pytest.mark.parametrize("part, how", [
    ("postgres", "kill"), ("postgres", "pause"), ("pgbouncer", "kill"), ("pgbouncer", "pause")])
def test_a_part_that_goes_under_load_costs_answers_and_nothing_else(request, make_postgres_userd, own_postgres, part, how):
    pooler = request.getfixturevalue("own_pgbouncer") if part == "pgbouncer" else None
    server = make_postgres_userd(own_postgres, pooler, **CHEAP).start()
    name, tokens = server.new_user()
    victim = pooler or own_postgres
    with Load(server.port, CLIENTS) as load:
        wait_until(lambda: load.successes("refresh") > 3 * CLIENTS, WAIT_SECONDS, "the load")
        getattr(victim, how)()
        wait_until(lambda: any(told.status == 503 for told in load.told), WAIT_SECONDS, "the first refusal")
        wait_until(lambda: database_check(server).get("status") == "unavailable", WAIT_SECONDS, "the health page")
        assert_away(server, name, tokens)
        gone = time.monotonic()
        load_goes_on(load, gone)
        victim.resume() if how == "pause" else victim.start()
        server.wait_ready()
        back = time.monotonic()
        wait_until(lambda: sum(told.status == 200 and told.began > back for told in load.told) > 3 * CLIENTS,
                   WAIT_SECONDS, "the load after it")
    assert load.wrong == []
    assert {told.status for told in load.told} <= {200, 409, 503}
    # The refused refresh was no use of the token, or its answer is given again.
    refreshed = server.refresh(tokens["refresh_token"])
    assert refreshed.status_code == 200
    assert server.me(refreshed.json()["access_token"]).json()["username"] == name
    assert_whole_or_absent(server, load)


def load_goes_on(load: Load, since: float) -> None:
    """While the database is away every client is answered, again and again."""
    def answered() -> int:
        return sum(told.status == 503 and told.began > since for told in list(load.told))

    wait_until(lambda: answered() > 2 * CLIENTS, WAIT_SECONDS, "refusals at once")


def test_an_operation_that_waits_for_a_lock_is_given_up_and_then_absent(make_postgres_userd, postgres):
    """A database that serves, but not this one statement: the deadline of the operation."""
    server = make_postgres_userd(postgres, **CHEAP).start()
    late = unique_name()
    with psycopg.connect(postgres.url(server.database_name)) as other:
        other.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        assert_busy(server.register(late))
        other.rollback()
    server.wait_ready()
    wait_until(lambda: postgres.query(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'",
        (server.database_name,)) == [(0,)], WAIT_SECONDS, "no statement that is left over")
    assert server.register(late, PASSWORD).status_code in (200, 409)
    assert server.login(late).status_code == 200
