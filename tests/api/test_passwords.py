"""Passwords people choose: length, the common ones, and those known from breaches."""
import base64
import hashlib
import re
import threading
import time

import pytest

from support.ports import free_port
from support.range_service import RangeService, http_answer
from support.userd import PASSWORD, unique_name

COMMON = {"type": "value_error", "loc": ["body", "password"],
          "msg": "Value error, this password is among the most common ones; choose another",
          "input": "**********", "ctx": {"error": {}}}
BREACHED = {**COMMON, "msg": "Value error, this password has appeared in a data breach; choose another"}
DIGEST = hashlib.sha1(PASSWORD.encode()).hexdigest().upper()
PREFIX, SUFFIX = DIGEST[:5], DIGEST[5:]
OTHERS = "".join(f"{number:035X}:{number + 1}\r\n" for number in range(500))


@pytest.mark.parametrize("password", ["password", "PassWord1", "12345678", "iloveyou", "qwertyuiop"])
def test_a_common_password_is_refused_and_the_answer_says_why(shared, password):
    answer = shared.register(unique_name(), password=password)
    assert (answer.status_code, answer.json()) == (422, {"detail": [COMMON]})


def test_the_documented_example_stays_good(shared):
    name = unique_name()
    assert shared.register(name, password="securepassword").status_code == 200
    assert shared.login(name, "securepassword").status_code == 200


def test_a_common_password_that_was_imported_still_logs_in(shared):
    name, salt = unique_name(), "saltsaltsalt"
    digest = hashlib.pbkdf2_hmac("sha256", b"password", salt.encode(), 1000)
    stored = f"$pbkdf2-sha256$1000${adapted_base64(salt.encode())}${adapted_base64(digest)}"
    assert shared.run("users", "add", name, f"{name}@example.com", "--password-hash", stored).returncode == 0
    assert shared.login(name, "password").status_code == 200


def adapted_base64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=").replace("+", ".")


@pytest.mark.parametrize("running", [True, False])
def test_the_command_line_refuses_what_registration_refuses(make_userd, running):
    server = make_userd(PASSWORD_MIN_LENGTH="12")
    if running:
        server.start()
    for password, reason in (("password1234", "most common"), ("x" * 11, "at least 12 characters")):
        answer = server.run("users", "add", "ada", "ada@example.com", stdin=password + "\n")
        assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (1, "", 1)
        assert reason in answer.stderr
    assert server.run("users", "list").stdout == ""


def test_the_least_length_is_a_setting_that_the_documentation_follows(make_userd):
    server = make_userd(PASSWORD_MIN_LENGTH="20").start()
    (error,) = server.register("ada", password="x" * 19).json()["detail"]
    assert (error["type"], error["msg"], error["ctx"]) == (
        "string_too_short", "String should have at least 20 characters", {"min_length": 20})
    assert server.register("ada", password="x" * 20).status_code == 200
    assert server.login("ada", "x").status_code == 401, "login knows no minimum"
    schema = server.http.get("/openapi.json").json()["components"]["schemas"]["Registration"]
    assert schema["properties"]["password"]["minLength"] == 20


def test_the_documented_least_length_is_8_by_default(shared):
    schema = shared.http.get("/openapi.json").json()["components"]["schemas"]["Registration"]
    assert schema["properties"]["password"]["minLength"] == 8


@pytest.mark.parametrize("name, value", [
    ("PASSWORD_MIN_LENGTH", "7"), ("PASSWORD_MIN_LENGTH", "129"), ("PASSWORD_MIN_LENGTH", "eight"),
    ("BREACH_CHECK_TIMEOUT_MS", "99"), ("BREACH_CHECK_TIMEOUT_MS", "10001"),
    ("BREACH_CHECK_URL", "range.example/range/"), ("BREACH_CHECK_URL", "ftp://range.example/"),
    ("BREACH_CHECK_URL", "file:///etc/passwd"), ("BREACH_CHECK_URL", "https://"),
    ("BREACH_CHECK_URL", "https://user:hunter2@range.example/"), ("BREACH_CHECK_URL", "https://range.example/?q="),
    ("BREACH_CHECK_URL", "https://range.example/#"), ("BREACH_CHECK_URL", "https://range example/"),
])
def test_bad_settings_are_one_line_that_names_them(make_userd, name, value):
    answer = make_userd().run("serve", **{name: value})
    assert (answer.returncode, answer.stderr.count("\n")) == (2, 1)
    assert name in answer.stderr and "hunter2" not in answer.stderr


@pytest.fixture
def checked(make_userd):
    """Makes a server whose range service answers with `reply`; gives both."""
    services = []

    def make(reply, **settings):
        services.append(RangeService(reply))
        return make_userd(BREACH_CHECK_URL=services[-1].url, **settings).start(), services[-1]

    yield make
    for service in services:
        service.close()


def counts(server) -> dict[str, int]:
    text = server.management.get("/metrics").text
    found = re.findall(r'^userd_breach_checks_total\{result="(\w+)"\} (\d+)', text, re.MULTILINE)
    return {result: int(count) for result, count in found}


def hashes_spent(server) -> int:
    text = server.management.get("/metrics").text
    return int(re.search(r"^userd_hash_seconds_count (\d+)", text, re.MULTILINE)[1])


def test_nobody_is_asked_by_default(shared):
    assert counts(shared) == {}


def hashes_spent_at_start(server):
    """The server measures one hash of its own, soon after it is ready."""
    deadline = time.monotonic() + 20
    while (spent := hashes_spent(server)) == 0:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return spent


