"""A real PostgreSQL for a run: durable, with databases of as many users as asked, and pgbench on it."""
import os
import pathlib
import re
import subprocess
import sys

from driver.process import TICKS
from driver.service import ROOT

sys.path.insert(0, str(ROOT / "tests"))

import psycopg  # noqa: E402
from support.postgres_server import PostgresServer, binaries  # noqa: E402
from support.service import descendants  # noqa: E402

# fsync and full_page_writes stay on. All data fits into the buffers, and no checkpoint falls into a measurement
# unless the bench asks for it.
SETTINGS = {"shared_buffers": "2GB", "max_connections": "200", "max_wal_size": "16GB", "checkpoint_timeout": "1h",
            "autovacuum_naptime": "1min"}
ACCOUNTS_SCALE = 10  # a million rows
USER_STEP_MS = 60000  # between two registrations

# Ids as userd makes them (UUID version 7); names in no order.
_ID = "(lpad(to_hex({time}), 12, '0') || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid"
FILL_USERS = f"""
    WITH sample AS (SELECT password_hash, hash_format FROM users LIMIT 1),
    made AS (
        SELECT {_ID.format(time="t")} AS id, {_ID.format(time="t")} AS event, 'b' || substr(md5(n::text), 1, 11) AS name, t
        FROM generate_series(1, %(users)s) n, LATERAL (SELECT %(now)s - (%(users)s - n + 1)::bigint * {USER_STEP_MS}) at (t))
    INSERT INTO users SELECT id, name, name, name || '@example.com', name || '@example.com', password_hash, hash_format,
                             false, 1, t, t, event, 'user_registered', t
    FROM made, sample"""
FILL_EVENTS = """
    INSERT INTO events (id, type, user_id, version, time, traceparent, username, email, created_at, updated_at, disabled)
    SELECT last_event_id, last_event_type, id, version, last_event_time,
           '00-' || replace(last_event_id::text, '-', '') || '-' || substr(md5(username), 1, 16) || '-01',
           username, email, created_at, updated_at, disabled
    FROM users u WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = u.id) ORDER BY id"""
FILL_SESSIONS = f"""
    WITH sample AS (SELECT * FROM sessions LIMIT 1)
    INSERT INTO sessions (id, user_id, generation, refresh_key_id, created_at, rotated_at, expires_at, ends_at,
                          client_address, client_agent)
    SELECT {_ID.format(time="%(now)s - n")}, u.id, 1, s.refresh_key_id, s.created_at, s.rotated_at, s.expires_at,
           s.ends_at, '203.0.113.' || n %% 256, 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'
    FROM users u, sample s, generate_series(1, %(each)s) n"""


class Postgres(PostgresServer):
    def __init__(self, **settings: str) -> None:
        # /var/tmp is never in memory, and the server's own account may enter it.
        super().__init__(durable=True, place=pathlib.Path("/var/tmp"), **SETTINGS, **settings)

    def fill(self, database: str, users: int, sessions_each: int) -> None:
        """Of one user with one session that userd made, as many as asked: each with the same password."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            (now,), = connection.execute("SELECT created_at FROM sessions").fetchall()
            values = {"users": users, "each": sessions_each, "now": now}
            # Keys of the generated rows need no look.
            connection.execute("SET session_replication_role = replica")
            for statement in FILL_USERS, FILL_EVENTS, FILL_SESSIONS:
                connection.execute(statement, values)
            connection.execute("VACUUM (ANALYZE)")
        self.warm(database)

    def make_accounts(self) -> str:
        """pgbench's own tables, with the free space that userd gives its sessions."""
        name = self.new_database()
        self._pgbench(name, "-i", "-q", "-F", "80", "-s", ACCOUNTS_SCALE, seconds=300)
        self.warm(name)
        return name

    def warm(self, database: str) -> None:
        """Every table and index into the buffers, and everything written, so that measurements begin alike."""
        self.query("CREATE EXTENSION IF NOT EXISTS pg_prewarm", database=database)
        self.query("SELECT pg_prewarm(oid) FROM pg_class WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace",
                   database=database)
        self.query("CHECKPOINT")

    def pgbench(self, database: str, clients: int, seconds: int, *options) -> tuple[float, int]:
        """Transactions a second with prepared statements, and how many failed."""
        output = self._pgbench(database, "-n", "-M", "prepared", "-c", clients, "-j", os.cpu_count(), "-T", seconds, *options,
                               seconds=seconds + 60)
        rate = re.search(r"^tps = ([0-9.]+) \(without initial connection time\)", output, re.MULTILINE)
        failed = re.search(r"^number of failed transactions: (\d+)", output, re.MULTILINE)
        if not rate or not failed:
            raise RuntimeError(f"pgbench gives no figure: {output[-1000:]}")
        return float(rate[1]), int(failed[1])

    def cpu_seconds(self) -> float:
        """Of the server and of its children, those that have ended too."""
        return sum(cpu_seconds(pid, pid == self.process.pid) for pid in descendants(self.process.pid))

    def _pgbench(self, database: str, *arguments, seconds: int) -> str:
        command = [binaries() / "pgbench", "-h", "127.0.0.1", "-p", self.port, "-U", "userd", *arguments, database]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=seconds)
        if done.returncode != 0:
            raise RuntimeError(f"pgbench failed: {done.stderr[-1000:]}")
        return done.stdout


def cpu_seconds(pid: int, with_ended: bool) -> float:
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(field) for field in fields[11:15 if with_ended else 13]) / TICKS
