"""Fixtures of the black-box tests. USERD_BINARY names another binary than build/release/userd."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from support.accounts import Account, register
from support.userd import BINARY, Userd


def pytest_sessionstart() -> None:
    if not BINARY.exists():
        pytest.exit(f"there is no {BINARY}; run make build, or set USERD_BINARY", returncode=2)


@pytest.fixture
def make_userd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Userd]]:
    """Makes servers, not yet started, each in a folder of its own; kills what still runs at the end."""
    made: list[Userd] = []

    def make(**settings: str) -> Userd:
        made.append(Userd(tmp_path_factory.mktemp("userd"), **settings))
        return made[-1]

    yield make
    for userd in made:
        userd.kill()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Userd]:
    """One server for all tests that leave it as they found it; stops cleanly at the end."""
    userd = Userd(tmp_path_factory.mktemp("userd")).start()
    yield userd
    assert userd.stop() == 0


@pytest.fixture(scope="session")
def client(server: Userd) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@pytest.fixture
def account(client: httpx.Client) -> Account:
    """A user of `server`, registered for one test."""
    return register(client)
