"""The credentials of other services: made, shown once, taken back."""
import base64
import json

import pytest

from support.callers import Service
from support.userd import unique_name


def test_a_revoked_service_is_out_at_once_and_its_name_is_not_given_again(userd):
    name = unique_name("svc")
    gone, stays = Service(userd, name), Service(userd, unique_name("svc"))
    _, tokens = userd.new_user()
    assert gone.introspect(tokens["access_token"])["active"] is True
    assert userd.run("services", "revoke", name).returncode == 0
    for path in ("/token/introspect", "/token/revoke"):
        answer = gone.ask(path, tokens["access_token"])
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert userd.me(tokens["access_token"]).status_code == 200
    assert stays.introspect(tokens["access_token"])["active"] is True
    for command in ("add", "revoke"):
        again = userd.run("services", command, name)
        assert (again.returncode, again.stdout, again.stderr.count("\n")) == (1, "", 1)
    listed = {row["name"]: row for row in map(json.loads, userd.run("services", "list", "--json").stdout.splitlines())}
    assert "revoked_at" in listed[name] and "revoked_at" not in listed[stays.name]


@pytest.mark.parametrize("name", ["", "a b", "a:b", "ä", "x" * 65, "a/b", "-\n"])
def test_a_service_needs_a_plain_name(userd, name):
    answer = userd.run("services", "add", name)
    assert (answer.returncode, answer.stdout) == (1, "")


@pytest.mark.sqlite
def test_a_secret_is_shown_once_and_kept_nowhere(make_userd):
    server = make_userd(LOG_LEVEL="trace").start()
    shown = server.run("services", "add", "plain").stdout
    secret = next(line.split()[1] for line in shown.splitlines() if line.startswith("client_secret:"))
    service = Service(server, "json")
    assert len(secret) == len(service.secret) == 43 and secret != service.secret
    assert len(base64.urlsafe_b64decode(secret + "=")) == 32
    _, tokens = server.new_user()
    assert server.http.post("/token/introspect", data={"token": tokens["access_token"]},
                            auth=("plain", secret)).json()["active"] is True
    service.introspect(tokens["refresh_token"])
    server.http.post("/token/introspect", data={
        "token": "x", "client_id": "plain", "client_secret": secret})
    listed = server.run("services", "list").stdout + server.run("services", "list", "--json").stdout
    assert listed.count("plain") == 2 and listed.count("json") == 2
    server.stop()
    kept = b"".join(path.read_bytes() for path in server.folder.iterdir() if path.is_file())
    assert b"plain" in kept and "/token/introspect" in server.log()
    for known in (secret, service.secret):
        raw = base64.urlsafe_b64decode(known + "=")
        basics = [base64.b64encode(f"{name}:{known}".encode()) for name in ("plain", "json")]
        for spelling in (known.encode(), raw, raw.hex().encode(), base64.b64encode(raw),
                         base64.b64encode(known.encode()), *basics):
            assert spelling not in kept
            assert spelling.decode("latin-1") not in listed
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert token.encode() not in kept
