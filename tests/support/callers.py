"""Callers of the API beside the owner of a token: clients behind a proxy, and other services."""
import json

from support.userd import PASSWORD

PROXY = {"TRUSTED_PROXIES": "127.0.0.1"}  # the tests' own address


def bearer(token: str) -> dict:
    return {"Authorization": f"Bearer {token}"}


def from_address(address: str | None) -> dict:
    """As the proxy forwards that client."""
    return {} if address is None else {"X-Forwarded-For": address}


def log_in_from(server, address: str | None, name: str, password: str = PASSWORD, **headers: str):
    body = {"username": name, "password": password}
    return server.http.post("/user/login", json=body, headers={**from_address(address), **headers})


def register_from(server, address: str | None, name: str):
    body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
    return server.http.post("/user/register", json=body, headers=from_address(address))


def sessions_of(server, token: str) -> list[dict]:
    answer = server.http.get("/user/sessions", headers=bearer(token))
    assert answer.status_code == 200, answer.text
    return answer.json()


def end_session(server, token: str, session: str):
    return server.http.delete(f"/user/sessions/{session}", headers=bearer(token))


def log_out(server, token: str, everywhere: bool = False):
    return server.http.post("/user/logout/all" if everywhere else "/user/logout", headers=bearer(token))


class Service:
    """Another service with credentials of its own."""

    def __init__(self, server, name: str) -> None:
        made = server.run("services", "add", name, "--json")
        assert made.returncode == 0, made.stderr
        credentials = json.loads(made.stdout)
        self.server, self.name, self.secret = server, credentials["client_id"], credentials["client_secret"]

    def ask(self, path: str, token: str):
        return self.server.http.post(path, data={"token": token}, auth=(self.name, self.secret))

    def introspect(self, token: str) -> dict:
        answer = self.ask("/token/introspect", token)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def revoke(self, token: str):
        return self.ask("/token/revoke", token)
