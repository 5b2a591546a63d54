"""Unknown paths, other methods, trailing slashes, and the headers that every answer carries."""

import re

import httpx
import pytest

from support.raw_http import Connection, exchange
from support.userd import Userd

NEW_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


@pytest.mark.parametrize("path", ["/nothing", "/user/nobody", "/docs/assets/", "/user/me/x", "//", "/USER/me", "/user//me"])
def test_unknown_path(client: httpx.Client, path: str):
    answer = client.get(client.base_url.copy_with(raw_path=path.encode()))
    assert (answer.status_code, answer.content) == (404, b'{"detail":"Not Found"}')


@pytest.mark.parametrize(
    ("path", "allow"),
    [("/user/register", "POST"), ("/user/login", "POST"), ("/user/login/refresh", "POST"), ("/user/me", "GET"), ("/", "GET")],
)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_known_path_other_method(client: httpx.Client, path: str, allow: str, method: str):
    if method == allow:
        return
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)
    assert answer.headers["content-type"] == "application/json"
    assert answer.content == (b"" if method == "HEAD" else b'{"detail":"Method Not Allowed"}')


def test_after_a_head_the_connection_stays_in_step(server: Userd):
    with Connection(server.port) as connection:
        connection.send(b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert connection.read(has_body=False).status == 405
        assert connection.read().status == 200


def test_options_of_the_whole_server_is_answered(server: Userd):
    answer, _ = exchange(server.port, b"OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert answer.status in (404, 405)


@pytest.mark.parametrize(
    ("method", "path", "location"),
    [
        ("GET", "/user", "/user/"),
        ("GET", "/user?x=1&y=%2F", "/user/?x=1&y=%2F"),
        ("GET", "/user/me/", "/user/me"),
        ("POST", "/user/login/?next=http://evil.example", "/user/login?next=http://evil.example"),
        ("POST", "/user/register/", "/user/register"),
        ("DELETE", "/user/me/", "/user/me"),
    ],
)
def test_one_slash_too_many_or_too_few_redirects_relatively(client: httpx.Client, method: str, path: str, location: str):
    answer = client.request(method, path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert (answer.status_code, answer.headers["location"], answer.content) == (307, location, b"")


@pytest.mark.parametrize("path", ["//evil.example", "//evil.example/", "/\\evil.example/", "/user/me//"])
def test_a_redirect_leads_nowhere_else(server: Userd, path: str):
    answer, _ = exchange(server.port, f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
    assert answer.status in (400, 404)
    assert "location" not in answer.headers


@pytest.mark.parametrize("sent", ["a", "A-Z_0.9", "x" * 128])
def test_a_good_request_id_is_echoed(client: httpx.Client, sent: str):
    assert client.get("/", headers={"X-Request-ID": sent}).headers["x-request-id"] == sent


@pytest.mark.parametrize("sent", [None, "", "x" * 129, "a b", "a,b", "<script>", "a\tb", b"\xc3\xbc"])
def test_another_request_id_is_replaced_by_a_new_one(client: httpx.Client, sent):
    headers = {} if sent is None else {"X-Request-ID": sent}
    ids = {client.get("/", headers=headers).headers["x-request-id"] for _ in range(2)}
    assert len(ids) == 2
    assert sent not in ids
    assert all(NEW_ID.fullmatch(made) for made in ids)


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/user", "/user/me", "/user/login", "/nothing", "/docs", "/health/live"])
def test_every_answer_has_an_id_and_nosniff(client: httpx.Client, method: str, path: str):
    answer = client.request(method, path)
    assert NEW_ID.fullmatch(answer.headers["x-request-id"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers


class TestCors:
    ORIGIN = "https://shop.example"
    PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}

    @staticmethod
    def cors_headers(answer: httpx.Response) -> set[str]:
        return {name for name in answer.headers if name.startswith("access-control")}

    def test_by_default_no_origin_may_call(self, client: httpx.Client):
        assert not self.cors_headers(client.get("/", headers={"Origin": self.ORIGIN}))
        preflight = client.options("/user/login", headers={"Origin": self.ORIGIN, **self.PREFLIGHT})
        assert preflight.status_code == 405
        assert not self.cors_headers(preflight)

    def test_named_origins_may(self, make_userd):
        userd = make_userd(CORS_ALLOWED_ORIGINS=f"{self.ORIGIN}, http://localhost:3000").start()
        with userd.client() as client:
            for origin in (self.ORIGIN, "http://localhost:3000"):
                answer = client.get("/user/me", headers={"Origin": origin})
                assert answer.status_code == 401
                assert answer.headers["access-control-allow-origin"] == origin
                assert "Origin" in answer.headers["vary"]
                preflight = client.options("/user/login", headers={"Origin": origin, **self.PREFLIGHT})
                assert preflight.status_code in (200, 204)
                assert preflight.headers["access-control-allow-origin"] == origin
                assert "POST" in preflight.headers["access-control-allow-methods"]
                assert "content-type" in preflight.headers["access-control-allow-headers"].lower()
                assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
            for origin in ("https://evil.example", "https://shop.example.evil", "http://shop.example", "null"):
                assert not self.cors_headers(client.get("/", headers={"Origin": origin}))
                preflight = client.options("/user/login", headers={"Origin": origin, **self.PREFLIGHT})
                assert "access-control-allow-origin" not in preflight.headers
