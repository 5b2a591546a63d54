#!/usr/bin/env python3
"""Runs userd under faults, drains, checks, and prints what was found.

usage: tests/faults/run.py [--seconds N] [--backend sqlite|postgres|both] [--seed N]

The seconds are for each backend. Exits non-zero when anything was lost, phantom, out of order or half done.
"""
import argparse
import asyncio
import importlib
import pathlib
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from faults.checks import Verdict, check, read_database, read_records  # noqa: E402
from faults.client import Client  # noqa: E402
from faults.log import Log  # noqa: E402
from faults.points import Fault, Faults  # noqa: E402
from faults.stage import Broker, Stage  # noqa: E402
from support.userd import ROOT  # noqa: E402

PROGRESS_SECONDS = 90  # after a fault something is acknowledged again by then
DRAIN_SECONDS = 180
SHOWN = 10


@dataclass
class Report:
    backend: str
    seed: int
    seconds: float = 0.0
    disk: str = ""
    faults: Counter = field(default_factory=Counter)  # by point and kind
    missed: int = 0
    log: Log = field(default_factory=Log)
    verdict: Verdict = field(default_factory=Verdict)

    def is_good(self) -> bool:
        return self.verdict.is_good() and not self.log.wrong

    def text(self) -> str:
        lines = [f"{self.backend}: seed {self.seed}, {self.seconds:.0f} s, disk: {self.disk}", "",
                 f"{'point':<28}{'fault':<36}{'times':>6}"]
        lines += [f"{point:<28}{kind:<36}{times:>6}" for (point, kind), times in sorted(self.faults.items())]
        lines += [f"{'all':<64}{sum(self.faults.values()):>6}", f"{'points that were not reached':<64}{self.missed:>6}", ""]
        acknowledged = Counter(each.kind for each in self.log.acknowledged())
        unknown = Counter(each.kind for each in self.log.operations if each.outcome == "unknown")
        lines.append(f"{'operation':<28}{'acknowledged':>14}{'unknown outcome':>18}")
        lines += [f"{kind:<28}{acknowledged[kind]:>14}{unknown[kind]:>18}" for kind in sorted({*acknowledged, *unknown})]
        lines += [f"{'all':<28}{acknowledged.total():>14}{unknown.total():>18}", ""]
        verdict = self.verdict
        for name, found in (("lost", verdict.lost), ("phantom", verdict.phantom), ("out of order", verdict.out_of_order),
                            ("half done", verdict.half), ("answers that nothing excuses", self.log.wrong)):
            lines.append(f"{name:<28}{len(found):>14}")
            lines += [f"    {each}" for each in found[:SHOWN]]
        lines += [f"{'records':<28}{verdict.records:>14}", f"{'duplicates by ce_id':<28}{verdict.duplicates:>14}"]
        return "\n".join(lines) + "\n"


class Run:
    """One backend's: load and faults, the drain, the checks."""

    def __init__(self, stage: Stage, seed: int, strike=None) -> None:
        self.stage, self.report, self.random = stage, Report(stage.backend, seed), random.Random(seed)
        self.report.disk = stage.disk.kind or f"not filled, {stage.disk.reason}"
        self.client = Client(stage.server, self.report.log, seed, stage.command_environment)
        self.faults = Faults(stage, self.client, seed)
        self.strike = strike or self._strike_any
        self._due = []

    async def load(self, seconds: float) -> None:
        proxies = [proxy for proxy in (self.stage.broker.proxy, self.stage.proxy) if proxy is not None]
        for proxy in proxies:
            await proxy.start()
        try:
            await asyncio.to_thread(self.stage.up)
            began = time.monotonic()
            self.client.start()
            await self._progress()
            while True:
                await self.strike(self)
                await asyncio.to_thread(self.stage.up)
                await self._progress()
                if time.monotonic() - began >= seconds:
                    break
            await self.client.stop()
            self.report.seconds = time.monotonic() - began
            await self._drain()
        finally:
            for proxy in proxies:
                await proxy.close()

    async def _strike_any(self, _) -> None:
        """Every point in turn, in an order of the seed's, a fault of the seed's at each; at times a second one on top."""
        if not self._due:
            self._due = sorted({fault.point for fault in self.faults.all})
            self.random.shuffle(self._due)
        await self.strike_one(self.faults.choose(self._due.pop()))
        if self.random.random() < 0.25:
            await self.strike_one(self.faults.choose("at random"))

    async def strike_one(self, fault: Fault) -> None:
        if any(name in fault.kind for name in self.stage.down()):
            return
        if await fault.strike():
            self.report.faults[fault.point, fault.kind] += 1
        else:
            self.report.missed += 1

    async def _progress(self) -> None:
        done = len(self.report.log.acknowledged("register"))
        deadline = time.monotonic() + PROGRESS_SECONDS
        while len(self.report.log.acknowledged("register")) < done + 3:
            assert time.monotonic() < deadline, f"no registration since the fault:\n{self.stage.server.log()[-3000:]}"
            await asyncio.sleep(0.1)

    async def _drain(self) -> None:
        await asyncio.to_thread(self.stage.up)
        deadline = time.monotonic() + DRAIN_SECONDS
        while True:
            done = await asyncio.to_thread(self.stage.server.run, "events", "status", **self.stage.command_environment)
            if "waiting: 0\n" in done.stdout:
                break
            assert time.monotonic() < deadline, f"not drained: {done.stdout}{done.stderr}{self.stage.server.log()[-3000:]}"
            await asyncio.sleep(0.5)
        # Not on this loop: the proxies still serve.
        assert await asyncio.to_thread(self.stage.server.stop) == 0


async def checked_records(stage: Stage, user_message):
    """The broker tells clients to come to the proxy."""
    await stage.broker.proxy.start()
    try:
        return await asyncio.to_thread(read_records, stage, user_message)
    finally:
        await stage.broker.proxy.close()


def run_faults(stage: Stage, seconds: float, seed: int, user_message, strike=None) -> Report:
    run = Run(stage, seed, strike)
    asyncio.run(run.load(seconds))
    records = asyncio.run(checked_records(stage, user_message))
    run.report.verdict = check(run.report.log, read_database(stage), records)
    return run.report


def load_user_message():
    folder = tempfile.mkdtemp(prefix="userd-faults-")
    subprocess.run(["protoc", f"--python_out={folder}", "-I", ROOT / "proto", ROOT / "proto/userd/v1/user.proto"], check=True)
    sys.path.insert(0, folder)
    return importlib.import_module("userd.v1.user_pb2").User


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--backend", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    user_message = load_user_message()
    broker = Broker()
    good = True
    try:
        for backend in ("sqlite", "postgres") if arguments.backend == "both" else (arguments.backend,):
            stage = Stage(backend, broker)
            try:
                report = run_faults(stage, arguments.seconds, arguments.seed, user_message)
                print(report.text(), flush=True)
                good = good and report.is_good()
            finally:
                stage.close()
    finally:
        broker.kafka.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
