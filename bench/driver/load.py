"""Load on a server by wrk or by a program of our own, and its figures."""
import dataclasses
import json
import os
import pathlib
import subprocess

from driver.process import PssPeak
from driver.results import Sample

BENCH = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = BENCH.parent / "build/release/bench"
WRK_THREADS = 2
# Beyond what a request waits in a full hash queue.
WRK_TIMEOUT = "10s"
SPARE_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Figures:
    """What a load program prints as one line of JSON."""

    done: int
    per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    cpu_seconds: float | None = None
    """Of the program itself: what a limit cost."""


class Load:
    """A running load program. At its end `in_flight` requests have been sent and not been answered."""

    def __init__(
            self, command: list, seconds: float, environment: dict[str, str] | None = None,
            in_flight: int = 0) -> None:
        self.in_flight = in_flight
        self._name = pathlib.Path(str(command[0])).name
        self._seconds = seconds
        self._process = subprocess.Popen(
            [str(part) for part in command], env=environment, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.pid = self._process.pid

    def figures(self) -> Figures:
        """Waits for the end."""
        try:
            output, _ = self._process.communicate(timeout=self._seconds + SPARE_SECONDS)
        finally:
            self.stop()
        lines = [line for line in output.splitlines() if line.startswith("{")]
        if self._process.returncode != 0 or not lines:
            raise RuntimeError(f"{self._name} failed: {output[-1000:]}")
        return Figures(**json.loads(lines[-1]))

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def wrk(script: str, port: int, connections: int, seconds: int, *arguments) -> Load:
    scripts = BENCH / "load"
    command = [
        "wrk", "--threads", WRK_THREADS, "--connections", connections, "--duration", f"{seconds}s",
        "--timeout", WRK_TIMEOUT, "--script", scripts / script, f"http://127.0.0.1:{port}", "--", *arguments]
    environment = {"PATH": os.environ["PATH"], "LUA_PATH": f"{scripts}/?.lua"}
    return Load(command, seconds, environment, in_flight=connections)


def paced_reads(port: int, rate: int, seconds: float, tokens: pathlib.Path) -> Load:
    return Load([PROGRAMS / "paced_reads", port, rate, seconds, tokens], seconds)


def measure(server, start_load) -> Sample:
    """A sample of requests per second of a service, or of a limit's server, under the load that start_load()
    gives. What the load left unanswered at its end is waited for: it would slow the next measurement."""
    before = server.process.cpu_seconds()
    load = start_load()
    with PssPeak(server.process.pid) as peak:
        figures = load.figures()
    server.settle()
    return sample(figures, server.process.cpu_seconds() - before, peak.mib, load.in_flight)


def limit_load(program: str, *arguments, seconds: float, nice: int = 0) -> Load:
    return Load(["nice", "-n", nice, PROGRAMS / program, *arguments, seconds], seconds)


def run_limit(program: str, *arguments, seconds: float) -> Sample:
    """A sample of a limit that needs no server."""
    load = limit_load(program, *arguments, seconds=seconds)
    with PssPeak(load.pid) as peak:
        figures = load.figures()
    return sample(figures, figures.cpu_seconds, peak.mib)


def sample(figures: Figures, cpu_seconds: float | None, pss_mib: float | None, in_flight: int = 0) -> Sample:
    served = figures.done + in_flight
    return Sample(
        value=figures.per_second,
        p50_ms=figures.p50_ms,
        p99_ms=figures.p99_ms,
        cpu_per_1000=1000 * cpu_seconds / served if served and cpu_seconds is not None else None,
        pss_mib=pss_mib,
        # Nothing done in the time given is no figure.
        errors=figures.errors + (figures.done == 0))
