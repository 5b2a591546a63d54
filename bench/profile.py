#!/usr/bin/env python3
"""Draws where userd's processor time goes under the load of one route: build/profile/ROUTE.svg, a flame graph.

usage: bench/profile.py profile|refresh|login|register [--seconds N] [--users N] [--algorithm ES256|HS256]

perf takes samples of the shipped binary; where it may not, callgrind counts instructions instead.
"""
import argparse
import contextlib
import pathlib
import subprocess
import sys
import tempfile

from driver.callgrind import Callgrind
from driver.flame import flame_graph
from driver.load import WRK_THREADS, Load, wrk
from driver.service import PASSWORD, ROOT
from driver.sqlite_population import Serving, SqlitePopulation
from driver.stacks import Stacks, from_callgrind, from_perf
from rows.throughput import CALLERS, REFRESH_TOKENS, REFRESHING

OUTPUT = ROOT / "build/profile"
TOKENS = 10000
FREQUENCY = 499
# Else a stack of 8 KiB, which many a coroutine's is beyond, ends in the middle.
STACK_BYTES = 16384
WARM_UP_SECONDS = 1
# Callgrind makes all of it slower by so much; its threads take turns.
CALLGRIND_CALLERS = 4
SPARE_SECONDS = 120


def load(route: str, serving: Serving, folder: pathlib.Path, callers: int | None, seconds: int, name: str) -> Load:
    def file(lines: list[str]) -> pathlib.Path:
        path = folder / f"{name}.lines"
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    port = serving.userd.port
    if route == "profile":
        tokens = file(serving.access_tokens(TOKENS))
        return wrk("profile.lua", port, callers or CALLERS, seconds, tokens, WRK_THREADS)
    if route == "refresh":
        tokens = file(serving.refresh_tokens(REFRESH_TOKENS))
        return wrk("refresh.lua", port, callers or REFRESHING, seconds, tokens, WRK_THREADS)
    if route == "login":
        return wrk("login.lua", port, callers or CALLERS, seconds, file(serving.names(TOKENS)), WRK_THREADS, PASSWORD)
    return wrk("register.lua", port, callers or CALLERS, seconds, name, PASSWORD)


def by_perf(route: str, population: SqlitePopulation, folder: pathlib.Path, options: argparse.Namespace) -> Stacks:
    samples = folder / "perf.data"
    with population.serving(options.algorithm) as serving:
        load(route, serving, folder, None, WARM_UP_SECONDS, "warm").figures()
        running = load(route, serving, folder, None, options.seconds, "measured")
        try:
            perf("record", "-q", "-F", FREQUENCY, "--call-graph", f"dwarf,{STACK_BYTES}", "-o", samples,
                 "-p", serving.userd.process.pid, "--", "sleep", options.seconds, seconds=options.seconds)
            figures = running.figures()
        finally:
            running.stop()
    print(f"{figures.per_second:.0f} requests/s while perf looked on, {figures.errors} errors", file=sys.stderr)
    return from_perf(perf("script", "--no-inline", "-F", "comm,ip,sym,dso", "-i", samples, seconds=options.seconds))


def perf(*arguments, seconds: int) -> str:
    done = subprocess.run(["perf", *map(str, arguments)], capture_output=True, text=True, timeout=seconds + SPARE_SECONDS)
    if done.returncode != 0:
        raise RuntimeError(f"perf {arguments[0]} failed: {done.stderr[-500:]}")
    return done.stdout


def why_no_perf(folder: pathlib.Path) -> str | None:
    try:
        perf("record", "-q", "-e", "cpu-clock", "-o", folder / "try.data", "true", seconds=0)
    except (OSError, RuntimeError) as error:
        return str(error).strip().splitlines()[-1]
    return None


def by_callgrind(route: str, population: SqlitePopulation, folder: pathlib.Path, options: argparse.Namespace) -> Stacks:
    callgrind = Callgrind(folder)
    with population.serving(options.algorithm, callgrind.command) as serving:
        running = load(route, serving, folder, CALLGRIND_CALLERS, options.seconds, "measured")
        callgrind.dump(serving.userd.process.pid)  # what the start took
        running.figures()
        return from_callgrind(callgrind.dump(serving.userd.process.pid))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("route", choices=["profile", "refresh", "login", "register"])
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--algorithm", choices=["ES256", "HS256"], default="ES256")
    options = parser.parse_args()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUTPUT) as name:
        folder = pathlib.Path(name)
        database = folder / "database"
        database.mkdir()
        population = SqlitePopulation(database, options.users, TOKENS // options.users + 1)
        why = why_no_perf(folder)
        if why:
            print(f"perf may not look at processes here ({why}): callgrind counts instructions instead", file=sys.stderr)
        stacks = (by_callgrind if why else by_perf)(options.route, population, folder, options)
    target = OUTPUT / f"{options.route}.svg"
    title = f"userd, {options.route}, {options.algorithm}, {options.users} users"
    target.write_text(flame_graph(stacks, title, "instructions" if why else "samples"))
    print(target.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
