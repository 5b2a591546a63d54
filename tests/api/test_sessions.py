"""A user's own sessions: what the list tells, and what ends them."""
import datetime
import uuid

import jwt
import pytest

from support.backends import new_server
from support.callers import PROXY, bearer, end_session, log_in_from, log_out, sessions_of

DAY_MS = 24 * 3600 * 1000


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = new_server(tmp_path_factory.mktemp("sessions"), MAX_SESSIONS_PER_USER="3", **PROXY).start()
    yield server
    server.stop()


def log_in(server, name, **headers):
    answer = log_in_from(server, None, name, **headers)
    assert answer.status_code == 200
    return answer.json()


def sid(tokens):
    return jwt.decode(tokens["access_token"], options={"verify_signature": False})["sid"]


def assert_alive(server, tokens):
    assert server.me(tokens["access_token"]).status_code == 200


def assert_ended(server, tokens):
    """Both tokens, at once, at every door."""
    access = tokens["access_token"]
    refused = [server.me(access), server.refresh(tokens["refresh_token"]), log_out(server, access),
               log_out(server, access, everywhere=True), end_session(server, access, sid(tokens)),
               server.http.get("/user/sessions", headers=bearer(access))]
    for answer in refused:
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def time_of(text):
    return datetime.datetime.fromisoformat(text)


@pytest.mark.one_process
def test_the_list_tells_who_uses_the_account_newest_use_first(server):
    name, first = server.new_user()
    second = log_in_from(server, "203.0.113.7", name, **{"User-Agent": "Browser/1.0 (quiet)"}).json()
    third = log_in_from(server, "2001:db8::17", name, **{"User-Agent": "curl/8"}).json()
    answer = server.http.get("/user/sessions", headers=bearer(second["access_token"]))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    rows = answer.json()
    assert [row["id"] for row in rows] == [sid(third), sid(second), sid(first)]
    assert [row["current"] for row in rows] == [False, True, False]
    members = {"id", "created_at", "last_used_at", "expires_at", "client_address", "user_agent", "current"}
    assert all(set(row) == members for row in rows)
    assert [row["client_address"] for row in rows] == ["2001:db8::17", "203.0.113.7", ""]
    assert [row["user_agent"] for row in rows[:2]] == ["curl/8", "Browser/1.0 (quiet)"]
    for row in rows:
        assert row["created_at"].endswith("Z")
        assert time_of(row["created_at"]) <= time_of(row["last_used_at"]) < time_of(row["expires_at"])


@pytest.mark.parametrize("sent, shown", [
    (b"Umlaut \xc3\xbc", "Umlaut \u00fc"), (b"Latin \xfc", "Latin ?"), (b"a" * 300, "a" * 256),
    (b"a" * 255 + b"\xc3\xbc", "a" * 255), (b"<script>\"\\", "<script>\"\\"),
])
def test_any_user_agent_is_shown_as_text(server, sent, shown):
    name, _ = server.new_user()
    tokens = log_in(server, name, **{"User-Agent": sent})
    assert sessions_of(server, tokens["access_token"])[0]["user_agent"] == shown


def test_a_refresh_is_a_use_from_where_it_came(server):
    name, first = server.new_user()
    second = log_in(server, name)
    before = {row["id"]: row for row in sessions_of(server, second["access_token"])}
    refreshed = server.http.post("/user/login/refresh", json={"old_refresh_token": first["refresh_token"]},
                                 headers={"X-Forwarded-For": "198.51.100.9", "User-Agent": "moved"})
    assert refreshed.status_code == 200
    rows = sessions_of(server, second["access_token"])
    assert [row["id"] for row in rows] == [sid(first), sid(second)]
    assert (rows[0]["client_address"], rows[0]["user_agent"]) == ("198.51.100.9", "moved")
    assert rows[0]["created_at"] == before[sid(first)]["created_at"]
    assert time_of(rows[0]["last_used_at"]) >= time_of(before[sid(first)]["last_used_at"])
    assert rows[1] == before[sid(second)]


def test_the_list_never_tells_of_others_nor_of_ended_sessions(server):
    name, first = server.new_user()
    _, stranger = server.new_user()
    second = log_in(server, name)
    assert log_out(server, second["access_token"]).status_code == 204
    assert [row["id"] for row in sessions_of(server, first["access_token"])] == [sid(first)]
    assert [row["id"] for row in sessions_of(server, stranger["access_token"])] == [sid(stranger)]


def test_anothers_session_looks_like_none(server):
    _, mine = server.new_user()
    _, others = server.new_user()
    answers = [end_session(server, mine["access_token"], session)
               for session in (sid(others), str(uuid.uuid4()), "none", "%00", "0" * 300)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, b'{"detail":"Not Found"}')}
    assert_alive(server, others)
    assert_alive(server, mine)
    assert server.refresh(others["refresh_token"]).status_code == 200


