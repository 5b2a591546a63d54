#!/usr/bin/env python3
"""Counts the instructions that one request costs userd, all its threads together, and compares with those kept.

usage: bench/instructions.py [--keep]

The shipped binary runs under callgrind with one loop and otherwise its default settings. N requests, then 2N, come
over one connection; the difference is that of N, so that what does not depend on their number cancels out.
--keep writes bench/instructions.json; otherwise a rise of more than 10 % over it is reported.
"""
import argparse
import datetime
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile

from driver.callgrind import Callgrind, total
from driver.instructions import report
from driver.service import CALL_SECONDS, ROOT, exchange, profile_request, refresh_request
from driver.sqlite_population import Serving, SqlitePopulation

KEPT = pathlib.Path(__file__).resolve().with_suffix(".json")
OUTPUT = ROOT / "build/bench"
USERS = 100
REQUESTS = 200
WARM_UP = 50
TOKENS = 16


class Reads:
    def __init__(self, serving: Serving) -> None:
        self._requests = [profile_request(token) for token in serving.access_tokens(TOKENS)]
        self._made = 0

    def request(self) -> bytes:
        self._made += 1
        return self._requests[self._made % TOKENS]

    def take(self, answer: bytes) -> None:
        """It holds nothing that the next request needs."""


class Refreshes:
    def __init__(self, serving: Serving) -> None:
        self._token = serving.refresh_tokens(1)[0]

    def request(self) -> bytes:
        return refresh_request(self._token)

    def take(self, answer: bytes) -> None:
        self._token = re.search(rb'"refresh_token":"([^"]+)"', answer)[1].decode()


def count(folder: pathlib.Path) -> dict[str, int]:
    database = folder / "counted"
    database.mkdir()
    population = SqlitePopulation(database, USERS, 1)
    counts = {}
    for algorithm, kinds in ("HS256", {"profile read, HS256": Reads}), (
            "ES256", {"profile read, ES256": Reads, "refresh, ES256": Refreshes}):
        callgrind = Callgrind(folder)
        with population.serving(algorithm, callgrind.command, THREADS="1") as serving:
            for name, kind in kinds.items():
                counts[name] = of_one(callgrind, serving, kind(serving))
    return counts


def of_one(callgrind: Callgrind, serving: Serving, calls: Reads | Refreshes) -> int:
    pid = serving.userd.process.pid
    with socket.create_connection(("127.0.0.1", serving.userd.port), CALL_SECONDS) as connection:
        def spent(requests: int) -> int:
            for _ in range(requests):
                answer = exchange(connection, calls.request())
                if not answer.startswith(b"HTTP/1.1 200 "):
                    raise RuntimeError(f"userd answers {answer[:200]}")
                calls.take(answer)
            return total(callgrind.dump(pid))

        spent(WARM_UP)
        once, twice = spent(REQUESTS), spent(2 * REQUESTS)
    return round((twice - once) / REQUESTS)


def kept() -> dict:
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


def keep(counts: dict[str, int]) -> None:
    def first_line(*command: str) -> str:
        return subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True).stdout.splitlines()[0]

    about = {"date": datetime.date.today().isoformat(), "commit": first_line("git", "describe", "--always", "--dirty"),
             "compiler": first_line("c++", "--version"), "counts": counts}
    KEPT.write_text(json.dumps(about, indent=1) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUTPUT) as folder:
        counts = count(pathlib.Path(folder))
    print(report(kept(), counts))
    if arguments.keep:
        keep(counts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
