#!/usr/bin/env python3
"""Measures what each operation costs PostgreSQL, and how many bytes a row has: docs/scaling.md's tables.

usage: build/venv/bin/python bench/database_costs.py [--users N] [--calls N] [--kafka]

Each operation is called many times over HTTP, on a database of N users; the figures are differences of
PostgreSQL's own counters, for one call. --kafka starts the tests' broker and measures the relay too.
"""
import argparse
import pathlib
import sys
import tempfile

from driver import operations
from driver.costs import Cost, Counters, Spent, cost, rows_between
from driver.kafka import KafkaBroker
from driver.population import Population
from driver.postgres import Postgres
from driver.service import ROOT

OUTPUT = ROOT / "build/bench"
SECONDS = 300
# How many, for each of --calls: those that hash a password take long.
OPERATIONS = {
    "register": (operations.registrations, 0.2), "login": (operations.logins, 0.2),
    "login, wrong password": (operations.wrong_passwords, 0.2), "refresh": (operations.refreshes, 3),
    "profile": (operations.profiles, 5), "logout": (operations.logouts, 3)}
COLUMNS = ["transactions", "statements", "returned", "inserted", "updated", "hot", "deleted", "buffers", "dirtied",
           "cpu_us", "wal_bytes"]
SIZES = """
    SELECT relname, reltuples::bigint, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class
    WHERE relname IN ('users', 'sessions', 'events') AND relkind = 'r' AND reltuples > 0 ORDER BY 2"""
INDEXES = """
    SELECT i.relname, i.reltuples::bigint, pg_relation_size(i.oid) FROM pg_class t JOIN pg_index x ON x.indrelid = t.oid
    JOIN pg_class i ON i.oid = x.indexrelid WHERE t.relname IN ('users', 'sessions', 'events') ORDER BY 1"""


class Measurement:
    def __init__(self, population: Population, server: Postgres) -> None:
        self._population, self._server = population, server
        self.query("CREATE EXTENSION pg_stat_statements")
        self._idle = rows_between(*self._run(lambda: None)[:2])

    def query(self, statement: str, parameters=None) -> list[tuple]:
        return self._server.query(statement, parameters, self._population.database)

    def of(self, calls: list[operations.Call]) -> Cost:
        before, after, spent = self._run(lambda: operations.make(calls, self._population.userd.port))
        return cost(before, after, self._idle, spent, len(calls), len(calls) / 2)

    def of_relay(self, events: int, kafka: str) -> Cost:
        """Of an event that waits: read, and removed once Kafka has it."""
        self.query("INSERT INTO outbox (sequence, user_id) SELECT sequence, user_id FROM events ORDER BY sequence LIMIT %s"
                   " ON CONFLICT DO NOTHING", (events,))
        ((events,),) = self.query("SELECT count(*) FROM outbox")
        self.query("VACUUM (ANALYZE) outbox")
        userd = self._population.userd
        userd.environment["KAFKA_BOOTSTRAP_SERVERS"] = kafka

        def wait() -> None:
            userd.process.wait_until(lambda: self.query("SELECT count(*) FROM outbox") == [(0,)], SECONDS, 0.2)

        before, after, spent = self._run(wait)
        del userd.environment["KAFKA_BOOTSTRAP_SERVERS"]
        return cost(before, after, self._idle, spent, events, events / 2000)

    def full_page_writes(self, on: bool) -> None:
        self.query(f"ALTER SYSTEM SET full_page_writes = {'on' if on else 'off'}")
        self.query("SELECT pg_reload_conf()")
        self.query("CHECKPOINT")

    def _run(self, work) -> tuple[Counters, Counters, Spent]:
        """Counters before userd starts and after it has ended, since a connection that lives holds back its own;
        what was spent on the work alone."""
        userd = self._population.userd
        userd.stop()
        before = Counters.read(self.query)
        began = self._written(), self._server.cpu_seconds()
        userd.start()
        if "KAFKA_BOOTSTRAP_SERVERS" not in userd.environment:  # else it works from the start
            began = self._written(), self._server.cpu_seconds()
        work()
        spent = Spent(self._written() - began[0], self._server.cpu_seconds() - began[1])
        userd.stop()
        after = Counters.read(self.query)
        userd.start()
        return before, after, spent

    def _written(self) -> int:
        return int(self.query("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint")[0][0])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=1000000)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--kafka", action="store_true")
    arguments = parser.parse_args()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    server = Postgres(shared_preload_libraries="pg_stat_statements")
    with tempfile.TemporaryDirectory(dir=OUTPUT) as folder, server:
        population = Population(
            pathlib.Path(folder), server, arguments.users, 1, LOGIN_LIMITS="on", REGISTRATION_LIMIT="on",
            TRUSTED_PROXIES="127.0.0.1")
        try:
            show(population, server, arguments)
        finally:
            population.userd.stop()
    return 0


def show(population: Population, server: Postgres, arguments: argparse.Namespace) -> None:
    measurement = Measurement(population, server)
    print_sizes(measurement)
    print("| operation |", " | ".join(COLUMNS), "| with pages |")
    for name, (make_calls, share) in OPERATIONS.items():
        figures = []
        for whole_pages in False, True:
            calls = make_calls(population, int(arguments.calls * share))
            measurement.full_page_writes(whole_pages)
            figures.append(measurement.of(calls))
        print_cost(name, *figures)
    if arguments.kafka:
        broker = KafkaBroker()
        broker.start()
        try:
            figures = []
            for whole_pages in False, True:
                measurement.full_page_writes(whole_pages)
                figures.append(measurement.of_relay(5 * arguments.calls, broker.address))
            print_cost("event relay", *figures)
        finally:
            broker.close()


def print_cost(name: str, steady: Cost, with_pages: Cost) -> None:
    figures = [f"{getattr(steady, column):.3g}" if getattr(steady, column) < 100 else f"{getattr(steady, column):.0f}"
               for column in COLUMNS]
    print(f"| {name} |", " | ".join(figures), f"| {with_pages.wal_bytes:.0f} |", flush=True)
    for text in steady.texts:
        print(f"    {text[:150]}", file=sys.stderr)


def print_sizes(measurement: Measurement) -> None:
    print("| table | rows | bytes a row | of its indexes |")
    for name, rows, table, indexes in measurement.query(SIZES):
        print(f"| {name} | {rows} | {table / rows:.1f} | {indexes / rows:.1f} |")
    for name, rows, size in measurement.query(INDEXES):
        print(f"| {name} | {rows} | {size / rows:.1f} | |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
