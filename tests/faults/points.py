"""The faults of a run: each strikes at random or at a named point, and is told apart by its point and its kind."""
import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from faults.client import Client
from faults.proxy import Gate, Proxy
from faults.stage import Stage

REACH_SECONDS = 12.0  # a point that no message reaches by then is not struck
IN_FLIGHT = 2

RANDOM = "at random"
BEFORE_COMMIT = "before commit"
COMMIT_TO_ANSWER = "commit to answer"
COMMIT_TO_PRODUCE = "commit to produce"
PRODUCE_TO_ACKNOWLEDGEMENT = "produce to acknowledgement"
ACKNOWLEDGEMENT_TO_DELETE = "acknowledgement to delete"
MID_BATCH = "mid-batch"


@dataclass(frozen=True)
class Fault:
    point: str
    kind: str
    strike: Callable[[], Awaitable[bool]]  # whether the point was reached
    weight: float = 1.0


class Faults:
    def __init__(self, stage: Stage, client: Client, seed: int) -> None:
        self.stage, self.client, self.random = stage, client, random.Random(seed)
        self.all = [*self._at_random(), *self._at_the_broker(), *(
            self._at_postgres() if stage.proxy is not None else self._at_sqlite())]

    def choose(self, point: str | None = None) -> Fault:
        choice = [fault for fault in self.all if point in (None, fault.point)]
        return self.random.choices(choice, [fault.weight for fault in choice])[0]

    async def _hold(self, least: float = 0.3, most: float = 4.0) -> None:
        await asyncio.sleep(self.random.uniform(least, most))

    # At random.

    def _at_random(self) -> list[Fault]:
        stage = self.stage
        faults = [self._at_once("kill -9 userd", stage.kill_userd, 3),
                  self._at_once("SIGSTOP userd", stage.stop_userd),
                  self._at_once("kill -9 broker", stage.kill_broker),
                  self._at_once("SIGSTOP broker", stage.broker.kafka.pause),
                  self._at_once("broker cut off", stage.broker.proxy.cut),
                  Fault(RANDOM, "broker slow", self._slow_broker)]
        if stage.postgres is not None:
            faults += [self._at_once("kill -9 postgres", stage.kill_postgres, 3),
                       self._at_once("SIGSTOP postgres", stage.postgres.pause),
                       self._at_once("postgres cut off", stage.proxy.cut)]
        if stage.disk.kind:
            faults.append(Fault(RANDOM, "disk full", self._full_disk))
        return faults

    def _at_once(self, kind: str, act: Callable[[], None], weight: float = 1.0) -> Fault:
        async def strike() -> bool:
            act()
            await self._hold()
            return True

        return Fault(RANDOM, kind, strike, weight)

    async def _slow_broker(self) -> bool:
        self.stage.broker.proxy.delay = self.random.uniform(0.05, 0.8)
        try:
            await self._hold(2, 6)
        finally:
            self.stage.broker.proxy.delay = 0
        return True

    async def _full_disk(self) -> bool:
        await asyncio.to_thread(self.stage.disk.fill)
        try:
            await self._hold(1, 4)
            if self.random.random() < 0.3:
                self.stage.kill_userd()
        finally:
            self.stage.disk.free()
        return True

    # At a message that a proxy sees.

    def _gated(self, point: str, kind: str, proxy: Proxy, message: tuple[str, bool], act: Callable[[], None],
               then: str = "close", weight: float = 1.0) -> Fault:
        async def strike() -> bool:
            if not await self._reach(proxy, Gate(*message, act, then)):
                return False
            await self._hold(0.1, 2)
            return True

        return Fault(point, kind, strike, weight)

    @staticmethod
    async def _reach(proxy: Proxy, gate: Gate) -> bool:
        proxy.gates.append(gate)
        try:
            await asyncio.wait_for(gate.reached.wait(), REACH_SECONDS)
        except TimeoutError:
            if gate in proxy.gates:
                proxy.gates.remove(gate)
        return gate.reached.is_set()

    def _at_the_broker(self) -> list[Fault]:
        stage, proxy = self.stage, self.stage.broker.proxy
        request, answer = ("produce", True), ("produce", False)
        faults = []
        for kind, act in (("kill -9 userd", stage.kill_userd), ("kill -9 broker", stage.kill_broker),
                          ("cut off", lambda: None)):
            weight = 0.5 if "broker" in kind else 1
            faults += [self._gated(COMMIT_TO_PRODUCE, kind, proxy, request, act, weight=weight),
                       self._gated(PRODUCE_TO_ACKNOWLEDGEMENT, kind, proxy, answer, act, weight=weight),
                       self._gated(MID_BATCH, kind, proxy, request, act, "half", weight)]
            if stage.proxy is not None:  # the producer is transactional
                faults += [self._gated(MID_BATCH, f"{kind} at EndTxn", proxy, ("end_txn", True), act, weight=weight),
                           self._gated(PRODUCE_TO_ACKNOWLEDGEMENT, f"{kind} at EndTxn", proxy, ("end_txn", False), act,
                                       weight=weight)]
        for point, message in ((COMMIT_TO_PRODUCE, request), (PRODUCE_TO_ACKNOWLEDGEMENT, answer)):
            faults.append(self._gated(point, "SIGSTOP userd", proxy, message, stage.stop_userd, "pass", 0.5))
        return faults

    def _at_postgres(self) -> list[Fault]:
        stage, proxy = self.stage, self.stage.proxy
        faults = []
        for kind, act in (("kill -9 userd", stage.kill_userd), ("kill -9 postgres", stage.kill_postgres),
                          ("cut off", lambda: None)):
            faults += [
                self._gated(BEFORE_COMMIT, kind, proxy, ("commit register", True), act),
                self._gated(COMMIT_TO_ANSWER, kind, proxy, ("commit register", False), act),
                self._gated(ACKNOWLEDGEMENT_TO_DELETE, kind, proxy, ("remove", True), act),
                self._gated(ACKNOWLEDGEMENT_TO_DELETE, f"{kind}, executed", proxy, ("commit remove", True), act),
                self._gated(ACKNOWLEDGEMENT_TO_DELETE, f"{kind}, committed", proxy, ("commit remove", False), act)]
        for point, message in ((BEFORE_COMMIT, ("commit register", True)), (ACKNOWLEDGEMENT_TO_DELETE, ("remove", True))):
            faults.append(self._gated(point, "SIGSTOP postgres", proxy, message, stage.postgres.pause, "pass", 0.5))
        return faults

    # SQLite's commits are not seen from outside; a lock that is held keeps them from happening.

    def _at_sqlite(self) -> list[Fault]:
        return [Fault(BEFORE_COMMIT, "kill -9 userd", self._kill_before_commit, 2),
                Fault(BEFORE_COMMIT, "lock held", self._hold_up_commits),
                Fault(ACKNOWLEDGEMENT_TO_DELETE, "kill -9 userd", self._kill_before_delete, 3)]

    async def _locked(self, strike) -> bool:
        try:
            holder = await asyncio.to_thread(self.stage.hold_write_lock)
        except AssertionError:
            return False
        try:
            return await strike()
        finally:
            holder.kill()
            await asyncio.to_thread(holder.wait, 10)

    async def _kill_before_commit(self) -> bool:
        async def strike() -> bool:
            # All of it takes less than the writer waits for a lock.
            for _ in range(30):
                await asyncio.sleep(0.02)
                if self.client.in_flight >= IN_FLIGHT:
                    await asyncio.sleep(0.2)  # the hash
                    self.stage.kill_userd()
                    return True
            return False

        return await self._locked(strike)

    async def _hold_up_commits(self) -> bool:
        async def strike() -> bool:
            await self._hold(1.5, 3)
            return True

        return await self._locked(strike)

    async def _kill_before_delete(self) -> bool:
        """The lock is taken while an answer of the broker is held; then that passes, and its rows cannot be deleted."""
        held = []
        gate = Gate("produce", False, lambda: held.append(self.stage.hold_write_lock()), "pass")
        try:
            if not await self._reach(self.stage.broker.proxy, gate):
                return False
            await asyncio.sleep(self.random.uniform(0.02, 0.3))
            self.stage.kill_userd()
            return True
        finally:
            for holder in held:
                holder.kill()
                await asyncio.to_thread(holder.wait, 10)
