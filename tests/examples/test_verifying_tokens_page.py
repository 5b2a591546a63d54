"""docs/verifying-tokens.md shows what is tested, and its command works."""
import importlib.metadata
import json
import os
import re
import subprocess

import pytest
from verifiers import SOURCES, run_userd

from support.userd import ROOT, unique_name

PAGE = ROOT / "docs/verifying-tokens.md"
FENCES = {"python/verify.py": "python", "typescript/verify.ts": "ts", "go/main.go": "go", "java/Verify.java": "java"}


def blocks_of_the_page(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def curl_of_the_page() -> str:
    (block,) = [block for block in blocks_of_the_page("sh") if "/token/introspect" in block]
    return block


def end(server, how: str, user: str, access_token: str, service: dict) -> None:
    if how == "logout":
        bearer = {"Authorization": f"Bearer {access_token}"}
        assert server.http.post("/user/logout", headers=bearer).is_success
    elif how == "revoke":
        credentials = (service["client_id"], service["client_secret"])
        assert server.http.post("/token/revoke", auth=credentials, data={"token": access_token}).is_success
    else:
        assert server.run("users", how, user).returncode == 0


@pytest.mark.parametrize("how", ["logout", "revoke", "disable", "delete"])
def test_a_session_that_ended_is_seen_by_introspection_and_not_by_the_programs(server, verifiers, how):
    name = unique_name("service")
    (service,) = run_userd(server, "services", "add", name)
    user, tokens = server.new_user()
    curl = curl_of_the_page().replace("localhost:8000", f"127.0.0.1:{server.port}").replace("shop:", f"{name}:")

    def introspect() -> dict:
        environment = {"PATH": os.environ["PATH"], "SECRET": service["client_secret"],
                       "ACCESS": tokens["access_token"]}
        answer = subprocess.run(["bash", "-c", curl], env=environment, text=True, capture_output=True, timeout=60)
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    before = introspect()
    assert before["active"] is True
    end(server, how, user, tokens["access_token"], service)
    assert introspect() == {"active": False}
    assert server.me(tokens["access_token"]).status_code == 401
    assert {verifier.ask(tokens["access_token"]) for verifier in verifiers.values()} == {f"ok {before['sub']}"}


@pytest.mark.parametrize("name", FENCES)
def test_the_page_shows_the_programs_as_they_are(name):
    assert blocks_of_the_page(FENCES[name]) == [(SOURCES / name).read_text()]


def test_the_lock_file_names_no_registry_and_the_tests_run_the_pinned_pyjwt():
    lock = json.loads((SOURCES / "typescript/package-lock.json").read_text())
    assert len(lock["packages"]) > 1
    assert all("resolved" not in package for package in lock["packages"].values())
    assert "omit-lockfile-registry-resolved=true" in (SOURCES / "typescript/.npmrc").read_text().splitlines()
    requirement = (SOURCES / "python/requirements.txt").read_text().strip()
    assert requirement == f"PyJWT[crypto]=={importlib.metadata.version('PyJWT')}"
