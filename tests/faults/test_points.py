"""A named point is where its name says: what has happened by then has, and what has not has not."""
import asyncio
import contextlib
import sqlite3

import pytest

from faults.proxy import Gate
from support.http_client import HttpClient, Lost
from support.topic import headers_of, read_topic
from support.userd import PASSWORD, unique_name

SECONDS = 30


class Scene:
    """One registration at a time; what is known of it when userd was killed at a point."""

    def __init__(self, stage) -> None:
        self.stage = stage

    def sql(self, statement: str):
        if self.stage.postgres is not None:
            return self.stage.server.sql(statement)
        # Read-only: userd alone writes and checkpoints.
        uri = f"file:{self.stage.server.database}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
            return database.execute(statement).fetchall()

    async def register(self, name: str) -> int | None:
        http = HttpClient(self.stage.server.port, SECONDS)
        body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        try:
            return (await http.request("POST", "/user/register", body=body)).status
        except Lost:
            return None
        finally:
            http.close()

    async def killed_at(self, proxy, message, then="close") -> tuple[int | None, bool, bool, int]:
        """The answer, whether the row is there, whether its event waits, and how often the topic has it."""
        name = unique_name("p")
        gate = Gate(*message, self.stage.kill_userd, then)
        proxy.gates.append(gate)
        asked = asyncio.create_task(self.register_until(gate.reached, name))
        await asyncio.wait_for(gate.reached.wait(), SECONDS)
        return await self.seen(name, await asked)

    async def register_until(self, reached: asyncio.Event, name: str) -> int | None:
        """A database that has just been connected to may be busy."""
        while (answer := await self.register(name)) == 503 and not reached.is_set():
            await asyncio.sleep(0.1)
        return answer

    async def seen(self, name: str, answer: int | None) -> tuple[int | None, bool, bool, int]:
        rows = await asyncio.to_thread(self.sql, f"SELECT id FROM users WHERE username = '{name}'")
        waiting = await asyncio.to_thread(
            self.sql, f"SELECT 1 FROM outbox JOIN users ON user_id = users.id WHERE username = '{name}'")
        records = await asyncio.wait_for(read_topic(self.stage.broker.address, self.stage.topic), SECONDS)
        times = sum(name.encode() in (record.value or b"") for record in records)
        await asyncio.to_thread(self.stage.end_lease)
        await asyncio.to_thread(self.stage.up)
        return answer, len(rows) == 1, len(waiting) == 1, times

    async def drained(self) -> int:
        """How many repetitions the topic has in the end."""
        async with asyncio.timeout(60):
            while await asyncio.to_thread(self.sql, "SELECT count(*) FROM outbox") != [(0,)]:
                await asyncio.sleep(0.1)
        records = await asyncio.wait_for(read_topic(self.stage.broker.address, self.stage.topic), SECONDS)
        return len(records) - len({headers_of(record)["ce_id"] for record in records})


def on_stage(stage, play):
    async def run():
        proxies = [proxy for proxy in (stage.broker.proxy, stage.proxy) if proxy is not None]
        for proxy in proxies:
            await proxy.start()
        try:
            await asyncio.to_thread(stage.up)
            scene = Scene(stage)
            async with asyncio.timeout(SECONDS):
                assert await scene.register_until(asyncio.Event(), unique_name("first")) == 200
            assert await scene.drained() == 0
            await play(scene)
        finally:
            for proxy in proxies:
                await proxy.close()

    asyncio.run(run())


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_the_points_between_the_commit_and_the_acknowledgement(backend, make_stage):
    async def play(scene):
        broker = scene.stage.broker.proxy
        # The relay and the answer race: the client may have been told or not.
        assert (await scene.killed_at(broker, ("produce", True)))[1:] == (True, True, 0), "commit to produce"
        assert await scene.drained() == 0
        assert (await scene.killed_at(broker, ("produce", True), "half"))[1:] == (True, True, 0), "mid-batch"
        assert await scene.drained() == 0
        acknowledgement = ("end_txn" if scene.stage.proxy is not None else "produce", False)
        assert (await scene.killed_at(broker, acknowledgement))[1:] == (True, True, 1), "produce to acknowledgement"
        assert await scene.drained() == 1

    on_stage(make_stage(backend), play)


def test_the_points_that_postgres_shows(make_stage):
    async def play(scene):
        database = scene.stage.proxy
        answer, is_there, waits, times = await scene.killed_at(database, ("commit register", True))
        assert (answer, is_there, waits, times) == (None, False, False, 0), "before commit"
        answer, is_there, *_ = await scene.killed_at(database, ("commit register", False))
        assert (answer, is_there) == (None, True), "commit to answer"
        assert await scene.drained() == 0
        assert (await scene.killed_at(database, ("remove", True)))[1:] == (True, True, 1), "acknowledgement to delete"
        assert await scene.drained() == 1
        assert (await scene.killed_at(database, ("commit remove", False)))[1:] == (True, False, 1), "deleted"
        assert await scene.drained() == 1

    on_stage(make_stage("postgres"), play)


def test_the_points_that_sqlites_lock_makes(make_stage):
    async def play(scene):
        stage, name = scene.stage, unique_name("p")
        holder = await asyncio.to_thread(stage.hold_write_lock)
        asked = asyncio.create_task(scene.register(name))
        await asyncio.sleep(0.4)  # for less than the writer waits
        stage.kill_userd()
        holder.kill()
        holder.wait(10)
        assert await scene.seen(name, await asked) == (None, False, False, 0), "before commit"

        name = unique_name("p")
        held = []
        gate = Gate("produce", False, lambda: held.append(stage.hold_write_lock()), "pass")
        stage.broker.proxy.gates.append(gate)
        asked = asyncio.create_task(scene.register(name))
        await asyncio.wait_for(gate.reached.wait(), SECONDS)
        await asyncio.sleep(0.2)
        stage.kill_userd()
        held[0].kill()
        held[0].wait(10)
        assert (await scene.seen(name, await asked))[1:] == (True, True, 1), "acknowledgement to delete"
        assert await scene.drained() == 1

    on_stage(make_stage("sqlite"), play)
