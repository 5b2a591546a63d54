"""Every row of the contract's table that a well-formed request can reach."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import httpx
import pytest

from support.accounts import Account, log_in, me, new_account, refresh, register
from support.userd import Userd

RFC3339_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
BAD_CREDENTIALS = b'{"detail":"Invalid username or password"}'


def test_registration_answers_as_the_replaced_service_did(client: httpx.Client):
    answer = client.post("/user/register", json=new_account().json())
    assert answer.status_code == 200
    assert answer.content == b'{"message":"New User Created Successfully"}'
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("field", ["username", "email"])
@pytest.mark.parametrize("change", [str, str.upper, str.title])
def test_taken_in_any_letter_case_is_a_conflict(client: httpx.Client, account: Account, field: str, change):
    body = new_account().json() | {field: change(getattr(account, field))}
    answer = client.post("/user/register", json=body)
    assert answer.status_code == 409
    assert answer.content == b'{"detail":"User with these credentials already exists"}'


@pytest.mark.parametrize("field", ["username", "email"])
def test_of_concurrent_registrations_one_wins(server: Userd, field: str):
    contested = getattr(new_account(), field)
    bodies = [new_account().json() | {field: contested.upper() if i % 2 else contested} for i in range(16)]

    def send(body: dict) -> int:
        with server.client() as client:
            return client.post("/user/register", json=body).status_code

    with ThreadPoolExecutor(len(bodies)) as pool:
        statuses = sorted(pool.map(send, bodies))
    assert statuses == [200] + [409] * 15


def test_login_takes_json_and_the_oauth2_form_username_and_email(client: httpx.Client, account: Account):
    for name in (account.username, account.username.upper(), account.email, account.email.upper()):
        json_answer = client.post("/user/login", json={"username": name, "password": account.password})
        form = {"grant_type": "password", "username": name, "password": account.password, "scope": ""}
        form_answer = client.post("/user/login", data=form)
        for answer in (json_answer, form_answer):
            assert answer.status_code == 200, answer.text
            assert list(answer.json()) == ["access_token", "token_type", "refresh_token"]
            assert answer.json()["token_type"] == "bearer"
            assert answer.headers["cache-control"] == "no-store"


def test_failed_logins_get_the_same_bytes(server: Userd, client: httpx.Client, account: Account):
    disabled = register(client)
    assert server.command("users", "disable", disabled.username).returncode == 0
    attempts = [
        (account.username, "not the password"),
        (new_account().username, account.password),
        (f"{new_account().username}@example.com", account.password),
        (disabled.username, disabled.password),
        (account.username, account.password + " "),
        (account.username, account.password[:-1]),
        (account.username, ""),
        ("", account.password),
    ]
    seen = set()
    for name, password in attempts:
        answer = client.post("/user/login", json={"username": name, "password": password})
        assert (answer.status_code, answer.content) == (401, BAD_CREDENTIALS), name
        varying = {"date", "x-request-id"}
        seen.add(tuple((k, v) for k, v in answer.headers.items() if k not in varying))
    assert len(seen) == 1


def test_profile_tells_name_email_and_times_only(client: httpx.Client):
    before = datetime.now(timezone.utc) - timedelta(seconds=2)
    account = new_account()
    body = account.json() | {"email": account.email.replace("example.com", "EXAMPLE.com")}
    assert client.post("/user/register", json=body).status_code == 200
    answer = me(client, log_in(client, account)["access_token"])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    profile = answer.json()
    assert list(profile) == ["username", "email", "created_at", "updated_at"]
    assert (profile["username"], profile["email"]) == (account.username, account.email)
    for name in ("created_at", "updated_at"):
        assert RFC3339_UTC.fullmatch(profile[name])
        assert before <= datetime.fromisoformat(profile[name]) <= datetime.now(timezone.utc) + timedelta(seconds=2)


def test_a_login_changes_no_time_of_the_profile(client: httpx.Client, account: Account):
    first = me(client, log_in(client, account)["access_token"]).json()
    assert me(client, log_in(client, account)["access_token"]).json() == first


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Token abc", "Bearerabc", "abc"]
)
def test_without_a_bearer_token_nobody_is_authenticated(client: httpx.Client, authorization: str | None):
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = client.get("/user/me", headers=headers)
    assert (answer.status_code, answer.content) == (401, b'{"detail":"Not authenticated"}')
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "BeArEr"])
def test_the_scheme_has_no_letter_case(client: httpx.Client, account: Account, scheme: str):
    token = log_in(client, account)["access_token"]
    assert client.get("/user/me", headers={"Authorization": f"{scheme} {token}"}).status_code == 200


@pytest.mark.parametrize("token", ["abc", "a.b.c", "..", "e30.e30.", "x" * 5000])
def test_a_bad_token_is_not_validated(client: httpx.Client, token: str):
    answer = me(client, token)
    assert (answer.status_code, answer.content) == (401, b'{"detail":"Could not validate credentials"}')
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["", "abc", "a.b.c", "x" * 5000, "\u00fc.\u00fc.\u00fc"])
def test_a_bad_refresh_token_asks_for_a_login(client: httpx.Client, token: str):
    answer = refresh(client, token)
    assert (answer.status_code, answer.content) == (401, b'{"detail":"Invalid token, Please login again"}')
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("path", "body"),
    [("/", b'{"Message":"User App running :-}"}'), ("/user/", b'{"Message":"User Page running :-}"}')],
)
def test_greetings(client: httpx.Client, path: str, body: bytes):
    answer = client.get(path)
    assert (answer.status_code, answer.content) == (200, body)


def test_health_on_both_addresses(server: Userd, client: httpx.Client):
    for url in (server.url, server.management_url):
        live = httpx.get(url + "/health/live", trust_env=False)
        assert (live.status_code, live.headers["content-type"]) == (200, "application/json")
        ready = httpx.get(url + "/health/ready", trust_env=False)
        assert ready.status_code == 200
        assert ready.json()["checks"]["database"] == {"status": "ok"}


def test_metrics_are_on_the_management_address_only(server: Userd, client: httpx.Client, account: Account):
    assert client.get("/metrics").status_code == 404
    before = server.metrics()
    log_in(client, account)
    client.post("/user/login", json={"username": account.username, "password": "wrong password"})
    after = server.metrics()
    assert after["userd_logins_total"] == before["userd_logins_total"] + 1
    assert after["userd_login_failures_total"] == before["userd_login_failures_total"] + 1
    route = 'userd_http_requests_total{server="api",route="/user/login",status="%d"}'
    for status in (200, 401):
        assert after[route % status] == before.get(route % status, 0) + 1
    names = {name.split("{")[0] for name in after}
    for expected in (
        "userd_http_request_seconds_bucket",
        "userd_hash_queue_depth",
        "userd_hash_wait_seconds_bucket",
        "userd_outbox_events",
        "userd_outbox_oldest_seconds",
        "userd_event_delivery_errors_total",
        "userd_sessions",
    ):
        assert expected in names


def test_the_management_address_serves_no_api(server: Userd):
    answer = httpx.post(server.management_url + "/user/login", json={}, trust_env=False)
    assert answer.status_code == 404
