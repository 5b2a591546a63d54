"""Other services ask about tokens (RFC 7662) and end them (RFC 7009)."""
import base64
import json

import jwt
import pytest

from support.backends import new_server
from support.callers import Service, log_out

PATHS = ["/token/introspect", "/token/revoke"]
FOREIGN_SECRET = "b7Hk2pQz9vXw4Rt6Ym1Ns8Ld3Fg5Jc0A-test-key"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = new_server(tmp_path_factory.mktemp("introspection"), LOG_LEVEL="trace", LOG_FORMAT="json",
                   REGISTRATION_LIMIT="off").start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def service(server):
    return Service(server, "orders")


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


def basic(name, secret):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def assert_oauth_error(answer, status, error):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert set(body) == {"error", "error_description"} and body["error"] == error
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize("credentials", ["basic", "form"])
def test_an_active_access_token_is_described(server, service, credentials):
    name, tokens = server.new_user()
    token = tokens["access_token"]
    form = {"token": token, "token_type_hint": "refresh_token"}  # a hint, wrong ones do no harm
    if credentials == "basic":
        answer = server.http.post("/token/introspect", data=form, auth=(service.name, service.secret))
    else:
        form |= {"client_id": service.name, "client_secret": service.secret}
        answer = server.http.post("/token/introspect", data=form)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    claims = claims_of(token)
    assert answer.json() == {"active": True, "token_type": "Bearer", **claims}
    assert set(claims) == {"iss", "aud", "sub", "sid", "username", "jti", "iat", "exp"}
    assert claims["username"] == name


def test_an_active_refresh_token_is_described_and_not_spent(server, service):
    name, tokens = server.new_user()
    token = tokens["refresh_token"]
    for _ in range(2):
        assert service.introspect(token) == {
            "active": True, "token_type": "refresh_token", "username": name, **claims_of(token)}
    assert server.refresh(token).status_code == 200


def foreign_tokens(make_userd):
    other = make_userd("other").start()
    tokens = other.new_user()[1]
    hmac = make_userd("hmac", JWT_ALGORITHM="HS256", SECRET_KEY=FOREIGN_SECRET).start().new_user()[1]
    return [*tokens.values(), *hmac.values()]


def test_nothing_is_told_of_a_token_that_is_not_good(server, service, make_userd):
    _, tokens = server.new_user()
    head, payload, _ = tokens["access_token"].split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode().rstrip("=")
    bad = ["garbage", "a.b.c", "..", " ", "\u00fc", "x" * 20000, f"{none}.{payload}.", f"{head}.{payload}.",
           tokens["access_token"] + "=", tokens["access_token"][:-4], tokens["token_type"],
           *foreign_tokens(make_userd)]
    for token in bad:
        answer = service.ask("/token/introspect", token)
        assert (answer.status_code, answer.content) == (200, b'{"active":false}'), token
        assert answer.headers["cache-control"] == "no-store"


def test_a_spent_refresh_token_is_inactive_and_asking_does_no_harm(server, service):
    _, tokens = server.new_user()
    successor = server.refresh(tokens["refresh_token"]).json()
    assert service.introspect(tokens["refresh_token"]) == {"active": False}
    assert service.introspect(successor["refresh_token"])["active"] is True
    assert service.introspect(tokens["access_token"])["active"] is True
    newest = server.refresh(successor["refresh_token"])
    assert newest.status_code == 200
    assert service.introspect(tokens["refresh_token"]) == {"active": False}
    assert service.introspect(newest.json()["refresh_token"])["active"] is True


@pytest.mark.parametrize("how", ["logout", "logout everywhere", "disable", "delete"])
def test_an_ended_sessions_tokens_are_inactive_at_once(server, service, how):
    name, tokens = server.new_user()
    pair = (tokens["access_token"], tokens["refresh_token"])
    assert [service.introspect(token)["active"] for token in pair] == [True, True]
    if how.startswith("logout"):
        assert log_out(server, tokens["access_token"], everywhere="everywhere" in how).status_code == 204
    else:
        assert server.run("users", how, name).returncode == 0
    assert [service.introspect(token) for token in pair] == [{"active": False}] * 2


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_its_session_and_no_other(server, service, kind):
    name, tokens = server.new_user()
    other = server.login(name).json()
    answer = service.revoke(tokens[kind])
    assert (answer.status_code, answer.content, answer.headers["cache-control"]) == (200, b"", "no-store")
    assert server.me(tokens["access_token"]).status_code == 401
    assert server.refresh(tokens["refresh_token"]).status_code == 401
    assert service.introspect(tokens["access_token"]) == {"active": False}
    assert service.revoke(tokens[kind]).status_code == 200
    assert server.me(other["access_token"]).status_code == 200
    assert server.refresh(other["refresh_token"]).status_code == 200


