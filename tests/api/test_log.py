"""The log: one line a request under its id, input escaped, no secret at any level."""
import json

import pytest

from support.userd import PASSWORD, unique_name

MASTER_KEY = "m4Zq8Wd1Tn6Yx3Kc9Rv2Lp7Hs5Jb0FgE-test-key"
SECRET_KEY = "b7Hk2pQz9vXw4Rt6Ym1Ns8Ld3Fg5Jc0A-test-key"
BROKER_PASSWORD = "a-password-of-the-broker"


@pytest.fixture
def talkative(make_userd):
    """Everything is logged, and everything secret is set; nothing listens at the broker's address."""
    return make_userd(
        LOG_LEVEL="trace", LOG_FORMAT="json", LOGIN_LIMITS="off", REGISTRATION_LIMIT="off", JWT_ALGORITHM="HS256",
        MASTER_KEY=MASTER_KEY, SECRET_KEY=SECRET_KEY, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1",
        KAFKA_SECURITY_PROTOCOL="SASL_PLAINTEXT", KAFKA_SASL_MECHANISM="PLAIN", KAFKA_SASL_USERNAME="userd",
        KAFKA_SASL_PASSWORD=BROKER_PASSWORD, KAFKA_DEBUG="security,broker,conf").start()


def lines(server):
    return [json.loads(line) for line in server.log().splitlines()]


def test_every_request_has_one_line_with_its_id_and_status(talkative):
    name, tokens = talkative.new_user()
    cases = [
        ("GET", "/", {}, 200), ("GET", "/user", {}, 307), ("GET", "/user/me", {}, 401), ("GET", "/nothing", {}, 404),
        ("PUT", "/user/me", {}, 405), ("HEAD", "/user/me", {}, 405), ("POST", "/user/login", {"content": b"{"}, 422),
        ("POST", "/user/register", {"json": {"username": name, "email": "a@b.example", "password": PASSWORD}}, 409),
        ("POST", "/user/login", {"json": {"username": name, "password": "wrong password"}}, 401),
        ("POST", "/user/login", {"content": b"x" * 70000}, 413), ("GET", "/docs", {}, 200),
        ("POST", "/user/login/refresh", {"json": {"old_refresh_token": tokens["refresh_token"]}}, 200),
    ]
    for number, (method, path, arguments, status) in enumerate(cases):
        answer = talkative.http.request(method, path, headers={"X-Request-ID": f"case-{number}"}, **arguments)
        assert (answer.status_code, answer.headers["x-request-id"]) == (status, f"case-{number}")
    talkative.stop()
    for number, (method, path, _, status) in enumerate(cases):
        (line,) = [line for line in lines(talkative) if line.get("id") == f"case-{number}"]
        assert (line["message"], line["level"]) == ("request", "info")
        assert (line["method"], line["path"], line["status"]) == (method, path, status)
        assert line["peer"] == "127.0.0.1" and line["ms"] >= 0


@pytest.mark.parametrize("sent", ["", " ", "x" * 129, "a b", "a\"b", "a/b", "{}", "é", "a;b", "\x7f".encode(), "a\tb"])
def test_an_id_that_is_not_well_formed_is_replaced_and_not_logged(talkative, sent):
    value = sent if isinstance(sent, bytes) else sent.encode("latin-1")
    answer = talkative.raw(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-ID: " + value + b"\r\n\r\n")
    (given,) = [line[14:] for line in answer.split(b"\r\n") if line.startswith(b"X-Request-ID: ")]
    assert given != value.strip()
    talkative.stop()
    (line,) = [line for line in lines(talkative) if line.get("id") == given.decode()]
    assert line["status"] in (200, 400)


def test_requests_that_were_no_http_have_a_line_too(talkative):
    for data, status in ((b"nonsense\r\n\r\n", 400), (b"GET / HTTP/1.1\r\nA: " + b"x" * 20000, 431)):
        assert talkative.raw(data).startswith(b"HTTP/1.1 %d " % status)
    talkative.stop()
    refused = [line["status"] for line in lines(talkative) if line.get("status", 0) >= 400 and line["path"] == ""]
    assert refused == [400, 431]


HOSTILE = 'a"b\\c\n{"level":"error"}\r\x1b[31m\x00\x7f'


@pytest.mark.sqlite
@pytest.mark.parametrize("log_format", ["json", "text"])
def test_input_is_escaped(make_userd, log_format):
    server = make_userd(LOG_FORMAT=log_format).start()
    server.run("users", "show", HOSTILE.replace("\0", ""))
    server.http.get("/%22%0A%1b%5Bx?q=%0a", headers={"X-Request-ID": "the-last"})
    server.stop()
    log = server.log()
    assert not set(log) & {chr(code) for code in range(32) if chr(code) != "\n"} | set(log) & {"\x7f"}
    written = log.splitlines()
    assert len([line for line in written if "the-last" in line]) == 1
    (command,) = [line for line in written if "show" in line]
    if log_format == "json":
        assert [json.loads(line)["level"] for line in written] == ["info"] * len(written)
        assert json.loads(command)["name"] == HOSTILE.replace("\0", "")


def test_no_password_token_hash_or_key_is_in_the_log_at_trace(talkative):
    password, name = "a-password-of-mine", unique_name()
    talkative.register(name, password)
    first = talkative.login(name, password).json()
    second = talkative.refresh(first["refresh_token"]).json()
    secrets = [password, MASTER_KEY, SECRET_KEY, BROKER_PASSWORD]
    secrets += [part for tokens in (first, second) for key in ("access_token", "refresh_token")
                for part in (tokens[key], tokens[key].rpartition(".")[2])]
    for access in (first["access_token"], second["access_token"] + "x"):
        talkative.me(access)
        talkative.http.get("/user/me", params={"access_token": access})
    # Wrong places: a reused token, a token as a name, a password as a name, both in malformed bodies.
    talkative.refresh(first["refresh_token"] + "x")
    talkative.login(first["refresh_token"], first["access_token"])
    talkative.login(password, password)
    for body in (f'{{"password":"{password}"', f'{{"old_refresh_token":["{first["refresh_token"]}"]}}', password):
        talkative.http.post("/user/login", content=body)
    talkative.run("users", "add", "imported", "imported@example.com", stdin=password + "\n")
    secrets += [value for (value,) in talkative.sql("SELECT password_hash FROM users")]
    talkative.stop()
    log = talkative.log()
    assert any(line["message"] == "librdkafka" for line in lines(talkative))
    assert [secret for secret in secrets if secret in log] == []
