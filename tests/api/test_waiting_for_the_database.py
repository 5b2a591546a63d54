"""PostgreSQL is away when userd starts: nobody listens at its address, or nobody answers there."""
import contextlib
import secrets
import socket
import threading

import httpx
import pytest

from support.ports import free_port
from support.service import wait_until
from support.userd import PASSWORD, START_SECONDS, Userd

BUSY = {"detail": "Service busy, try again"}
CALLS = [
    ("POST", "/user/register"), ("POST", "/user/login"), ("POST", "/user/login/refresh"), ("GET", "/user/me"),
    ("GET", "/user/sessions"), ("DELETE", "/user/sessions/x"), ("POST", "/user/logout"), ("POST", "/user/logout/all"),
    ("POST", "/token/introspect"), ("POST", "/token/revoke"), ("GET", "/.well-known/jwks.json"),
]


def reason_of(server) -> str:
    """Once both addresses answer."""
    def ask():
        assert server.process.poll() is None, server.log()
        with contextlib.suppress(httpx.TransportError):
            server.http.get("/health/live")
            return server.management.get("/health/ready").json()["checks"]["database"]["reason"]

    return wait_until(ask, START_SECONDS, "an answer")


@pytest.fixture(scope="module")
def waiting(tmp_path_factory):
    """A server that waits for a database where nobody listens."""
    server = Userd(tmp_path_factory.mktemp("waiting"), MASTER_KEY=secrets.token_urlsafe(48),
                   DATABASE_URL=f"postgresql://ada:private@127.0.0.1:{free_port()}/users")
    server.launch()
    reason_of(server)
    yield server
    assert server.stop() == 0


@pytest.fixture
def launch(make_userd):
    def launch(port: int):
        server = make_userd(DATABASE_URL=f"postgresql://ada:private@127.0.0.1:{port}/users",
                            MASTER_KEY=secrets.token_urlsafe(48))
        server.launch()
        reason_of(server)
        return server

    return launch


@pytest.fixture
def silent():
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def hanging_up():
    """A port that takes connections and ends them, and whoever called."""
    callers = []

    def serve(listener):
        with contextlib.suppress(OSError):
            while True:
                connection, address = listener.accept()
                callers.append(address)
                connection.close()

    with socket.create_server(("127.0.0.1", free_port())) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield listener.getsockname()[1], callers
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def nobody():
    return free_port()


@pytest.mark.parametrize("method, path", CALLS)
def test_no_call_is_served_or_hangs(waiting, method, path):
    answer = waiting.http.request(method, path, json={"username": "ada", "password": PASSWORD})
    assert (answer.status_code, answer.json()) == (503, BUSY)
    assert int(answer.headers["Retry-After"]) >= 1
    assert waiting.http.request("PATCH", path).status_code == 405


def test_what_needs_no_database_is_served(waiting):
    for path in ("/", "/user/", "/docs", "/openapi.json", "/health/live"):
        assert waiting.http.get(path).status_code == 200
    for path in ("/metrics", "/health/live"):
        assert waiting.management.get(path).status_code == 200
    assert "userd_store_available 0" in waiting.management.get("/metrics").text


def test_only_operators_are_told_why(waiting):
    ready = waiting.http.get("/health/ready")
    assert (ready.status_code, ready.json()) == (
        503, {"status": "not ready", "checks": {"database": {"status": "unavailable"}}})
    waiting.log_with("refused")
    assert "refused" in reason_of(waiting)
    assert waiting.management.get("/health/ready").status_code == 503


def test_each_reason_is_logged_once_and_without_the_password(launch, hanging_up):
    port, callers = hanging_up
    server = launch(port)
    wait_until(lambda: len(callers) >= 4, START_SECONDS, "attempts")
    assert "closed" in reason_of(server)
    assert len([line for line in server.log().splitlines() if "closed" in line]) == 1
    assert "private" not in server.log()


@pytest.mark.parametrize("port", ["nobody", "silent"])
def test_sigterm_ends_the_wait(request, launch, port):
    server = launch(request.getfixturevalue(port))
    assert server.stop() == 0


def test_commands_end_with_one_line(waiting):
    for arguments in (("users", "list"), ("keys", "list"), ("events", "status"), ("migrate",)):
        answer = waiting.run(*arguments)
        assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (1, "", 1), answer
        assert "refused" in answer.stderr
        assert "private" not in answer.stderr
