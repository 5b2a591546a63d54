"""The calls whose cost is measured: each kind as a list of requests, and those that make them."""
import concurrent.futures
import dataclasses
import http.client
import itertools
import json
import random

from driver.population import Population
from driver.service import PASSWORD

CALLERS = 8
CALL_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Call:
    method: str
    path: str
    answer: int
    body: dict | None = None
    token: str | None = None


def registrations(population: Population, count: int) -> list[Call]:
    names = [f"n{random.getrandbits(48):012x}" for _ in range(count)]
    return [Call("POST", "/user/register", 200,
                 {"username": name, "email": f"{name}@example.com", "password": PASSWORD}) for name in names]


def logins(population: Population, count: int) -> list[Call]:
    return [Call("POST", "/user/login", 200, {"username": name, "password": PASSWORD}) for name in population.names(count)]


def wrong_passwords(population: Population, count: int) -> list[Call]:
    return [Call("POST", "/user/login", 401, {"username": name, "password": "wrong " + PASSWORD})
            for name in population.names(count)]


def profiles(population: Population, count: int) -> list[Call]:
    return [Call("GET", "/user/me", 200, token=token) for token in population.tokens(count)[0]]


def refreshes(population: Population, count: int) -> list[Call]:
    return [Call("POST", "/user/login/refresh", 200, {"old_refresh_token": token}) for token in population.tokens(count)[1]]


def logouts(population: Population, count: int) -> list[Call]:
    return [Call("POST", "/user/logout", 204, token=token) for token in population.tokens(count)[0]]


def make(calls: list[Call], port: int) -> None:
    """All of them, each from an address of its own, over a few connections."""
    addresses = itertools.count(1)
    numbered = [(next(addresses), call) for call in calls]
    with concurrent.futures.ThreadPoolExecutor(CALLERS) as callers:
        list(callers.map(lambda part: _make(part, port), (numbered[start::CALLERS] for start in range(CALLERS))))


def _make(calls: list[tuple[int, Call]], port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_SECONDS)
    for number, call in calls:
        headers = {"Content-Type": "application/json", "X-Forwarded-For": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"}
        if call.token:
            headers["Authorization"] = f"Bearer {call.token}"
        connection.request(call.method, call.path, json.dumps(call.body) if call.body else None, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != call.answer:
            raise RuntimeError(f"{call.path} answers {answer.status}: {text[:200]}")
    connection.close()
