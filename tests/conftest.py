"""Fixtures of the black-box tests: the real binary, and a real Kafka."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from kafka.broker import KafkaBroker  # noqa: E402
from support.site import make_site  # noqa: E402
from support.userd import Userd  # noqa: E402


@pytest.fixture
def userd(tmp_path):
    """A server of its own for one test."""
    server = Userd(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A server for the tests that leave others alone."""
    server = Userd(tmp_path_factory.mktemp("userd"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def unlimited(tmp_path_factory):
    """A server for the tests that ask and fail often; its log has everything."""
    server = Userd(tmp_path_factory.mktemp("unlimited"), LOGIN_LIMITS="off", REGISTRATION_LIMIT="off",
                   LOG_LEVEL="trace", LOG_FORMAT="json")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def peer():
    """FastAPI with the contract's three bodies."""
    from starlette.testclient import TestClient

    from support.fastapi_peer import app

    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def make_userd(tmp_path):
    """Makes servers with settings of the test's own; all are stopped at its end."""
    made = []

    def make(name="userd", **settings):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        server = Userd(folder, **settings)
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()


@pytest.fixture
def site(make_userd, tmp_path):
    """A server with TLS for one test."""
    return make_site(make_userd, tmp_path)


@pytest.fixture(scope="session")
def broker():
    kafka = KafkaBroker()
    kafka.start()
    yield kafka
    kafka.close()
