"""The programs of docs/verifying-tokens.md against the real server."""
import importlib.metadata
import json
import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from forgeries import LEAVE_OUT, SUBJECT, claims_with, es256, forgeries, header_with, new_key, pem_of, token_of
from key_server import KeyServer
from verifiers import LANGUAGES, SOURCES, Verifier, build

from support.userd import ROOT, Userd, unique_name

PAGE = ROOT / "docs/verifying-tokens.md"
FENCES = {"python/verify.py": "python", "typescript/verify.ts": "ts", "go/main.go": "go", "java/Verify.java": "java"}
# Longer than the 5 s for which the programs do not ask again.
PUBLISH_SECONDS = 6
WAIT_SECONDS = 60


def kid_of(token: str) -> str:
    return jwt.get_unverified_header(token)["kid"]


def wait_for(condition):
    deadline = time.monotonic() + WAIT_SECONDS
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)
    return value


def run_userd(server: Userd, *arguments: str) -> list[dict]:
    answer = server.run(*arguments, "--json")
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    userd = Userd(tmp_path_factory.mktemp("verified"), KEY_PUBLISH_SECONDS=str(PUBLISH_SECONDS), LOGIN_LIMITS="off",
                  REGISTRATION_LIMIT="off")
    userd.start()
    yield userd
    userd.stop()


@pytest.fixture(scope="module")
def imported(server):
    """A key of the ring whose private part is known here."""
    key = new_key()
    file = server.folder / "key.pem"
    file.touch(mode=0o600)
    file.write_bytes(pem_of(key))
    (made,) = run_userd(server, "keys", "import", str(file))
    return key, made["kid"]


@pytest.fixture(scope="module")
def verifiers(server, imported, tmp_path_factory):
    """All are started at once, after the import, and asked until the module's end."""
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



def jwks_fetches(server) -> int:
    page = server.management.get("/metrics").text
    counts = re.findall(r'^userd_http_requests_total\{[^}]*jwks[^}]*\} (\d+)$', page, re.MULTILINE)
    return sum(int(count) for count in counts)


def test_a_good_token_is_taken_with_its_subject(server, verifier):
    _, tokens = server.new_user()
    subject = jwt.decode(tokens["access_token"], options={"verify_signature": False})["sub"]
    assert verifier.ask(tokens["access_token"]) == f"ok {subject}"


def test_a_token_by_a_key_of_the_ring_is_taken_and_one_fault_makes_it_refused(verifier, imported):
    key, kid = imported
    assert verifier.ask(token_of(header_with(kid), claims_with(), es256(key))) == f"ok {SUBJECT}"
    assert verifier.ask(token_of(header_with(kid), claims_with(aud=["shop", "userd"]), es256(key))) == f"ok {SUBJECT}"
    for name, token in forgeries(key, kid).items():
        assert verifier.ask(token) == "refused", name


def test_what_was_changed_or_is_no_access_token_is_refused(server, verifier):
    _, tokens = server.new_user()
    good = tokens["access_token"]
    header, payload, signature = good.split(".")
    _, other_payload, _ = server.new_user()[1]["access_token"].split(".")
    first = "A" if signature[0] != "A" else "B"
    for bad in (tokens["refresh_token"], f"{header}.{other_payload}.{signature}", f"{header}.{payload}.",
                f"{header}.{payload}", f"{header}.{payload}.{first}{signature[1:]}", good[:-4], f"{good}.x", "", "..",
                "no token", "\u2603"):
        assert verifier.ask(bad) == "refused", bad
    assert verifier.ask(good).startswith("ok ")


def test_after_a_rotation_running_programs_take_old_and_new_tokens(server, verifiers):
    wait_for(lambda: all(key["state"] != "next" for key in run_userd(server, "keys", "list")))
    name, tokens = server.new_user()
    old = tokens["access_token"]
    (taken,) = {verifier.ask(old) for verifier in verifiers.values()}
    assert taken.startswith("ok ")
    (made,) = run_userd(server, "keys", "rotate")
    assert made["kid"] != kid_of(old)

    def login_by_the_new_key() -> str | None:
        token = server.login(name).json()["access_token"]
        return token if kid_of(token) == made["kid"] else None

    new = wait_for(login_by_the_new_key)
    assert {language: [verifier.ask(token) for token in (new, old, new)] for language, verifier in verifiers.items()} \
        == {language: [taken] * 3 for language in verifiers}
    foreign = token_of(header_with("foreign"), claims_with(), es256(new_key()))
    assert {verifier.ask(foreign) for verifier in verifiers.values()} == {"refused"}


