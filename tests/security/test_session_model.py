"""The server against a simple reference of sessions, step by step."""
import time
from dataclasses import dataclass, field

import jwt
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from support.backends import new_server
from support.callers import Service, end_session, log_out, sessions_of
from support.properties import at_most
from support.userd import Userd, unique_name

REPEAT_SECONDS = 10
USERS = 2
WAYS_TO_END = ["log_out", "log_out_everywhere", "end_by_id", "revoke", "logout", "disable"]
EXAMPLES = 12
LOGINS = 5  # of an example: each costs a hash


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = new_server(tmp_path_factory.mktemp("model"), LOGIN_LIMITS="off", REGISTRATION_LIMIT="off").start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def service(server):
    return Service(server, "model")


@dataclass
class User:
    name: str
    disabled: bool = False
    deleted: bool = False


@dataclass
class Session:
    """The reference: the newest of `refresh` is the current generation."""
    user: User
    id: str
    access: list[str]
    refresh: list[str]
    alive: bool = True
    rotated: float = field(default_factory=time.monotonic)


class Sessions(RuleBasedStateMachine):
    server: Userd
    service: Service
    pool: list[User] = []  # registrations cost a hash, so examples share users

    def __init__(self):
        super().__init__()
        self.sessions: list[Session] = []
        kept = [user for user in self.pool if not user.deleted]
        while len(kept) < USERS:
            kept.append(User(unique_name()))
            assert self.server.register(kept[-1].name).status_code == 200
        type(self).pool = self.users = kept

    def teardown(self):
        for user in self.users:
            if not user.deleted and self.of(user):
                self.administer("logout", user)
            if user.disabled:
                self.administer("enable", user)
                user.disabled = False

    def administer(self, command, user):
        done = self.server.run("users", command, user.name)
        assert (done.returncode == 0) is not user.deleted, done.stderr

    def end(self, sessions):
        for session in sessions:
            session.alive = False

    def live(self):
        return [session for session in self.sessions if session.alive]

    def of(self, user):
        return [session for session in self.sessions if session.user is user]

    def chosen(self, data, at_least=1):
        """Of so many generations; mostly a live one."""
        found = [session for session in self.sessions if len(session.refresh) >= at_least]
        live = [session for session in found if session.alive]
        if live and data.draw(st.integers(0, 3)):
            found = live
        return data.draw(st.sampled_from(found))

    users_index = st.integers(0, USERS - 1)

    @precondition(lambda self: len(self.sessions) < LOGINS)
    @rule(index=users_index)
    def log_in(self, index):
        user = self.users[index]
        answer = self.server.login(user.name)
        assert answer.status_code == (401 if user.disabled or user.deleted else 200)
        if answer.status_code == 200:
            tokens = answer.json()
            session = jwt.decode(tokens["access_token"], options={"verify_signature": False})["sid"]
            self.sessions.append(Session(user, session, [tokens["access_token"]], [tokens["refresh_token"]]))

    @precondition(lambda self: self.sessions)
    @rule(data=st.data(), times=st.integers(1, 2))
    def refresh_current(self, data, times):
        session = self.chosen(data)
        for _ in range(times):
            self.refresh(session)

    def refresh(self, session):
        began = time.monotonic()
        answer = self.server.refresh(session.refresh[-1])
        assert answer.status_code == (200 if session.alive else 401)
        if session.alive:
            assert answer.json()["refresh_token"] not in session.refresh
            session.access.append(answer.json()["access_token"])
            session.refresh.append(answer.json()["refresh_token"])
            session.rotated = began

    @precondition(lambda self: any(len(session.refresh) >= 2 for session in self.sessions))
    @rule(data=st.data())
    def refresh_previous(self, data):
        session = self.chosen(data, at_least=2)
        answer = self.server.refresh(session.refresh[-2])
        if answer.status_code == 401 and time.monotonic() - session.rotated >= REPEAT_SECONDS:
            session.alive = False  # a slow machine: the repeat came late
        assert answer.status_code == (200 if session.alive else 401)
        if session.alive:
            assert answer.json()["refresh_token"] == session.refresh[-1]
            assert answer.json()["access_token"] not in session.access
            session.access.append(answer.json()["access_token"])

    @precondition(lambda self: any(len(session.refresh) >= 3 for session in self.sessions))
    @rule(data=st.data())
    def refresh_older(self, data):
        session = self.chosen(data, at_least=3)
        answer = self.server.refresh(data.draw(st.sampled_from(session.refresh[:-2])))
        assert answer.status_code == 401
        session.alive = False

    @precondition(lambda self: len(self.live()) >= 2)
    @rule(data=st.data(), how=st.sampled_from(WAYS_TO_END))
    def end_some(self, data, how):
        """One rule, so that the machine does not spend its steps on dead sessions."""
        if how in ("logout", "disable"):
            self.operator_ends_sessions(how, data.draw(st.sampled_from(self.users)))
        else:
            getattr(self, how)(data)

    def log_out(self, data, everywhere=False):
        session = self.chosen(data)
        answer = log_out(self.server, data.draw(st.sampled_from(session.access)), everywhere)
        assert answer.status_code == (204 if session.alive else 401)
        if session.alive:
            self.end(self.of(session.user) if everywhere else [session])

    def log_out_everywhere(self, data):
        self.log_out(data, everywhere=True)

    def end_by_id(self, data):
        by, target = self.chosen(data), self.chosen(data)
        answer = end_session(self.server, by.access[-1], target.id)
        is_own = target.alive and by.user is target.user
        assert answer.status_code == (401 if not by.alive else 204 if is_own else 404)
        if by.alive and is_own:
            self.end([target])

    def revoke(self, data):
        session = self.chosen(data)
        token = data.draw(st.sampled_from(session.access + session.refresh))
        assert self.service.revoke(token).status_code == 200
        self.end([session])

    def operator_ends_sessions(self, command, user):
        self.administer(command, user)
        user.disabled = user.disabled or (command == "disable" and not user.deleted)
        self.end(self.of(user))

    @precondition(lambda self: any(user.disabled for user in self.users))
    @rule()
    def enable(self):
        for user in self.users:
            if user.disabled:
                self.administer("enable", user)
                user.disabled = False

    @precondition(lambda self: len(self.sessions) == LOGINS and not self.users[0].deleted)
    @rule()
    def delete(self):
        user = self.users[0]
        self.administer("delete", user)
        user.deleted, user.disabled = True, False
        self.end(self.of(user))

    @invariant()
    def which_tokens_work_is_as_in_the_reference(self):
        for session in self.sessions:
            for token in session.access:
                assert self.server.me(token).status_code == (200 if session.alive else 401)
                assert self.service.introspect(token)["active"] is session.alive
            for token in session.refresh:
                is_current = session.alive and token == session.refresh[-1]
                assert self.service.introspect(token)["active"] is is_current

    @invariant()
    def each_user_sees_exactly_the_own_live_sessions(self):
        for session in self.sessions:
            if session.alive:
                shown = sessions_of(self.server, session.access[0])
                known = {other.id for other in self.of(session.user) if other.alive}
                assert {row["id"] for row in shown} == known
                assert [row["id"] for row in shown if row["current"]] == [session.id]


def test_the_server_agrees_with_the_reference(server, service):
    Sessions.server, Sessions.service, Sessions.pool = server, service, []
    run_state_machine_as_test(Sessions, settings=settings(at_most(EXAMPLES), stateful_step_count=20))
