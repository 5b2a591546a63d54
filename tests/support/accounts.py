"""Users as callers make them: names nobody else has, registered, logged in."""

import itertools
import os
from dataclasses import dataclass

import httpx

_numbers = itertools.count(1)
_run = os.urandom(4).hex()


@dataclass(frozen=True)
class Account:
    username: str
    email: str
    password: str

    def json(self) -> dict:
        return {"username": self.username, "email": self.email, "password": self.password}


def new_account(password: str = "") -> Account:
    """Unique in this run; nothing is sent yet."""
    name = f"user-{_run}-{next(_numbers)}"
    return Account(name, f"{name}@example.com", password or f"pass word {name} ü")


def register(client: httpx.Client, account: Account | None = None) -> Account:
    account = account or new_account()
    answer = client.post("/user/register", json=account.json())
    assert answer.status_code == 200, answer.text
    return account


def log_in(client: httpx.Client, account: Account) -> dict:
    answer = client.post("/user/login", json={"username": account.username, "password": account.password})
    assert answer.status_code == 200, answer.text
    return answer.json()


def me(client: httpx.Client, access_token: str) -> httpx.Response:
    return client.get("/user/me", headers={"Authorization": f"Bearer {access_token}"})


def refresh(client: httpx.Client, refresh_token: str) -> httpx.Response:
    return client.post("/user/login/refresh", json={"old_refresh_token": refresh_token})
