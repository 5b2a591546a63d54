"""What `serve`, `migrate` and the commands do with PostgreSQL."""
import json
import secrets

import psycopg

from support.postgres_userd import MASTER_KEY
from support.service import wait_until
from support.userd import PASSWORD, Userd

WAIT_SECONDS = 30


def reason(server) -> str:
    return server.management.get("/health/ready").json()["checks"]["database"].get("reason", "")


def test_migrate_makes_the_schema_and_then_has_nothing_to_do(make_postgres_userd, postgres):
    server = make_postgres_userd(postgres)
    server.environment["DATABASE_URL"] = postgres.url(server.database_name, user="userd:private")
    first, second = server.run("migrate"), server.run("migrate")
    assert f"/{server.database_name}: schema version 0 -> " in first.stdout
    assert first.stdout.startswith("postgresql://userd:***@127.0.0.1:")
    assert second.stdout.endswith("nothing to do\n")
    assert (first.returncode, second.returncode) == (0, 0)


def test_every_spelling_of_the_url_serves(make_postgres_userd, postgres):
    url = postgres.url(make_postgres_userd(postgres, name="first").database_name)
    for scheme in ("postgres", "postgresql+psycopg", "postgresql+asyncpg"):
        server = make_postgres_userd(postgres, name=scheme, DATABASE_URL=url.replace("postgresql", scheme, 1))
        server.start()
        server.new_user()


def test_commands_work_on_the_database_whether_a_replica_runs_or_not(make_postgres_userd, postgres):
    server = make_postgres_userd(postgres)
    assert server.run("migrate").returncode == 0
    assert server.run("users", "add", "ada", "ada@example.com", stdin=PASSWORD + "\n").returncode == 0
    server.start()
    assert server.login("ada").status_code == 200
    assert server.run("users", "disable", "ada").returncode == 0
    assert server.login("ada").status_code == 401
    status = json.loads(server.run("events", "status", "--json").stdout)
    assert status["waiting"] == 2
    assert server.run("services", "add", "shop").returncode == 0
    assert "shop" in server.run("services", "list").stdout


def test_a_replica_follows_a_command_that_changes_the_keys(make_postgres_userd, postgres):
    server = make_postgres_userd(postgres).start()
    kids = {key["kid"] for key in server.http.get("/.well-known/jwks.json").json()["keys"]}
    made = json.loads(server.run("keys", "rotate", "--now", "--json").stdout)["kid"]
    assert made not in kids
    wait_until(lambda: made in server.http.get("/.well-known/jwks.json").text, WAIT_SECONDS, "the new key")
    _, tokens = server.new_user()
    assert server.me(tokens["access_token"]).status_code == 200


def test_commands_leave_the_schema_alone(make_postgres_userd, postgres):
    server = make_postgres_userd(postgres)
    answer = Userd.run(server, "users", "list")
    assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (1, "", 1)
    assert "userd migrate" in answer.stderr
    assert server.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_another_master_key_ends_the_start_with_one_line(make_postgres_userd, postgres):
    first = make_postgres_userd(postgres, name="first").start()
    first.stop()
    other = first.run("serve", MASTER_KEY=secrets.token_urlsafe(48))
    assert other.returncode == 1
    assert "sealed under another master key" in other.stderr.splitlines()[-1]
    assert MASTER_KEY not in other.stderr


def test_a_database_that_does_not_exist_is_waited_for_by_name(make_postgres_userd, postgres):
    server = make_postgres_userd(postgres)
    missing = f"{server.database_name}_later"
    server.environment["DATABASE_URL"] = postgres.url(missing)
    server.launch()
    server.log_with(missing)
    assert missing in reason(server)
    postgres.query(f'CREATE DATABASE "{missing}"')
    server.wait_ready()
    server.new_user()
    assert len([line for line in server.log().splitlines() if "does not exist" in line]) == 1


def test_a_wrong_password_is_told_apart_and_not_repeated(make_postgres_userd, own_postgres):
    server = make_postgres_userd(own_postgres)
    own_postgres.query("CREATE ROLE ada LOGIN PASSWORD 'right'")
    own_postgres.stop()
    rules = own_postgres.data / "pg_hba.conf"
    rules.write_text("host all ada 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
    own_postgres.start()
    server.environment["DATABASE_URL"] = own_postgres.url(server.database_name, user="ada:private")
    server.launch()
    assert "private" not in server.log_with("password authentication failed")
    assert "password authentication failed" in reason(server)
    assert "private" not in reason(server)


def waits_for_a_lock(postgres, server) -> bool:
    return postgres.query("SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'",
                          (server.database_name,)) != []


def test_a_schema_that_another_holds_is_waited_for_and_sigterm_is_heard(make_postgres_userd, postgres):
    server = make_postgres_userd(postgres)
    assert server.run("migrate").returncode == 0
    with psycopg.connect(postgres.url(server.database_name)) as other:
        other.execute("LOCK TABLE schema_version IN ACCESS EXCLUSIVE MODE")
        server.launch()
        wait_until(lambda: waits_for_a_lock(postgres, server), WAIT_SECONDS, "a server that waits for the lock")
        assert server.stop() == 0
        wait_until(lambda: not waits_for_a_lock(postgres, server), WAIT_SECONDS, "nobody left behind who waits")
        server.launch()
        wait_until(lambda: waits_for_a_lock(postgres, server), WAIT_SECONDS, "a server that waits for the lock")
        assert server.http.get("/health/live").status_code == 200
        other.rollback()
    server.wait_ready()


def test_a_frozen_database_does_not_keep_a_server_that_waits_for_it(make_postgres_userd, own_postgres):
    server = make_postgres_userd(own_postgres)
    own_postgres.pause()
    server.launch()
    server.log_with("in time")
    assert "in time" in reason(server)
    assert server.stop() == 0
    own_postgres.resume()
    server.launch()
    server.wait_ready()
