"""Clients that refresh, log out and end one session at once."""
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import jwt
import pytest

from support.backends import new_server
from support.callers import Service, bearer, log_out
from support.userd import PASSWORD

CLIENTS = 32


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = new_server(tmp_path_factory.mktemp("races"), LOGIN_LIMITS="off", REGISTRATION_LIMIT="off").start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def service(server):
    return Service(server, "races")


def at_once(server, acts) -> list[list[httpx.Response]]:
    """Each act on a connection of its own, all begun together."""
    ready = threading.Barrier(len(acts))

    def run(act):
        with httpx.Client(base_url=server.http.base_url, timeout=60, trust_env=False) as client:
            client.get("/user/")
            ready.wait(60)
            return act(client)

    with ThreadPoolExecutor(len(acts)) as pool:
        answers = list(pool.map(run, acts))
    assert all(answer.status_code < 500 for each in answers for answer in each)
    return answers


def refreshing(token, times):
    """Goes on with what it gets."""
    def act(client):
        answers, current = [], token
        for _ in range(times):
            answers.append(client.post("/user/login/refresh", json={"old_refresh_token": current}))
            if answers[-1].status_code != 200:
                break
            current = answers[-1].json()["refresh_token"]
        return answers
    return act


def ending(method, path, token):
    return lambda client: [client.request(method, path, headers=bearer(token))]


def tokens_of(first, answers):
    good = [answer.json() for each in answers for answer in each
            if answer.status_code == 200 and "refresh_token" in answer.text]
    return ({first["access_token"], *(pair["access_token"] for pair in good)},
            {first["refresh_token"], *(pair["refresh_token"] for pair in good)})


def assert_nothing_works(server, service, access, refresh):
    assert {server.me(token).status_code for token in access} == {401}
    assert {server.refresh(token).status_code for token in refresh} == {401}
    assert {service.introspect(token)["active"] for token in access | refresh} == {False}


def test_clients_that_refresh_one_token_at_once_get_one_successor(server, service):
    _, first = server.new_user()
    answers = at_once(server, [refreshing(first["refresh_token"], 1)] * CLIENTS)
    assert {answer.status_code for each in answers for answer in each} == {200}
    access, refresh = tokens_of(first, answers)
    assert len(refresh) == 2 and len(access) == 1 + CLIENTS
    live = [token for token in refresh if service.introspect(token)["active"]]
    assert live == list(refresh - {first["refresh_token"]})
    assert {server.me(token).status_code for token in access} == {200}
    assert log_out(server, first["access_token"]).status_code == 204
    assert_nothing_works(server, service, access, refresh)


@pytest.mark.parametrize("attempt", range(3))
def test_clients_that_go_on_refreshing_at_once_leave_one_live_token_at_most(server, service, attempt):
    _, first = server.new_user()
    answers = at_once(server, [refreshing(first["refresh_token"], 4)] * CLIENTS)
    access, refresh = tokens_of(first, answers)
    live = [token for token in refresh if service.introspect(token)["active"]]
    assert len(live) <= 1
    # Access tokens live and die with the session, all of them.
    assert {server.me(token).status_code for token in access} == {200 if live else 401}
    log_out(server, first["access_token"])
    assert_nothing_works(server, service, access, refresh)


@pytest.mark.parametrize("attempt", range(3))
def test_after_a_race_of_refreshing_and_ending_no_token_works_and_other_sessions_do(server, service, attempt):
    name, first = server.new_user()
    other, bystander = server.login(name).json(), server.new_user()[1]
    session = jwt.decode(first["access_token"], options={"verify_signature": False})["sid"]
    ends = [ending("POST", "/user/logout", first["access_token"]),
            ending("DELETE", f"/user/sessions/{session}", other["access_token"])]
    answers = at_once(server, [refreshing(first["refresh_token"], 3)] * (CLIENTS - 8) + ends * 4)
    ended = [answer.status_code for each in answers[CLIENTS - 8:] for answer in each]
    assert set(ended) <= {204, 401, 404}
    assert_nothing_works(server, service, *tokens_of(first, answers))
    for tokens in (other, bystander):
        assert server.me(tokens["access_token"]).status_code == 200
        assert server.refresh(tokens["refresh_token"]).status_code == 200


def test_after_a_race_of_logins_refreshes_and_logout_everywhere_only_later_logins_live(server, service):
    name, first = server.new_user()

    def log_in(client):
        return [client.post("/user/login", json={"username": name, "password": PASSWORD})]

    acts = [refreshing(first["refresh_token"], 3)] * 20 + [log_in] * 6
    answers = at_once(server, acts + [ending("POST", "/user/logout/all", first["access_token"])] * 6)
    access, refresh = tokens_of(first, answers)
    live = {token for token in refresh if service.introspect(token)["active"]}
    later = {answer.json()["refresh_token"] for each in answers[20:26] for answer in each}
    assert live <= later
    assert_nothing_works(server, service, {first["access_token"]}, {first["refresh_token"]})
    answer = server.login(name).json()
    assert log_out(server, answer["access_token"], everywhere=True).status_code == 204
    assert_nothing_works(server, service, access, refresh)