def test_an_ended_session_is_dead_at_once_and_the_others_are_not(server):
    name, first = server.new_user()
    second = log_in(server, name)
    answer = end_session(server, first["access_token"], sid(second))
    assert (answer.status_code, answer.content) == (204, b"")
    assert_ended(server, second)
    assert end_session(server, first["access_token"], sid(second)).status_code == 404
    assert_alive(server, first)
    assert end_session(server, first["access_token"], sid(first)).status_code == 204
    assert_ended(server, first)


def test_logout_ends_this_session_only(server):
    name, first = server.new_user()
    second = log_in(server, name)
    answer = log_out(server, first["access_token"])
    assert (answer.status_code, answer.content) == (204, b"")
    assert_ended(server, first)
    assert_alive(server, second)


def test_logout_ends_what_was_refreshed_too(server):
    _, first = server.new_user()
    refreshed = server.refresh(first["refresh_token"]).json()
    assert log_out(server, first["access_token"]).status_code == 204
    assert_ended(server, refreshed)
    assert_ended(server, first)


@pytest.mark.parametrize("by", ["the user", "an operator"])
def test_logout_everywhere_ends_all_of_the_user_and_nobody_elses(server, by):
    name, first = server.new_user()
    _, stranger = server.new_user()
    others = [log_in(server, name) for _ in range(2)]
    if by == "the user":
        assert log_out(server, others[0]["access_token"], everywhere=True).status_code == 204
    else:
        done = server.run("users", "logout", name.upper())
        assert (done.returncode, done.stderr) == (0, "")
        assert "3 sessions" in done.stdout and name in done.stdout
    for tokens in (first, *others):
        assert_ended(server, tokens)
    assert_alive(server, stranger)
    assert_alive(server, log_in(server, name))


def test_an_operator_cannot_log_out_who_is_not_there(server):
    done = server.run("users", "logout", "nobody-of-that-name")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def test_one_session_too_many_ends_the_longest_unused(server):
    name, first = server.new_user()
    second, third = log_in(server, name), log_in(server, name)
    first = server.refresh(first["refresh_token"]).json()  # older, but in use
    fourth = log_in(server, name)
    assert_ended(server, second)
    live = sessions_of(server, fourth["access_token"])
    assert [row["id"] for row in live] == [sid(fourth), sid(first), sid(third)]
    for tokens in (first, third, fourth):
        assert_alive(server, tokens)


@pytest.mark.parametrize("path, method", [("/user/sessions", "GET"), ("/user/sessions/x", "DELETE"),
                                          ("/user/logout", "POST"), ("/user/logout/all", "POST")])
def test_a_refresh_token_or_none_opens_nothing(server, path, method):
    _, tokens = server.new_user()
    for headers, detail in (({}, "Not authenticated"),
                            (bearer(tokens["refresh_token"]), "Could not validate credentials")):
        answer = server.http.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()) == (401, {"detail": detail})
        assert answer.headers["www-authenticate"] == "Bearer"
    assert_alive(server, tokens)


def expiry_of(token):
    return jwt.decode(token, options={"verify_signature": False})["exp"]


def test_no_refresh_goes_beyond_thirty_days_from_the_login(make_userd):
    server = make_userd(REFRESH_EXPIRY_DAYS="7").start()
    _, tokens = server.new_user()
    server.stop()
    ago = 28 * DAY_MS  # as if the login had been then
    server.sql(f"UPDATE sessions SET created_at = created_at - {ago}, ends_at = ends_at - {ago}, expires_at ="
               f" CASE WHEN expires_at < ends_at - {ago} THEN expires_at ELSE ends_at - {ago} END")
    server.start()
    for _ in range(3):
        tokens = server.refresh(tokens["refresh_token"]).json()
        (row,) = sessions_of(server, tokens["access_token"])
        created, expires = time_of(row["created_at"]), time_of(row["expires_at"])
        assert expires <= created + datetime.timedelta(days=30)
        assert expires >= created + datetime.timedelta(days=30, seconds=-1)
        assert expiry_of(tokens["refresh_token"]) == expires.timestamp()


def test_the_longest_refresh_lifetime_is_within_the_absolute_limit(make_userd):
    server = make_userd(REFRESH_EXPIRY_DAYS="30").start()
    _, tokens = server.new_user()
    first = expiry_of(tokens["refresh_token"])
    for _ in range(2):
        tokens = server.refresh(tokens["refresh_token"]).json()
        assert expiry_of(tokens["refresh_token"]) == first
    (row,) = sessions_of(server, tokens["access_token"])
    assert time_of(row["expires_at"]) <= time_of(row["created_at"]) + datetime.timedelta(days=30)
