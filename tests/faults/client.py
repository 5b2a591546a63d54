"""The client outside: registers, changes and deletes users and refreshes sessions while faults come, and logs it all."""
import asyncio
import contextlib
import os
import random
import re

from faults.log import Log, Operation
from support import userd as subject
from support.http_client import HttpClient, Lost
from support.load import claims_of
from support.userd import PASSWORD, unique_name

ANSWER_SECONDS = 15.0
COMMAND_SECONDS = 15.0
BACK_OFF = 0.5
REGISTRARS, CHANGERS, REFRESHERS = 6, 3, 3
BUSY = (502, 503, 504)


class Client:
    def __init__(self, server, log: Log, seed: int, command_environment: dict[str, str], think: float = 0.1) -> None:
        self.server, self.log, self.think = server, log, think
        self.random = random.Random(seed)
        self.command_environment = command_environment
        self.in_flight = 0  # registrations
        self._stopping = False
        self._to_change: list[str] = []
        self._to_refresh: list[str] = []
        self._tasks: list[asyncio.Task] = []

    def start(self) -> None:
        for work, count in ((self._register, REGISTRARS), (self._change, CHANGERS), (self._refresh, REFRESHERS)):
            self._tasks += [asyncio.create_task(self._for_ever(work)) for _ in range(count)]

    async def stop(self) -> None:
        """Ends when each request under way has its outcome."""
        self._stopping = True
        await asyncio.gather(*self._tasks)

    async def _for_ever(self, work) -> None:
        http = HttpClient(self.server.port, ANSWER_SECONDS)
        while not self._stopping:
            await asyncio.sleep(self.random.uniform(0, 2 * self.think))
            await work(http)
        http.close()

    async def _ask(self, http: HttpClient, path: str, body: dict, operation: Operation | None):
        """The answer if it is a 200; the operation's outcome stays unknown where it is."""
        try:
            answer = await http.request("POST", path, body=body)
        except Lost as lost:
            if operation is not None and not lost.sent:
                operation.outcome = "not sent"
            return None
        if answer.status == 200:
            return answer.json()
        if operation is not None and answer.status not in BUSY:
            operation.outcome = "refused"
            self.log.wrong.append(f"{operation.kind} of {operation.user}: {answer.status} {answer.body[:200]!r}")
        return None

    async def _register(self, http: HttpClient) -> None:
        name = unique_name("f")
        operation = self.log.begin("register", name, f"{name}@example.com")
        self.in_flight += 1
        body = {"username": name, "email": operation.value, "password": PASSWORD}
        answer = await self._ask(http, "/user/register", body, operation)
        self.in_flight -= 1
        if answer is None:
            await asyncio.sleep(BACK_OFF)
            return
        operation.outcome, operation.version = "acknowledged", 1
        # Each user belongs to one worker at a time, so that its operations have an order.
        waiting = self.random.choice((self._to_change, self._to_refresh))
        waiting.append(name)
        if len(waiting) > 50:
            waiting.pop(0)

    async def _refresh(self, http: HttpClient) -> None:
        if not self._to_refresh:
            return
        name = self._to_refresh.pop()
        tokens = await self._ask(http, "/user/login", {"username": name, "password": PASSWORD}, None)
        for _ in range(6):
            if tokens is None or self._stopping:
                return
            session = claims_of(tokens["refresh_token"])["jti"].rpartition(".")[0]
            operation = self.log.begin("refresh", name, session)
            tokens = await self._ask(http, "/user/login/refresh", {"old_refresh_token": tokens["refresh_token"]}, operation)
            if tokens is not None:
                operation.outcome = "acknowledged"
                operation.version = int(claims_of(tokens["refresh_token"])["jti"].rpartition(".")[2])
        self._to_change.append(name)

    async def _change(self, _: HttpClient) -> None:
        if not self._to_change:
            return
        name = self._to_change.pop()
        for number in range(self.random.randint(1, 4)):
            kind = self.random.choice(("set-email", "set-email", "disable", "enable"))
            value = f"{name}.{number}.{self.random.randrange(1 << 32):08x}@example.com" if kind == "set-email" else ""
            await self._command(self.log.begin(kind, name, value))
        if self.random.random() < 0.4:
            await self._command(self.log.begin("delete", name))

    async def _command(self, operation: Operation) -> None:
        if self._stopping:
            self.log.operations.remove(operation)
            return
        arguments = ["users", operation.kind, operation.user, *([operation.value] if operation.value else [])]
        process = await asyncio.create_subprocess_exec(
            subject.BINARY, *arguments, cwd=self.server.folder,
            env={**self.server.environment, **self.command_environment},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        try:
            output, _ = await asyncio.wait_for(process.communicate(), COMMAND_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, 9)
            await process.wait()
            return
        if process.returncode == 0:
            version = re.search(rb"version (\d+)", output)
            operation.outcome = "acknowledged"
            operation.version = int(version[1]) if version else 0
