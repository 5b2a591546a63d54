"""MASTER_KEY and SECRET_KEY change, with the former one at hand and without, and nobody is logged out."""

import jwt
import pytest

OLD = "V9sHq3LmZ0xTb7Rk5Wd2Ny8Pf4Gj6Ca1-old-key"
NEW = "k4Xn8Tz1Qw6Hs0Vb9Jm3Lp7Rd5Yg2Fc-new-key-"
THIRD = "Zu5Rt9Ke2Mv7Xb1Nq4Wj8Lh3Gd6Ps0Ty-third-key"


def kid_of(token: str) -> str:
    return jwt.get_unverified_header(token)["kid"]


def restart(server, **settings) -> None:
    server.stop()
    for name, value in settings.items():
        if value is None:
            server.environment.pop(name, None)
        else:
            server.environment[name] = value
    server.start()


def test_a_new_master_key_with_the_former_one_keeps_every_token_good(make_userd):
    server = make_userd(MASTER_KEY=OLD).start()
    _, tokens = server.new_user()
    restart(server, MASTER_KEY=NEW, MASTER_KEY_PREVIOUS=OLD)
    assert server.me(tokens["access_token"]).status_code == 200
    refreshed = server.refresh(tokens["refresh_token"])
    assert refreshed.status_code == 200
    assert kid_of(refreshed.json()["refresh_token"]) != kid_of(tokens["refresh_token"])
    # All that is in use has moved to the new key: the former one may go.
    restart(server, MASTER_KEY_PREVIOUS=None)
    assert server.me(tokens["access_token"]).status_code == 200
    assert server.refresh(refreshed.json()["refresh_token"]).status_code == 200


def test_a_lost_answer_is_repeated_in_the_same_bytes_over_the_change(make_userd):
    server = make_userd(MASTER_KEY=OLD).start()
    _, tokens = server.new_user()
    lost = server.refresh(tokens["refresh_token"]).json()
    restart(server, MASTER_KEY=NEW, MASTER_KEY_PREVIOUS=OLD)
    repeated = server.refresh(tokens["refresh_token"])
    assert repeated.status_code == 200
    assert repeated.json()["refresh_token"] == lost["refresh_token"]
    following = server.refresh(lost["refresh_token"])
    assert following.status_code == 200
    assert kid_of(following.json()["refresh_token"]) != kid_of(lost["refresh_token"])
    assert server.refresh(tokens["refresh_token"]).status_code == 401


def test_a_reused_token_of_the_former_master_key_still_ends_its_session(make_userd):
    server = make_userd(MASTER_KEY=OLD).start()
    _, tokens = server.new_user()
    restart(server, MASTER_KEY=NEW, MASTER_KEY_PREVIOUS=OLD)
    second = server.refresh(tokens["refresh_token"]).json()
    third = server.refresh(second["refresh_token"]).json()
    assert server.refresh(tokens["refresh_token"]).status_code == 401
    assert server.refresh(third["refresh_token"]).status_code == 401
    assert server.me(third["access_token"]).status_code == 401


@pytest.mark.parametrize("previous", [{}, {"MASTER_KEY_PREVIOUS": THIRD}])
def test_without_the_former_master_key_the_start_ends_with_one_line_that_names_it(make_userd, previous):
    server = make_userd(MASTER_KEY=OLD).start()
    _, tokens = server.new_user()
    server.stop()
    for command in (["serve"], ["keys", "list"]):
        answer = server.run(*command, MASTER_KEY=NEW, **previous)
        assert answer.returncode == 1
        (line,) = [line for line in answer.stderr.splitlines() if line.startswith("userd: ")]
        assert "MASTER_KEY_PREVIOUS" in line
        for key in (OLD, NEW, THIRD):
            assert key not in answer.stderr
    server.start()
    assert server.me(tokens["access_token"]).status_code == 200


