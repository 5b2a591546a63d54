#!/usr/bin/env python3
"""Measures userd beside its limits, all in one run, and prints one table.

usage: bench/run.py [--seconds N] [--rounds N] [--only NAME ...]

Each round measures every row once, userd and its limit next to each other; the table shows medians.
Nothing is asserted. The figures of every round go to build/bench/last.json, a picture of the table to
build/bench/last.svg. Beneath the table are the instructions that a request costs, beside those kept.
docs/performance.md tells what the rows mean.
"""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

from driver.instructions import report
from driver.plot import plot
from driver.run import Run
from driver.table import render
from instructions import count, kept
from rows.latency import profile_latency, time_to_ready
from rows.memory import memory
from rows.mixed import mixed_day
from rows.nginx import nginx
from rows.peers import peers
from rows.postgres import postgres
from rows.profile import profile_population
from rows.relay import relay
from rows.throughput import hashes, profile_reads, refreshes

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "build/bench"
ROUND = [profile_reads, profile_population, nginx, hashes, refreshes, mixed_day, profile_latency, time_to_ready, memory,
         postgres, relay, peers]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=3, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=3)
    names = [*(measure_rows.__name__ for measure_rows in ROUND), "instructions"]
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="these rows")
    arguments = parser.parse_args()
    if arguments.seconds < 1 or arguments.rounds < 1:
        parser.error("--seconds and --rounds are at least 1")

    OUTPUT.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    # Not in a memory file system, where a sync to the disk would cost nothing.
    with tempfile.TemporaryDirectory(dir=OUTPUT) as folder:
        run = Run(pathlib.Path(folder), arguments.seconds)
        try:
            for number in range(arguments.rounds):
                for measure_rows in (each for each in ROUND if each.__name__ in arguments.only):
                    print(f"round {number + 1}: {measure_rows.__name__}", file=sys.stderr, flush=True)
                    measure_rows(run)
        finally:
            run.close()
        counts = count(pathlib.Path(folder)) if "instructions" in arguments.only else {}
    about = machine() | {
        "rounds": arguments.rounds, "seconds": arguments.seconds, "took_seconds": round(time.monotonic() - began)}
    whole = {"about": about, "rows": run.results.as_json(), "instructions": counts}
    (OUTPUT / "last.json").write_text(json.dumps(whole, indent=1) + "\n")
    described = ", ".join(f"{name} {value}" for name, value in about.items())
    print(described)
    if run.results.rows():
        (OUTPUT / "last.svg").write_text(plot(run.results, described))
        print(f"\n{render(run.results)}")
    if counts:
        print(f"\n{report(kept(), counts)}")
    return 0


def machine() -> dict:
    models = [line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
              if line.startswith("model name")]
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, text=True, capture_output=True).stdout.strip()
    return {
        "commit": commit or "unknown",
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30),
        "kernel": platform.release(),
    }


if __name__ == "__main__":
    sys.exit(main())
