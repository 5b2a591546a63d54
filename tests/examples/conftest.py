"""One server and one running program of each language for the tests of the examples."""
from concurrent.futures import ThreadPoolExecutor

import pytest
from forgeries import new_key, pem_of
from verifiers import LANGUAGES, Verifier, build, run_userd

from support.userd import Userd

# Longer than the 5 s for which the programs do not ask again.
PUBLISH_SECONDS = 6


@pytest.fixture(scope="package")
def server(tmp_path_factory):
    userd = Userd(tmp_path_factory.mktemp("verified"), KEY_PUBLISH_SECONDS=str(PUBLISH_SECONDS), LOGIN_LIMITS="off",
                  REGISTRATION_LIMIT="off")
    userd.start()
    yield userd
    userd.stop()


@pytest.fixture(scope="package")
def imported(server):
    """A key of the ring whose private part is known here."""
    key = new_key()
    file = server.folder / "key.pem"
    file.touch(mode=0o600)
    file.write_bytes(pem_of(key))
    (made,) = run_userd(server, "keys", "import", str(file))
    return key, made["kid"]


@pytest.fixture(scope="package")
def verifiers(server, imported, tmp_path_factory):
    """All are started at once, after the import, and asked until the last test."""
    logs = tmp_path_factory.mktemp("logs")
    url = f"{server.http.base_url}/.well-known/jwks.json"
    with ThreadPoolExecutor() as pool:
        list(pool.map(build, LANGUAGES))
    running = {name: Verifier(name, url, "userd", "userd", logs / name) for name in LANGUAGES}
    yield running
    assert [verifier.stop() for verifier in running.values()] == [0] * len(running)


@pytest.fixture(params=LANGUAGES)
def verifier(request, verifiers):
    return verifiers[request.param]
