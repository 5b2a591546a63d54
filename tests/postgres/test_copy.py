"""`userd migrate --from sqlite --to postgresql`: a service moves from one file to replicas, and nobody notices."""
import httpx
import pytest

from support.service import wait_until
from support.userd import Userd

WAIT_SECONDS = 30


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    server = Userd(folder).start()
    yield server
    server.close()


def url_of(server: Userd) -> str:
    return "sqlite:///" + str(server.folder / "userd.db")


def master_key_of(server: Userd) -> str:
    return (server.folder / "userd.db.master-key").read_text().strip()


def test_users_sessions_keys_and_waiting_events_go_on_where_they_were(source, make_postgres_userd, postgres):
    users = [source.new_user() for _ in range(20)]
    kids = source.http.get("/.well-known/jwks.json").json()
    waiting = source.run("events", "list", "--json").stdout
    source.stop()
    target = make_postgres_userd(postgres, MASTER_KEY=master_key_of(source))

    copied = source.run("migrate", "--from", url_of(source), "--to", target.environment["DATABASE_URL"])
    assert copied.returncode == 0, copied.stderr
    assert "users: 20 rows, SHA-256 " in copied.stdout
    assert master_key_of(source) not in copied.stdout + copied.stderr

    target.start()
    assert target.http.get("/.well-known/jwks.json").json() == kids
    assert target.run("events", "list", "--json").stdout == waiting
    for name, tokens in users:
        assert target.me(tokens["access_token"]).json()["username"] == name
        assert target.refresh(tokens["refresh_token"]).status_code == 200
        assert target.login(name).status_code == 200
        assert target.register(name).status_code == 409
    target.new_user()


def test_a_source_that_is_served_from_is_refused_in_one_line(source, make_postgres_userd, postgres):
    target = make_postgres_userd(postgres)
    refused = source.run("migrate", "--from", url_of(source), "--to", target.environment["DATABASE_URL"])
    assert refused.returncode == 1
    assert refused.stderr.startswith("userd: ") and refused.stderr.count("\n") == 1
    assert "owned by another userd" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--from", "postgresql://a@b/c", "--to", "postgresql://a@b/c"), "--from"),
        (("--from", "sqlite:///a.db", "--to", "sqlite:///b.db"), "--to"),
        (("--from", "sqlite:///a.db", "--to", "mysql://x:hidden-word@y/z"), "--to"),
        (("--from", "sqlite:///a.db"), "--to"),
        (("--to", "postgresql://a@b/c"), "--from"),
        (("--from", "sqlite:///none.db", "--to", "postgresql://a@127.0.0.1:1/c"), "none.db"),
    ],
)
def test_what_cannot_be_copied_is_said_in_one_line(tmp_path, arguments, word):
    refused = Userd(tmp_path).run("migrate", *arguments)
    assert refused.returncode in (1, 2)
    line, *usage = refused.stderr.splitlines()
    assert line.startswith("userd: ") and word in line
    assert usage in ([], ["Usage: userd migrate [OPTIONS]"])
    assert "hidden-word" not in refused.stderr
    assert not (tmp_path / "none.db").exists()


def test_a_server_waits_while_a_copy_is_not_finished_and_serves_when_it_is(source, make_postgres_userd, postgres):
    source.new_user()
    source.stop()
    target = make_postgres_userd(postgres, MASTER_KEY=master_key_of(source))
    assert target.run("migrate").returncode == 0
    target.sql("CREATE TABLE database_copy (one integer PRIMARY KEY CHECK (one = 1), source text NOT NULL, "
               "began_at timestamptz NOT NULL DEFAULT now(), finished_at timestamptz)")
    target.sql(f"INSERT INTO database_copy VALUES (1, '{source.folder / 'userd.db'}')")
    target.launch()
    reason = "is not finished"

    def says_so() -> bool:
        try:
            page = target.management.get("/health/ready")
        except httpx.TransportError:  # it does not listen yet
            return False
        return page.status_code == 503 and reason in page.json()["checks"]["database"].get("reason", "")

    wait_until(says_so, WAIT_SECONDS, "the server to say that the copy is not finished")
    copied = source.run("migrate", "--from", url_of(source), "--to", target.environment["DATABASE_URL"])
    assert copied.returncode == 0, copied.stderr
    target.wait_ready()
    target.new_user()
