"""Forged tokens by families, each against every door; and replay of what was once good."""
import collections
import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.backends import new_server
from support.callers import Service, bearer, sessions_of
from support.forgeries import FAMILIES
from support.forging import MASTER_KEY, AttackerKeys, Genuine, refresh_secret
from support.userd import unique_name

KINDS = ["access", "refresh"]
BAD_TOKEN = b'{"detail":"Could not validate credentials"}'
BAD_REFRESH = b'{"detail":"Invalid token, Please login again"}'


def is_unauthorized(answer, body) -> bool:
    return (answer.status_code, answer.content, answer.headers.get("www-authenticate")) == (401, body, "Bearer")


class Target:
    """A server whose keys the tests know, and a session on it."""

    def __init__(self, folder) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = folder / "signing.pem"
        pem.touch(mode=0o600)
        pem.write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        self.server = new_server(folder, MASTER_KEY=MASTER_KEY, REGISTRATION_LIMIT="off", LOGIN_LIMITS="off").start()
        imported = self.server.run("keys", "import", str(pem), "--json")
        assert imported.returncode == 0, imported.stderr
        self.service = Service(self.server, "attacked")
        self.attacker = AttackerKeys()
        self.name, tokens = self.server.new_user()
        self.access = Genuine(tokens["access_token"], "ES256", key)
        self.refresh = Genuine(tokens["refresh_token"], "HS256", refresh_secret(), self.access)
        self.access.other = self.refresh
        # Published is enough: the server takes what the imported key signs before it signs with it itself.
        kid = json.loads(imported.stdout)["kid"]
        self.access = Genuine(self.access.sign_header(kid=kid), "ES256", key, self.refresh)
        self.refresh.other = self.access
        self.doors = {"me": self.me, "sessions": self.sessions, "refresh": self.refresh_door,
                      "introspect": self.introspect}

    def genuine(self, kind: str) -> Genuine:
        return self.access if kind == "access" else self.refresh

    def me(self, token: str) -> bool:
        return is_unauthorized(self.server.me(token), BAD_TOKEN)

    def sessions(self, token: str) -> bool:
        return is_unauthorized(self.server.http.get("/user/sessions", headers=bearer(token)), BAD_TOKEN)

    def refresh_door(self, token: str) -> bool:
        return is_unauthorized(self.server.refresh(token), BAD_REFRESH)

    def introspect(self, token: str) -> bool:
        answer = self.service.ask("/token/introspect", token)
        return (answer.status_code, answer.content) == (200, b'{"active":false}')

    def assert_session_lives(self) -> None:
        """No attempt may have cost the owner anything, and what is signed by hand is good but for its flaw."""
        for token in (self.access.token, self.access.sign(), self.access.sign_claims(jti="other")):
            assert self.server.me(token).json()["username"] == self.name
        for token in (self.refresh.token, self.refresh.sign()):
            assert self.service.introspect(token)["active"] is True


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    target = Target(tmp_path_factory.mktemp("attacked"))
    yield target
    target.server.stop()


@pytest.fixture(scope="module")
def tally():
    return collections.defaultdict(collections.Counter)


def attack(target, tally, family, kind) -> list:
    """The attempts that got through."""
    through = []
    for token in dict.fromkeys(FAMILIES[family](target.genuine(kind), target.attacker)):
        for door, is_refused_at in target.doors.items():
            refused = is_refused_at(token)
            tally[family]["tried"] += 1
            tally[family]["refused"] += refused
            if not refused:
                through.append((door, token))
    return through


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_forged_token_is_refused_everywhere_and_costs_the_owner_nothing(target, tally, family, kind):
    target.assert_session_lives()
    assert attack(target, tally, family, kind) == []
    target.assert_session_lives()


def test_neither_kind_passes_for_the_other(target, tally):
    attempts = [(target.me, target.refresh), (target.sessions, target.refresh), (target.refresh_door, target.access)]
    for is_refused_at, genuine in attempts:
        tally["substituted kind"]["tried"] += 1
        tally["substituted kind"]["refused"] += is_refused_at(genuine.token)
    assert tally["substituted kind"]["refused"] == len(attempts)
    target.assert_session_lives()


@pytest.mark.parametrize("rotations", [2, 3, 5])
def test_an_old_refresh_token_ends_the_session_for_thief_and_owner(target, tally, rotations):
    _, first = target.server.new_user()
    pairs = [first]
    for _ in range(rotations):
        answer = target.server.refresh(pairs[-1]["refresh_token"])
        assert answer.status_code == 200
        pairs.append(answer.json())
    for pair in pairs:  # the oldest first: it is the one that ends the session
        tally["replay"]["tried"] += 4
        tally["replay"]["refused"] += target.refresh_door(pair["refresh_token"])
        tally["replay"]["refused"] += target.introspect(pair["refresh_token"])
        tally["replay"]["refused"] += target.me(pair["access_token"]) + target.introspect(pair["access_token"])
    assert tally["replay"]["tried"] == tally["replay"]["refused"]
    target.assert_session_lives()


def test_a_session_that_was_ended_by_reuse_leaves_the_others(target):
    name = unique_name()
    assert target.server.register(name).status_code == 200
    stolen, other = target.server.login(name).json(), target.server.login(name).json()
    newest = target.server.refresh(target.server.refresh(stolen["refresh_token"]).json()["refresh_token"]).json()
    assert target.refresh_door(stolen["refresh_token"])
    assert target.me(newest["access_token"])
    assert len(sessions_of(target.server, other["access_token"])) == 1
    assert "refresh token reused" in target.server.log_with("refresh token reused")


def test_every_family_was_tried_and_all_was_refused(target, tally, capsys):
    for family in FAMILIES:
        if family not in tally:  # the test was asked for alone
            assert [attack(target, tally, family, kind) for kind in KINDS] == [[], []]
    with capsys.disabled():
        print()
        for family, counts in tally.items():
            print(f"{family}: tried {counts['tried']} refused {counts['refused']}")
    assert set(tally) >= set(FAMILIES)
    for family, counts in tally.items():
        assert counts["tried"] > 0 and counts["tried"] == counts["refused"], family
