"""Every row of the contract's HTTP table."""
import concurrent.futures

import pytest

from support.userd import PASSWORD, unique_name

BAD_TOKEN = {"detail": "Could not validate credentials"}
BAD_REFRESH = {"detail": "Invalid token, Please login again"}


def test_registration_answers_with_its_message(shared):
    answer = shared.register(unique_name())
    assert (answer.status_code, answer.json()) == (200, {"message": "New User Created Successfully"})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("taken", ["username", "email"])
def test_a_taken_name_or_email_is_refused_in_any_case(shared, taken):
    name = unique_name()
    shared.register(name)
    other = unique_name()
    answer = (shared.register(name.upper(), email=f"{other}@example.com") if taken == "username"
              else shared.register(other, email=f"{name.upper()}@EXAMPLE.com"))
    assert (answer.status_code, answer.json()) == (409, {"detail": "User with these credentials already exists"})


def test_of_simultaneous_registrations_of_a_name_one_wins(shared):
    name = unique_name()
    spellings = [name if i % 2 else name.upper() for i in range(16)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda pair: shared.register(pair[1], email=f"{name}{pair[0]}@example.com").status_code,
                                enumerate(spellings)))
    assert sorted(answers) == [200] + [409] * 15


def test_login_takes_json_form_and_email(shared):
    name = unique_name()
    shared.register(name)
    form = shared.http.post("/user/login", data={"username": name, "password": PASSWORD, "grant_type": "password"})
    for answer in (shared.login(name), shared.login(name.upper()), shared.login(f"{name}@example.com"), form):
        assert answer.status_code == 200
        assert list(answer.json()) == ["access_token", "token_type", "refresh_token"]
        assert answer.json()["token_type"] == "bearer"
        assert answer.headers["cache-control"] == "no-store"


def test_failed_logins_are_the_same_bytes(userd):
    name = unique_name()
    userd.register(name)
    disabled = unique_name()
    userd.register(disabled)
    assert userd.run("users", "disable", disabled).returncode == 0
    answers = [userd.login(name, "wrong password"), userd.login(unique_name()), userd.login(disabled)]
    assert {(a.status_code, a.content) for a in answers} == {(401, b'{"detail":"Invalid username or password"}')}


def test_profile_has_times_and_no_hash(shared):
    name, tokens = shared.new_user()
    answer = shared.me(tokens["access_token"])
    assert answer.status_code == 200
    assert list(answer.json()) == ["username", "email", "created_at", "updated_at"]
    assert answer.json()["username"] == name
    assert answer.json()["created_at"].endswith("Z")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}])
def test_without_a_bearer_token_one_is_not_authenticated(shared, headers):
    answer = shared.http.get("/user/me", headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"detail": "Not authenticated"})
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["x", "a.b.c", "é" * 3, "A" * 5000])
def test_a_bad_token_is_refused(shared, token):
    answer = shared.http.get("/user/me", headers={"Authorization": f"Bearer {token}".encode()})
    assert (answer.status_code, answer.json()) == (401, BAD_TOKEN)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_refresh_rotates_and_repeats_in_time(shared):
    _, first = shared.new_user()
    second = shared.refresh(first["refresh_token"])
    assert second.status_code == 200
    again = shared.refresh(first["refresh_token"])
    assert again.status_code == 200
    assert again.json()["refresh_token"] == second.json()["refresh_token"] != first["refresh_token"]
    assert again.json()["access_token"] != second.json()["access_token"]
    assert shared.me(again.json()["access_token"]).status_code == 200


def test_an_older_refresh_token_ends_the_session_at_once(shared):
    _, first = shared.new_user()
    second = shared.refresh(first["refresh_token"]).json()
    third = shared.refresh(second["refresh_token"]).json()
    reused = shared.refresh(first["refresh_token"])
    assert (reused.status_code, reused.json()) == (401, BAD_REFRESH)
    assert reused.headers["www-authenticate"] == "Bearer"
    assert shared.refresh(third["refresh_token"]).status_code == 401
    assert shared.me(third["access_token"]).status_code == 401


