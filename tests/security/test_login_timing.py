"""Why a login failed cannot be told by its bytes nor by its time."""
import base64
import hashlib
import random

import pytest

from support.timing import measure, told_apart
from support.userd import PASSWORD

BCRYPT = "$2b$09$abcdefghijklmnopqrstuuCj7fyLDJytXL.TfOiOeiv0fQvSOK1/2"  # of no known password
PBKDF2_ROUNDS = 20000
ROUNDS = 16


def pbkdf2():
    digest = base64.b64encode(hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), b"saltsaltsalt", PBKDF2_ROUNDS)).decode()
    return f"pbkdf2_sha256${PBKDF2_ROUNDS}$saltsaltsalt${digest}"


@pytest.fixture
def server(make_userd):
    """With users of a cheap and a costly legacy hash: unhidden, each takes a time of its own."""
    server = make_userd(LOGIN_LIMITS="off", REGISTRATION_LIMIT="off").start()
    for name in ("fresh", "disabled"):
        assert server.register(name).status_code == 200
    for name, stored in (("bcrypt", BCRYPT), ("pbkdf2", pbkdf2())):
        assert server.run("users", "add", name, f"{name}@example.com", "--password-hash", stored).returncode == 0
    assert server.run("users", "disable", "disabled").returncode == 0
    return server


def failure(server, name, password):
    def log_in():
        answer = server.login(name, password)
        assert (answer.status_code, answer.content) == (401, b'{"detail":"Invalid username or password"}')
    return log_in


def test_failed_logins_look_alike_in_bytes_and_time(server):
    def success():
        assert server.login("fresh").status_code == 200

    rounds = measure({
        "wrong password": failure(server, "fresh", "wrong password"),
        "unknown user": failure(server, "nobody", PASSWORD),
        "unknown e-mail": failure(server, "nobody@example.com", PASSWORD),
        "disabled user": failure(server, "disabled", PASSWORD),
        "bcrypt": failure(server, "bcrypt", "wrong password"),
        "pbkdf2": failure(server, "pbkdf2", "wrong password"),
        "success": success,
    }, ROUNDS)
    # A success is not held back to the time of the costliest hash: the method sees a difference where there is one.
    assert list(told_apart(rounds)) == ["success"]
    failures = [{name: seconds for name, seconds in taken.items() if name != "success"} for taken in rounds]
    assert told_apart(failures) == {}


def simulated(seed, shift):
    """Six rows whose times drift, scatter by 5 % and are disturbed one time in ten."""
    chance = random.Random(seed)
    rounds = []
    for number in range(ROUNDS):
        taken = {}
        for name in "abcdef":
            seconds = 0.05 * (1 + number / ROUNDS) * chance.lognormvariate(0, 0.05)
            if chance.random() < 0.1:
                seconds *= 1 + 3 * chance.random()
            taken[name] = seconds * (shift if name == "c" else 1)
        rounds.append(taken)
    return rounds


@pytest.mark.parametrize("shift, truth", [(1.2, ["c"]), (1 / 1.2, ["c"]), (2, ["c"]), (0.5, ["c"]), (1, []), (1.02, [])])
def test_the_statistic_finds_a_fifth_and_nothing_where_nothing_is(shift, truth):
    wrong = [seed for seed in range(200) if list(told_apart(simulated(seed, shift))) != truth]
    assert len(wrong) <= 10  # of 200