def test_revoking_garbage_is_no_error_and_ends_nothing(server, service):
    _, tokens = server.new_user()
    head, payload, signature = tokens["access_token"].split(".")
    for token in ("garbage", f"{head}.{payload}.", f"{head}.{payload}.{signature[::-1]}"):
        answer = service.revoke(token)
        assert (answer.status_code, answer.content) == (200, b"")
    assert server.me(tokens["access_token"]).status_code == 200


def bad_credentials(service):
    wrong = service.secret[:-1] + ("A" if service.secret[-1] != "A" else "B")
    return [(service.name, wrong), (service.name, ""), (service.name, service.secret + "\0"),
            (service.name.upper(), service.secret), ("nobody", service.secret), ("", service.secret), ("", ""),
            ("' OR 1=1 --", service.secret)]


@pytest.mark.parametrize("path", PATHS)
def test_without_good_credentials_an_active_and_a_bad_token_look_alike(server, service, path):
    _, tokens = server.new_user()
    answers = []
    for token in (tokens["access_token"], tokens["refresh_token"], "garbage"):
        for name, secret in bad_credentials(service):
            answers.append(server.http.post(path, data={"token": token}, headers=basic(name, secret)))
            form = {"token": token, "client_id": name, "client_secret": secret}
            answers.append(server.http.post(path, data=form))
        for headers in ({}, {"Authorization": "Basic"}, {"Authorization": "Basic ???"},
                        {"Authorization": f"Basic {base64.b64encode(b'no-colon').decode()}"},
                        {"Authorization": f"Bearer {tokens['access_token']}"}):
            answers.append(server.http.post(path, data={"token": token}, headers=headers))
    for answer in answers:
        assert_oauth_error(answer, 401, "invalid_client")
    assert len({answer.content for answer in answers}) == 1
    assert server.me(tokens["access_token"]).status_code == 200
    assert server.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_credentials_given_twice_are_refused(server, service, path):
    _, tokens = server.new_user()
    auth = (service.name, service.secret)
    for extra in ({"client_id": service.name, "client_secret": service.secret}, {"client_id": service.name},
                  {"client_secret": service.secret}):
        answer = server.http.post(path, data={"token": tokens["access_token"], **extra}, auth=auth)
        assert_oauth_error(answer, 400, "invalid_request")
    assert server.me(tokens["access_token"]).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_what_is_no_form_with_one_token_is_refused(server, service, path):
    _, tokens = server.new_user()
    token, form = tokens["access_token"], "application/x-www-form-urlencoded"
    for body, content_type in (
            ("", form), ("token=", form), ("token_type_hint=access_token", form), (f"Token={token}", form),
            (f"token={token}&token={token}", form), ("token=%FF", form), (json.dumps({"token": token}), form),
            (json.dumps({"token": token}), "application/json"), (f"token={token}", "text/plain"),
            (f"token={token}", "multipart/form-data; boundary=x"), (f"token={token}", None)):
        headers = basic(service.name, service.secret) | ({"Content-Type": content_type} if content_type else {})
        answer = server.http.post(path, content=body, headers=headers)
        assert_oauth_error(answer, 400, "invalid_request")
    assert server.me(token).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_a_token_in_the_query_is_not_looked_at(server, service, path):
    _, tokens = server.new_user()
    answer = server.http.post(path, params={"token": tokens["access_token"]}, data={"token_type_hint": "x"},
                              auth=(service.name, service.secret))
    assert_oauth_error(answer, 400, "invalid_request")
    get = server.http.get(path, params={"token": tokens["access_token"]}, auth=(service.name, service.secret))
    assert (get.status_code, get.headers["allow"]) == (405, "POST")
    assert server.me(tokens["access_token"]).status_code == 200
