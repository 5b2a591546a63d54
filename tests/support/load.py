"""Many clients at once that register, log in, refresh and read profiles, and a log of all they were told.

They stand outside: what they were told is held against the database and the topic afterwards.
"""
import asyncio
import base64
import json
import threading
import time
from dataclasses import dataclass

from support.http_client import Answer, Hung, HttpClient, Lost
from support.userd import PASSWORD, unique_name

BOUND = 40.0  # no answer for so long is a hanging request; HAProxy gives one after 30 s at the latest
REFRESHES = 12  # of one session, then a new user
THINK = 0.05
LONGEST_PAUSE = 1  # clients wait as long as Retry-After tells, but not beyond


@dataclass
class Told:
    """One request's end."""
    began: float
    ended: float
    operation: str
    status: int | str  # "lost": no whole answer, "hung": none within the bound
    retry_after: str | None = None


def claims_of(token: str) -> dict:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def session_of(tokens: dict) -> tuple[str, int]:
    """Its id and the generation of the refresh token."""
    session, _, generation = claims_of(tokens["refresh_token"])["jti"].rpartition(".")
    return session, int(generation)


class Load:
    """Runs in a thread of its own from start() to stop()."""

    def __init__(self, port: int, clients: int = 64, think: float = THINK) -> None:
        self.port, self.clients, self.think = port, clients, think
        self.told: list[Told] = []
        self.registered: set[str] = set()  # acknowledged
        self.unknown: set[str] = set()  # asked for, and never acknowledged nor refused for good
        self.generations: dict[str, int] = {}  # of each session, the highest acknowledged
        self.wrong: list[str] = []  # answers that nothing excuses
        # Sessions that ended since an answer was lost: the retry came too late, or the request was only held up (a
        # process that was frozen and goes on) and was served when its token had been used again.
        self.late_retries = 0
        self._doubtful: set[str] = set()  # sessions of which a refresh has an unknown outcome
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def start(self) -> "Load":
        self._thread.start()
        return self

    def stop(self) -> "Load":
        self._stopping.set()
        self._thread.join(2 * BOUND)
        assert not self._thread.is_alive(), "the load never came to its end"
        return self

    def __enter__(self) -> "Load":
        return self.start()

    def __exit__(self, *_) -> None:
        self.stop()

    def successes(self, *operations: str) -> int:
        return sum(told.status == 200 and (not operations or told.operation in operations) for told in self.told)

    async def _run(self) -> None:
        await asyncio.gather(*(self._client(number) for number in range(self.clients)))

    async def _client(self, number: int) -> None:
        http = HttpClient(self.port, BOUND)
        await asyncio.sleep(number * self.think / self.clients)
        while not self._stopping.is_set():
            name = unique_name("load")
            if await self._register(http, name):
                await self._session(http, name)
        http.close()

    async def _ask(self, http: HttpClient, operation: str, *request, **more) -> Answer | None:
        """None where it is unknown what became of the request."""
        await asyncio.sleep(self.think)
        began, answer, status = time.monotonic(), None, "lost"
        try:
            answer = await http.request(*request, **more)
            status = answer.status
        except Hung:
            status = "hung"
        except Lost:
            pass
        retry_after = answer.headers.get("retry-after") if answer else None
        self.told.append(Told(began, time.monotonic(), operation, status, retry_after))
        if status == 503 and retry_after is None:
            self.wrong.append(f"{operation}: 503 without Retry-After")
        elif status == 503:
            await asyncio.sleep(min(int(retry_after), LONGEST_PAUSE))
        return answer

    async def _register(self, http: HttpClient, name: str) -> bool:
        """Until it is known to be done: 409 after an unknown outcome is an acknowledgement too."""
        body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        unknown = False
        while not self._stopping.is_set():
            answer = await self._ask(http, "register", "POST", "/user/register", body=body)
            if answer and (answer.status == 200 or (answer.status == 409 and unknown)):
                self.registered.add(name)
                self.unknown.discard(name)
                return True
            if answer and answer.status not in (502, 503, 504):
                self.wrong.append(f"register: {answer.status} {answer.body[:200]!r}, unknown={unknown}")
                return False
            unknown = True
            self.unknown.add(name)
        return False

    async def _session(self, http: HttpClient, name: str) -> None:
        tokens = await self._log_in(http, name)
        for _ in range(REFRESHES):
            if tokens is None or self._stopping.is_set():
                return
            answer = await self._ask(http, "profile", "GET", "/user/me", token=tokens["access_token"])
            if answer and answer.status == 200 and answer.json()["username"] != name:
                self.wrong.append("profile: another user's")
            elif answer and answer.status == 401 and session_of(tokens)[0] in self._doubtful:
                self.late_retries += 1
                return
            elif answer and answer.status not in (200, 502, 503, 504):
                self.wrong.append(f"profile: {answer.status} {answer.body[:200]!r}")
            tokens = await self._refresh(http, tokens)

    async def _log_in(self, http: HttpClient, name: str) -> dict | None:
        while not self._stopping.is_set():
            answer = await self._ask(http, "login", "POST", "/user/login", body={"username": name, "password": PASSWORD})
            if answer and answer.status == 200:
                self._acknowledge(answer.json())
                return answer.json()
            if answer and answer.status not in (502, 503, 504):
                self.wrong.append(f"login: {answer.status} {answer.body[:200]!r}")
                return None
        return None

    async def _refresh(self, http: HttpClient, tokens: dict) -> dict | None:
        session = session_of(tokens)[0]
        while not self._stopping.is_set():
            answer = await self._ask(http, "refresh", "POST", "/user/login/refresh",
                                     body={"old_refresh_token": tokens["refresh_token"]})
            if answer and answer.status == 200:
                self._acknowledge(answer.json())
                return answer.json()
            if answer and answer.status == 401 and session in self._doubtful:
                self.late_retries += 1
                return None
            if answer and answer.status not in (502, 503, 504):
                self.wrong.append(f"refresh: {answer.status} {answer.body[:200]!r}")
                return None
            self._doubtful.add(session)
        return None

    def _acknowledge(self, tokens: dict) -> None:
        session, generation = session_of(tokens)
        self.generations[session] = max(generation, self.generations.get(session, 0))