def test_simultaneous_refreshes_get_one_successor(shared):
    _, tokens = shared.new_user()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: shared.refresh(tokens["refresh_token"]), range(16)))
    assert {a.status_code for a in answers} == {200}
    assert len({a.json()["refresh_token"] for a in answers}) == 1


def test_neither_token_passes_for_the_other(shared):
    _, tokens = shared.new_user()
    refused = shared.refresh(tokens["access_token"])
    assert (refused.status_code, refused.json()) == (401, BAD_REFRESH)
    assert shared.me(tokens["refresh_token"]).json() == BAD_TOKEN


@pytest.mark.parametrize("command", ["disable", "delete"])
def test_disabling_or_deleting_a_user_stops_the_tokens_at_once(userd, command):
    name, tokens = userd.new_user()
    assert userd.run("users", command, name).returncode == 0
    assert userd.me(tokens["access_token"]).json() == BAD_TOKEN
    assert userd.refresh(tokens["refresh_token"]).json() == BAD_REFRESH
    assert userd.login(name).status_code == 401


def test_unknown_paths_methods_and_slashes(shared):
    assert shared.http.get("/nothing").json() == {"detail": "Not Found"}
    for method in ("GET", "PUT", "DELETE", "OPTIONS", "PATCH"):
        answer = shared.http.request(method, "/user/register")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert answer.json() == {"detail": "Method Not Allowed"}
    head = shared.http.head("/user/me")
    assert (head.status_code, head.content, head.headers["allow"]) == (405, b"", "GET")
    for path, location in (("/user/me/", "/user/me"), ("/user", "/user/"), ("/user/me/?a=b", "/user/me?a=b")):
        answer = shared.http.get(path, headers={"Host": "evil.example"})
        assert (answer.status_code, answer.headers["location"], answer.content) == (307, location, b"")


def test_greetings_and_documents(shared):
    assert shared.http.get("/").json() == {"Message": "User App running :-}"}
    assert shared.http.get("/user/").json() == {"Message": "User Page running :-}"}
    assert shared.http.get("/openapi.json").json()["openapi"].startswith("3.1")
    for page in ("/docs", "/redoc"):
        answer = shared.http.get(page)
        assert answer.status_code == 200
        assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_metrics_are_on_the_management_address_only(shared):
    assert shared.http.get("/metrics").status_code == 404
    text = shared.management.get("/metrics").text
    for name in ("userd_http_requests_total", "userd_hash_queue_depth", "userd_outbox_events", "userd_sessions"):
        assert name in text
    assert shared.management.get("/health/live").json() == {"status": "ok"}


@pytest.mark.parametrize("sent, kept", [("abc-DEF_1.2", True), ("a b", False), ("x" * 129, False), ("", False)])
def test_request_ids_are_kept_when_well_formed(shared, sent, kept):
    answer = shared.http.get("/", headers={"X-Request-ID": sent})
    assert (answer.headers["x-request-id"] == sent) == kept
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_cors_names_allowed_origins_only(make_userd):
    server = make_userd(CORS_ALLOWED_ORIGINS="https://shop.example").start()
    preflight = {"Access-Control-Request-Method": "POST"}
    good = server.http.options("/user/login", headers={"Origin": "https://shop.example", **preflight})
    assert (good.status_code, good.headers["access-control-allow-origin"]) == (204, "https://shop.example")
    bad = server.http.options("/user/login", headers={"Origin": "https://evil.example", **preflight})
    assert bad.status_code == 405
    assert "access-control-allow-origin" not in bad.headers


def test_no_password_or_token_enters_the_log(userd):
    name, tokens = userd.new_user()
    userd.me(tokens["access_token"])
    userd.http.get("/user/me?access_token=" + tokens["access_token"])
    userd.refresh(tokens["refresh_token"])
    userd.login(name, "a wrong password")
    log = userd.log()
    assert '"path":"/user/login/refresh"' in log
    for secret in (PASSWORD, "a wrong password", tokens["access_token"], tokens["refresh_token"]):
        assert secret not in log
