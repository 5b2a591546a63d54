"""What calls cost the database: differences of PostgreSQL's own counters."""
import dataclasses

TABLES = ["users", "sessions", "events", "outbox", "attempts"]
# Not the sum over all: what replicas do by the clock is of no call.
_STATEMENTS = """
    SELECT queryid, query, calls, rows, shared_blks_hit + shared_blks_read, shared_blks_dirtied
    FROM pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%%pg_stat_%%'"""
_ROWS = """
    SELECT (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()), sum(n_tup_ins), sum(n_tup_upd), sum(n_tup_hot_upd), sum(n_tup_del)
    FROM pg_stat_user_tables WHERE relname = ANY (%s)"""


@dataclasses.dataclass(frozen=True)
class Counters:
    """Read while no connection lives that holds back its own."""

    statements: dict[int, tuple]
    rows: tuple

    @staticmethod
    def read(query) -> "Counters":
        return Counters({row[0]: row[1:] for row in query(_STATEMENTS, ())}, query(_ROWS, (TABLES,))[0])


@dataclasses.dataclass(frozen=True)
class Spent:
    """While the calls were made."""

    wal_bytes: int
    cpu_seconds: float


@dataclasses.dataclass(frozen=True)
class Cost:
    """Of one call. A transaction is one message to the database and its answer: a round trip."""

    transactions: float
    inserted: float
    updated: float
    hot: float
    deleted: float
    statements: float
    returned: float
    """Rows, to userd."""
    buffers: float
    """Pages that were looked at."""
    dirtied: float
    cpu_us: float
    """Of all of the server's processes."""
    wal_bytes: float
    texts: list[str]


def cost(before: Counters, after: Counters, idle: tuple, spent: Spent, calls: int, threshold: float) -> Cost:
    """`idle` are the rows of a run without calls; a statement counts that ran `threshold` times."""
    rows = [(float(now) - float(was) - nothing) / calls for now, was, nothing in zip(after.rows, before.rows, idle)]
    changes = [(row[0], *_minus(row[1:], before.statements.get(key, (None, 0, 0, 0, 0))[1:]))
               for key, row in after.statements.items()]
    # Not what the clock causes.
    of_calls = [change for change in changes if change[1] >= threshold]
    sums = [sum(change[column] for change in of_calls) / calls for column in (1, 2, 3, 4)]
    return Cost(*rows, *sums, 1e6 * spent.cpu_seconds / calls, spent.wal_bytes / calls, [" ".join(change[0].split()) for change in of_calls])


def rows_between(before: Counters, after: Counters) -> tuple:
    return _minus(after.rows, before.rows)


def _minus(after: tuple, before: tuple) -> tuple:
    return tuple(float(now) - float(was) for now, was in zip(after, before))
