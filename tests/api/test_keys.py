"""The key ring as operators and verifying services see it: rotation, retirement, import, algorithms."""
import base64
import json
import subprocess
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from support.backends import BACKEND
from support.service import wait_until
from support.userd import BINARY

ASYMMETRIC = ["ES256", "EdDSA", "RS256"]
DAY_MS = 24 * 3600 * 1000
WAIT_SECONDS = 30


def wait_for(condition):
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError("it did not come about")


def jwks(server) -> dict:
    return {key["kid"]: key for key in server.http.get("/.well-known/jwks.json").json()["keys"]}


def kid_of(token: str) -> str:
    return jwt.get_unverified_header(token)["kid"]


def verify(server, token: str) -> dict:
    """As another service does: by the JWKS, with the key that the token names."""
    key = jwks(server)[kid_of(token)]
    return jwt.decode(token, jwt.PyJWK(key).key, [key["alg"]], audience="userd", issuer="userd")


def keys(server) -> list[dict]:
    answer = server.run("keys", "list", "--json")
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


def in_state(server, state: str) -> list[str]:
    return [key["kid"] for key in keys(server) if key["state"] == state]


def run_keys(server, *arguments: str) -> dict:
    answer = server.run("keys", *arguments, "--json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def require_signer(server, kid: str) -> None:
    name, _ = server.new_user()  # its own: a user's oldest session ends when logins make too many

    def signs() -> bool:
        return kid_of(server.login(name).json()["access_token"]) == kid

    if BACKEND == "sqlite":
        assert signs()
    else:
        # A key that another process made or activated signs once all replicas know it.
        wait_until(signs, 30, "the new key to sign")


def new_private_key(algorithm: str):
    return {"ES256": lambda: ec.generate_private_key(ec.SECP256R1()), "EdDSA": ed25519.Ed25519PrivateKey.generate,
            "RS256": lambda: rsa.generate_private_key(65537, 2048)}[algorithm]()


def pem_of(key, encryption=serialization.NoEncryption()) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def write_private(path, content: bytes):
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_a_new_key_is_published_before_it_signs(make_userd, algorithm):
    server = make_userd(JWT_ALGORITHM=algorithm).start()
    name, before = server.new_user()
    made = run_keys(server, "rotate")
    assert (made["state"], made["algorithm"]) == ("next", algorithm)
    published = jwks(server)
    assert set(published) == {kid_of(before["access_token"]), made["kid"]}
    assert all(key["alg"] == algorithm and key["use"] == "sig" for key in published.values())
    assert kid_of(server.login(name).json()["access_token"]) == kid_of(before["access_token"])


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_no_token_dies_of_a_rotation(make_userd, algorithm):
    server = make_userd(JWT_ALGORITHM=algorithm, KEY_PUBLISH_SECONDS="1").start()
    name, before = server.new_user()
    for _ in range(2):
        made = run_keys(server, "rotate")["kid"]
        wait_for(lambda: in_state(server, "active") == [made])
        require_signer(server, made)
        after = server.login(name).json()
        for token in (before["access_token"], after["access_token"]):
            assert verify(server, token)["username"] == name
            assert server.me(token).status_code == 200
    assert len(jwks(server)) == 3
    assert server.refresh(before["refresh_token"]).status_code == 200


def test_a_key_whose_time_is_over_is_followed_by_a_new_one_without_any_command(make_userd):
    server = make_userd(KEY_PUBLISH_SECONDS="1", KEY_ROTATION_DAYS="30").start()
    (first,) = in_state(server, "active")
    server.stop()
    server.sql(f"UPDATE signing_keys SET activated_at = activated_at - {30 * DAY_MS}")
    server.start()
    wait_for(lambda: in_state(server, "active") != [first])
    assert in_state(server, "retired") == [first]
    server.stop()
    server.sql("UPDATE signing_keys SET verify_until = 1 WHERE state = 'retired'")
    server.start()
    wait_for(lambda: first not in jwks(server))
    assert len(jwks(server)) == 1


def test_without_rotation_an_old_key_signs_on(make_userd):
    server = make_userd(KEY_PUBLISH_SECONDS="1", KEY_ROTATION_DAYS="0").start()
    server.stop()
    server.sql(f"UPDATE signing_keys SET activated_at = activated_at - {3000 * DAY_MS}")
    server.start()
    made = run_keys(server, "rotate")["kid"]
    wait_for(lambda: in_state(server, "active") == [made])
    assert in_state(server, "next") == []


def test_a_second_successor_is_refused_in_one_line(userd):
    made = run_keys(userd, "rotate")["kid"]
    answer = userd.run("keys", "rotate")
    assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (1, "", 1)
    assert made in answer.stderr


def test_two_commands_at_once_make_one_successor(userd):
    commands = [subprocess.Popen([BINARY, "keys", "rotate"], cwd=userd.folder, env=userd.environment, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    for command in commands:
        command.communicate(timeout=60)
    assert sorted(command.returncode for command in commands) == [0, 1]
    assert len(in_state(userd, "next")) == 1


def test_now_signs_at_once_and_old_tokens_stay_good(userd):
    name, before = userd.new_user()
    for _ in range(2):
        made = run_keys(userd, "rotate", "--now")
        assert made["state"] == "active"
        require_signer(userd, made["kid"])
    assert verify(userd, before["access_token"])["username"] == name
    assert userd.me(before["access_token"]).status_code == 200


def test_a_retired_keys_tokens_stop_at_once_and_sessions_go_on(userd):
    _, before = userd.new_user()
    kid = kid_of(before["access_token"])
    assert run_keys(userd, "retire", kid) == {"kid": kid, "state": "gone"}
    assert userd.me(before["access_token"]).status_code == 401
    assert kid not in jwks(userd)
    after = userd.refresh(before["refresh_token"])
    assert after.status_code == 200
    assert userd.me(after.json()["access_token"]).status_code == 200
    assert kid_of(after.json()["access_token"]) != kid
    again = userd.run("keys", "retire", kid)
    assert (again.returncode, again.stderr) == (1, f"userd: no key of the ring has the id '{kid}'\n")


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_an_imported_key_signs_and_its_owner_can_too(make_userd, algorithm):
    server = make_userd(JWT_ALGORITHM=algorithm, KEY_PUBLISH_SECONDS="1").start()
    name, _ = server.new_user()
    key = new_private_key(algorithm)
    file = write_private(server.folder / "key.pem", pem_of(key))
    kid = run_keys(server, "import", str(file))["kid"]
    assert kid in jwks(server)
    wait_for(lambda: in_state(server, "active") == [kid])
    token = server.login(name).json()["access_token"]
    claims = jwt.decode(token, key.public_key(), [algorithm], audience="userd")
    forged = jwt.encode(claims, key, algorithm, headers=jwt.get_unverified_header(token))
    assert server.me(forged).status_code == 200
    again = server.run("keys", "import", str(file))
    assert (again.returncode, again.stderr) == (1, f"userd: the key {kid} is in the ring already\n")


def test_what_is_no_key_of_the_algorithm_is_not_imported(userd):
    encrypted = serialization.BestAvailableEncryption(b"passphrase")
    public = new_private_key("ES256").public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for content in (b"", b"no key", public, pem_of(new_private_key("RS256")), pem_of(new_private_key("EdDSA")),
                    pem_of(ec.generate_private_key(ec.SECP384R1())), pem_of(new_private_key("ES256"), encrypted),
                    b"x" * 100_000):
        file = write_private(userd.folder / "bad.pem", content)
        answer = userd.run("keys", "import", str(file))
        assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (1, "", 1), content[:40]
        file.unlink()
    assert userd.run("keys", "import", str(userd.folder / "none.pem")).returncode == 1
    assert len(keys(userd)) == 1


@pytest.mark.sqlite
def test_a_private_key_is_nowhere_in_clear(userd):
    key = new_private_key("ES256")
    file = write_private(userd.folder / "key.pem", pem_of(key))
    run_keys(userd, "import", str(file))
    run_keys(userd, "rotate", "--now")
    config = userd.run("check-config").stdout
    file.unlink()
    scalar = key.private_numbers().private_value.to_bytes(32, "big")
    needles = [b"PRIVATE KEY", scalar, scalar.hex().encode(), base64.b64encode(scalar)[:40],
               base64.urlsafe_b64encode(scalar)[:40], pem_of(key).splitlines()[1][20:50]]
    searched = [path for path in userd.folder.iterdir() if path.is_file()]
    assert {userd.database, userd.log_path} <= set(searched)
    for needle in needles:
        assert needle not in config.encode()
        for path in searched:
            assert needle not in path.read_bytes(), path
    userd.stop()
    for path in userd.folder.iterdir():
        for needle in needles:
            assert needle not in path.read_bytes(), path


def test_commands_work_without_a_server_and_it_takes_over_what_they_did(make_userd):
    server = make_userd()
    first = keys(server)
    assert [key["state"] for key in first] == ["active"]
    second = run_keys(server, "rotate", "--now")["kid"]
    assert in_state(server, "retired") == [first[0]["kid"]]
    exported = json.loads(server.run("keys", "export-public").stdout)
    server.start()
    assert {key["kid"] for key in exported["keys"]} == set(jwks(server))
    assert kid_of(server.new_user()[1]["access_token"]) == second
    assert json.loads(server.run("keys", "export-public").stdout) == exported


def test_commands_on_users_make_no_key(make_userd):
    server = make_userd()
    assert server.run("users", "list").returncode == 0
    assert not list(server.folder.glob("*master-key*"))


def test_the_list_is_readable(userd):
    run_keys(userd, "rotate")
    (active, following) = userd.run("keys", "list").stdout.splitlines()
    assert "  ES256  active  created " in active and "  activated " in active
    assert "  ES256  next  created " in following and "  signs from " in following


@pytest.mark.parametrize("lead, age", [("600", "300"), ("7", "7")])
def test_the_jwks_is_kept_no_longer_than_a_key_is_published_ahead(make_userd, lead, age):
    server = make_userd(KEY_PUBLISH_SECONDS=lead).start()
    answer = server.http.get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == f"public, max-age={age}"


@pytest.mark.sqlite
@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_the_key_file_of_version_0_1_is_taken_over_once(make_userd, algorithm):
    server = make_userd(JWT_ALGORITHM=algorithm)
    key = new_private_key(algorithm)
    file = write_private(server.folder / f"userd.db.signing-{algorithm}.pem", pem_of(key))
    server.start()
    name, tokens = server.new_user()
    claims = jwt.decode(tokens["access_token"], key.public_key(), [algorithm], audience="userd")
    assert claims["username"] == name
    assert "delete it" in server.log() and file.name in server.log()
    server.stop()
    file.write_text("spoilt: it is not read any more")
    server.start()
    assert server.me(tokens["access_token"]).status_code == 200
    assert server.log().count("delete it") == 1


def test_a_change_of_the_algorithm_logs_nobody_out(make_userd):
    server = make_userd(KEY_PUBLISH_SECONDS="1").start()
    name, before = server.new_user()
    server.stop()
    server.environment["JWT_ALGORITHM"] = "RS256"
    server.start()
    assert server.me(before["access_token"]).status_code == 200
    wait_for(lambda: [key["algorithm"] for key in keys(server) if key["state"] == "active"] == ["RS256"])
    # Where a command reads the ring from the database, the server may be a moment behind.
    wait_for(lambda: jwt.get_unverified_header(server.login(name).json()["access_token"])["alg"] == "RS256")
    after = server.login(name).json()
    for token in (before["access_token"], after["access_token"]):
        assert verify(server, token)["username"] == name
        assert server.me(token).status_code == 200
    assert server.refresh(before["refresh_token"]).status_code == 200


def test_with_hs256_there_is_no_ring(make_userd):
    server = make_userd(JWT_ALGORITHM="HS256", SECRET_KEY="b7Hk2pQz9vXw4Rt6Ym1Ns8Ld3Fg5Jc0A-test-key").start()
    assert server.run("keys", "list").stdout == "no key is in the ring: SECRET_KEY signs\n"
    assert json.loads(server.run("keys", "export-public").stdout) == {"keys": []}
    file = write_private(server.folder / "key.pem", pem_of(new_private_key("ES256")))
    for command in (["rotate"], ["rotate", "--now"], ["import", str(file)]):
        answer = server.run("keys", *command)
        assert answer.returncode == 1
        assert "JWT_ALGORITHM is HS256" in answer.stderr