def test_a_lost_master_key_costs_the_sessions_and_not_the_accounts(make_userd):
    server = make_userd(MASTER_KEY=OLD).start()
    name, tokens = server.new_user()
    server.stop()
    server.sql("DELETE FROM signing_keys")
    server.environment["MASTER_KEY"] = NEW
    server.start()
    assert server.me(tokens["access_token"]).status_code == 401
    assert server.refresh(tokens["refresh_token"]).status_code == 401
    assert server.me(server.login(name).json()["access_token"]).status_code == 200


@pytest.mark.sqlite
def test_a_master_key_kept_in_a_file_is_changed_by_moving_it(make_userd):
    server = make_userd().start()
    _, tokens = server.new_user()
    kept = server.folder / "userd.db.master-key"
    former = server.folder / "former-master-key"
    server.stop()
    kept.rename(former)
    server.environment["MASTER_KEY_PREVIOUS_FILE"] = str(former)
    server.start()
    assert kept.read_bytes() != former.read_bytes()
    assert server.me(tokens["access_token"]).status_code == 200
    refreshed = server.refresh(tokens["refresh_token"]).json()
    restart(server, MASTER_KEY_PREVIOUS_FILE=None)
    assert server.refresh(refreshed["refresh_token"]).status_code == 200


def test_a_new_secret_key_with_the_former_one_keeps_every_token_good(make_userd):
    server = make_userd(JWT_ALGORITHM="HS256", SECRET_KEY=OLD).start()
    name, tokens = server.new_user()
    restart(server, SECRET_KEY=NEW, SECRET_KEY_PREVIOUS=OLD)
    assert server.me(tokens["access_token"]).status_code == 200
    young = server.login(name).json()
    assert jwt.decode(young["access_token"], NEW, ["HS256"], audience="userd")["username"] == name
    assert server.http.get("/.well-known/jwks.json").json() == {"keys": []}
    restart(server, SECRET_KEY_PREVIOUS=None)
    assert server.me(tokens["access_token"]).status_code == 401
    assert server.me(young["access_token"]).status_code == 200
    assert server.refresh(tokens["refresh_token"]).status_code == 200


def test_the_former_secret_key_verifies_nothing_under_another_algorithm(make_userd):
    server = make_userd(JWT_ALGORITHM="HS256", SECRET_KEY=OLD).start()
    _, tokens = server.new_user()
    restart(server, JWT_ALGORITHM="ES256", SECRET_KEY=NEW, SECRET_KEY_PREVIOUS=OLD)
    assert server.me(tokens["access_token"]).status_code == 401
    assert "SECRET_KEY_PREVIOUS is used with JWT_ALGORITHM=HS256 only" in server.log()
    assert server.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("name, other", [
    ("MASTER_KEY_PREVIOUS", "MASTER_KEY"), ("SECRET_KEY_PREVIOUS", "SECRET_KEY"), ("SECRET_KEY", "MASTER_KEY_PREVIOUS"),
    ("SECRET_KEY_PREVIOUS", "MASTER_KEY"),
])
def test_two_keys_are_never_the_same(make_userd, name, other):
    answer = make_userd().run("check-config", **{name: OLD, other: OLD})
    assert (answer.returncode, answer.stderr.count("\n")) == (2, 1)
    assert f"{name}: is the same as {other}" in answer.stderr
    assert OLD not in answer.stderr


def test_check_config_tells_that_keys_are_set_and_not_what_they_are(make_userd):
    settings = {"MASTER_KEY": OLD, "MASTER_KEY_PREVIOUS": NEW, "SECRET_KEY_PREVIOUS": THIRD}
    answer = make_userd().run("check-config", KEY_ROTATION_DAYS="7", KEY_PUBLISH_SECONDS="60", **settings)
    lines = answer.stdout.splitlines()
    for name in settings:
        assert f"{name}=set" in lines
    assert {"SECRET_KEY=not set", "KEY_ROTATION_DAYS=7", "KEY_PUBLISH_SECONDS=60"} <= set(lines)
    for key in settings.values():
        assert key not in answer.stdout + answer.stderr