def test_a_breached_password_is_refused_before_a_hash_is_spent(checked):
    server, _ = checked(lambda path: http_answer(f"{OTHERS}{SUFFIX}:3\r\n"))
    before = hashes_spent_at_start(server)
    answer = server.register("ada")
    assert (answer.status_code, answer.json()) == (422, {"detail": [BREACHED]})
    assert hashes_spent(server) == before
    assert counts(server) == {"ok": 0, "breached": 1, "failed": 0}
    assert server.login("ada").status_code == 401


@pytest.mark.parametrize("running", [True, False])
def test_the_command_line_refuses_a_breached_password(make_userd, running):
    service = RangeService(lambda path: http_answer(f"{SUFFIX}:3"))
    try:
        server = make_userd(BREACH_CHECK_URL=service.url)
        if running:
            server.start()
        answer = server.run("users", "add", "ada", "ada@example.com", stdin=PASSWORD + "\n")
    finally:
        service.close()
    assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (1, "", 1)
    assert "data breach" in answer.stderr


@pytest.mark.parametrize("answer", [OTHERS, f"{OTHERS}{SUFFIX}:0\r\n"], ids=["unknown", "padding"])
def test_a_password_that_no_breach_holds_is_taken(checked, answer):
    server, _ = checked(lambda path: http_answer(answer))
    assert server.register("ada").status_code == 200
    assert server.login("ada").status_code == 200
    assert counts(server) == {"ok": 1, "breached": 0, "failed": 0}


def test_five_digits_of_the_digest_are_all_that_leaves(checked):
    server, service = checked(lambda path: http_answer(OTHERS))
    assert server.register("ada").status_code == 200
    (request,) = service.requests
    lines = request.decode().split("\r\n")
    assert lines[0] == f"GET /range/{PREFIX} HTTP/1.1"
    assert {line.split(":")[0] for line in lines[1:] if line} == {"Host", "User-Agent", "Accept", "Add-Padding"}
    assert "Add-Padding: true" in lines
    assert "User-Agent: userd" in lines
    assert request.endswith(b"\r\n\r\n"), "no body"


def test_an_address_without_its_last_slash_means_the_same(make_userd):
    service = RangeService(lambda path: http_answer(f"{SUFFIX}:1") if path == f"/range/{PREFIX}" else None)
    try:
        server = make_userd(BREACH_CHECK_URL=service.url.rstrip("/")).start()
        assert server.register("ada").status_code == 422
    finally:
        service.close()


def test_taken_names_and_bad_bodies_ask_nobody(checked):
    server, service = checked(lambda path: http_answer(OTHERS))
    assert server.register("ada").status_code == 200
    assert server.register("ada").status_code == 409
    assert server.register("eve", password="password").status_code == 422
    assert server.login("ada").status_code == 200
    assert len(service.requests) == 1


ELSEWHERE = "Location: /range/elsewhere\r\n"
HUGE = b"A" * 35 + b":1\r\n"


@pytest.mark.parametrize("reply", [
    http_answer(f"{SUFFIX}:3", "500 Internal Server Error"),
    http_answer(f"{SUFFIX}:3", "404 Not Found"),
    http_answer(f"{SUFFIX}:3", "204 No Content"),
    http_answer("", "302 Found", ELSEWHERE),
    http_answer(""),
    http_answer("<html>maintenance</html>"),
    http_answer(f"{SUFFIX}:3\r\nnonsense"),
    http_answer(SUFFIX.encode() + b":3\r\n" + HUGE * 100_000),
    b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + SUFFIX.encode() + b":3\r\n",
    b"nonsense\r\n\r\n",
    b"",
], ids=["500", "404", "204", "redirect", "empty", "html", "half-good", "huge", "cut-off", "no-http", "closed"])
def test_whatever_the_service_does_registration_goes_on(checked, reply):
    server, service = checked(lambda path: reply)
    assert server.register("ada").status_code == 200
    assert server.login("ada").status_code == 200
    assert counts(server) == {"ok": 0, "breached": 0, "failed": 1}
    assert len(service.requests) == 1, "neither followed nor tried again"


def test_a_silent_service_is_given_up_at_the_deadline(checked):
    server, service = checked(lambda path: None, BREACH_CHECK_TIMEOUT_MS="200")
    assert server.register("ada").status_code == 200
    assert service.connected.acquire(timeout=20)
    assert counts(server) == {"ok": 0, "breached": 0, "failed": 1}


def test_no_loop_waits_for_the_service(checked):
    released = threading.Event()

    def reply(path):
        released.wait(30)
        return http_answer(OTHERS)

    server, service = checked(reply, THREADS="1", BREACH_CHECK_TIMEOUT_MS="10000")
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(server.register("ada").status_code))
    waiting.start()
    try:
        assert service.connected.acquire(timeout=20)
        assert server.http.get("/").status_code == 200
        assert answers == [], "the page was served while the check was out"
    finally:
        released.set()
        waiting.join()
    assert answers == [200]
    assert counts(server) == {"ok": 1, "breached": 0, "failed": 0}


def test_a_service_that_is_away_is_told_of_once_a_minute(make_userd):
    server = make_userd(BREACH_CHECK_URL=f"http://127.0.0.1:{free_port()}/range/").start()
    for name in ("ada", "bob", "eve"):
        assert server.register(name).status_code == 200
    assert counts(server) == {"ok": 0, "breached": 0, "failed": 3}
    server.stop()
    log = server.log()
    assert log.count("could not be checked against breaches") == 1
    assert PREFIX not in log and PASSWORD not in log
