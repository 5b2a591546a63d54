"""Userd on PostgreSQL beside pgbench on the same server: as many connections, the same cores."""
from driver.load import measure, wrk
from driver.population import Population
from driver.postgres import ACCOUNTS_SCALE, Postgres
from driver.results import LIMIT, Row, Sample
from driver.run import Run
from rows.throughput import CALLERS, REFRESHING

FEW, MANY = 1000, 1000000
# Sessions that are read, or refreshed, in turn: more rows than a processor's cache holds.
SESSIONS = 20000
ROWS = 100000 * ACCOUNTS_SCALE
UPDATE = f"""\\set aid random(1, {ROWS})
UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = :aid
"""

READS = f"PostgreSQL: profile reads/s, HS256, {CALLERS} clients"
REFRESHES = f"PostgreSQL: refreshes/s, {REFRESHING} clients"
GROWTH = Row(f"PostgreSQL: profile reads/s, {MANY} users", f"the same with {FEW} users")


class OnPostgres:
    """What the rows share: one server with pgbench's tables and with few and many users."""

    def __init__(self, run: Run) -> None:
        self.server = run.started(Postgres())
        self.accounts = self.server.make_accounts()
        self.few, self.many = (
            self._population(run, users, SESSIONS // users or 1) for users in (FEW, MANY))
        self.update = run.write("update.sql", UPDATE.splitlines())
        # userd's pools: one of each loop.
        self.connections = int(self.many.userd.settings()["DATABASE_CONNECTIONS"]) * int(run.config["THREADS"])

    def _population(self, run: Run, users: int, sessions_each: int) -> Population:
        population = Population(run.new_folder(f"users{users}"), self.server, users, sessions_each)
        run.running(population.userd)
        return population


def postgres(run: Run) -> None:
    on_postgres = run.shared(OnPostgres)
    reads(run, on_postgres)
    refreshes(run, on_postgres)


def reads(run: Run, on: OnPostgres) -> None:
    figures = {}
    for population in on.few, on.many:
        access, _ = population.tokens(SESSIONS)
        tokens = run.write("tokens", access)
        load = lambda: wrk("profile.lua", population.userd.port, CALLERS, run.seconds, tokens, 2)
        figures[population] = measure(population.userd, load)
    run.results.add(GROWTH, "userd", figures[on.many])
    run.results.add(GROWTH, LIMIT, figures[on.few])
    for clients in CALLERS, on.connections:
        row = Row(READS, f"pgbench -S -M prepared -c {clients}")
        run.results.add(row, "userd", figures[on.many])
        run.results.add(row, LIMIT, pgbench(run, on, clients, "-S"))


def refreshes(run: Run, on: OnPostgres) -> None:
    """Both begin after a checkpoint, so that each first change of a page writes the page to the log."""
    _, refresh = on.many.tokens(SESSIONS)
    tokens = run.write("refresh_tokens", refresh)
    on.server.query("CHECKPOINT")
    load = lambda: wrk("refresh.lua", on.many.userd.port, REFRESHING, run.seconds, tokens, 2)
    figure = measure(on.many.userd, load)
    for clients in REFRESHING, on.connections:
        on.server.query("CHECKPOINT")
        row = Row(REFRESHES, f"pgbench -M prepared -c {clients}, one row updated")
        run.results.add(row, "userd", figure)
        run.results.add(row, LIMIT, pgbench(run, on, clients, "-f", on.update))


def pgbench(run: Run, on: OnPostgres, clients: int, *options) -> Sample:
    """The processor time is the server's; pgbench's own is not in it, as wrk's is not in userd's."""
    before = on.server.cpu_seconds()
    rate, failed = on.server.pgbench(on.accounts, clients, run.seconds, *options)
    spent = on.server.cpu_seconds() - before
    return Sample(rate, cpu_per_1000=1000 * spent / (rate * run.seconds) if rate else None, errors=failed + (rate == 0))
