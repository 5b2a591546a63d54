"""Fixtures of the black-box tests: the real binary, and a real Kafka."""
import pathlib
import subprocess
import sys
import uuid

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from kafka.broker import KafkaBroker  # noqa: E402
from support import backends  # noqa: E402
from support.backends import new_server  # noqa: E402
from support.site import make_site  # noqa: E402
from support.userd import ROOT  # noqa: E402


def pytest_collection_modifyitems(config, items):
    """Leaves out what is not about the backend under test; nothing is counted that did not run."""
    tests = pathlib.Path(__file__).parent
    left_out = [item for item in items if not backends.selects(
        item.path.relative_to(tests).as_posix(), {mark.name for mark in item.iter_markers()})]
    config.hook.pytest_deselected(items=left_out)
    kept = set(items) - set(left_out)
    items[:] = [item for item in items if item in kept]


def pytest_sessionfinish():
    backends.close()


@pytest.fixture
def userd(tmp_path):
    """A server of its own for one test."""
    server = new_server(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A server for the tests that leave others alone."""
    server = new_server(tmp_path_factory.mktemp("userd"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def unlimited(tmp_path_factory):
    """A server for the tests that ask and fail often; its log has everything."""
    server = new_server(tmp_path_factory.mktemp("unlimited"), LOGIN_LIMITS="off", REGISTRATION_LIMIT="off",
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
        server = new_server(folder, **settings)
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


@pytest.fixture(scope="session")
def user_message(tmp_path_factory):
    """The Protobuf class of the contract's User."""
    folder = tmp_path_factory.mktemp("proto")
    subprocess.run(["protoc", f"--python_out={folder}", "-I", ROOT / "proto", ROOT / "proto/userd/v1/user.proto"], check=True)
    sys.path.insert(0, str(folder))
    from userd.v1 import user_pb2
    return user_pb2.User


@pytest.fixture
def topic():
    return f"user-events-{uuid.uuid4().hex[:8]}"