def test_tokens_of_unknown_keys_do_not_make_a_program_ask_for_the_keys_each_time(server, verifier):
    _, tokens = server.new_user()
    assert verifier.ask(tokens["access_token"]).startswith("ok ")
    before = jwks_fetches(server)
    assert before > 0
    foreign = new_key()
    for number in range(200):
        verifier.send(token_of(header_with(f"foreign{number}"), claims_with(), es256(foreign)))
    assert [verifier.answer() for _ in range(200)] == ["refused"] * 200
    assert jwks_fetches(server) - before < 20
    assert verifier.ask(tokens["access_token"]).startswith("ok ")


def test_a_session_that_ended_is_seen_by_introspection_only(server, verifier):
    name = unique_name("service")
    (service,) = run_userd(server, "services", "add", name)
    _, tokens = server.new_user()
    curl = curl_of_the_page().replace("localhost:8000", f"127.0.0.1:{server.port}").replace("shop:", f"{name}:")

    def introspect() -> dict:
        environment = {"PATH": os.environ["PATH"], "SECRET": service["client_secret"],
                       "ACCESS": tokens["access_token"]}
        answer = subprocess.run(["bash", "-c", curl], env=environment, text=True, capture_output=True, timeout=60)
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    before = introspect()
    assert before["active"] is True
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert server.http.post("/user/logout", headers=bearer).status_code in (200, 204)
    assert introspect() == {"active": False}
    assert server.me(tokens["access_token"]).status_code == 401
    assert verifier.ask(tokens["access_token"]) == f"ok {before['sub']}"


def test_through_an_outage_the_programs_keep_the_keys_and_then_learn_new_ones(tmp_path):
    first, second = new_key(), new_key()
    with KeyServer() as server:
        server.publish({"first": first})
        old, new = (token_of(header_with(kid), claims_with(), es256(key)) for kid, key in
                    (("first", first), ("second", second)))
        nameless = token_of(header_with("", kid=LEAVE_OUT), claims_with(), es256(first))
        running = [Verifier(name, server.url, "userd", "userd", tmp_path / name) for name in LANGUAGES]
        try:
            assert [verifier.ask(old) for verifier in running] == [f"ok {SUBJECT}"] * len(running)
            assert [verifier.ask(nameless) for verifier in running] == ["refused"] * len(running)
            server.publish({"first": first, "second": second})
            server.down = True
            for token, answer in ((new, "refused"), (old, f"ok {SUBJECT}")):
                assert [verifier.ask(token) for verifier in running] == [answer] * len(running)
            server.down = False
            for verifier in running:
                wait_for(lambda: verifier.ask(new) == f"ok {SUBJECT}")
                assert verifier.ask(old) == f"ok {SUBJECT}"
        finally:
            for verifier in running:
                verifier.stop()


def blocks_of_the_page(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def curl_of_the_page() -> str:
    (block,) = [block for block in blocks_of_the_page("sh") if "/token/introspect" in block]
    return block


@pytest.mark.parametrize("name", FENCES)
def test_the_page_shows_the_programs_as_they_are(name):
    assert blocks_of_the_page(FENCES[name]) == [(SOURCES / name).read_text()]


def test_the_lock_files_name_no_registry_and_the_tests_run_the_pinned_pyjwt():
    for file in SOURCES.rglob("package-lock.json"):
        assert "resolved" not in file.read_text()
        assert "omit-lockfile-registry-resolved=true" in (file.parent / ".npmrc").read_text().splitlines()
    requirement = (SOURCES / "python/requirements.txt").read_text().strip()
    assert requirement == f"PyJWT[crypto]=={importlib.metadata.version('PyJWT')}"
