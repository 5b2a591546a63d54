"""A real PostgreSQL on loopback."""
import pathlib
import signal
import subprocess
import time
import uuid

import psycopg

from support.ports import free_port
from support.service import Service, database_account

USER = "userd"
# What a crash of the machine could lose is not what most tests look at; the others start it durable.
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
SETTINGS = {
    "listen_addresses": "127.0.0.1", "max_connections": "200", "shared_buffers": "64MB", "logging_collector": "off",
    "log_min_messages": "warning", "autovacuum_naptime": "10s", "log_line_prefix": "%m [%p] ",
}


def binaries() -> pathlib.Path:
    """Debian's newest; none of them is on the PATH."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    assert found, "PostgreSQL is not installed: run scripts/bootstrap test"
    return found[-1].parent


class PostgresServer(Service):
    name = "postgres"
    stop_signal = signal.SIGINT  # fast: clients are cut off

    def __init__(self, durable: bool = False, place: pathlib.Path | None = None, **settings: str) -> None:
        super().__init__(place)
        self.port = free_port()
        self.data = self.folder / "data"
        self.settings = {**SETTINGS, **({} if durable else FAST), "unix_socket_directories": str(self.folder),
                         **settings}
        subprocess.run(
            [binaries() / "initdb", "-D", self.data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
             "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, timeout=120, cwd=self.folder, **database_account())

    def command(self) -> list:
        options = [part for key, value in self.settings.items() for part in ("-c", f"{key}={value}")]
        return [binaries() / "postgres", "-D", self.data, "-p", self.port, *options]

    def is_ready(self) -> bool:
        try:
            self.query("SELECT 1")
            return True
        except psycopg.OperationalError:
            return False

    def url(self, database: str = "postgres", user: str = USER, scheme: str = "postgresql") -> str:
        return f"{scheme}://{user}@127.0.0.1:{self.port}/{database}"

    def query(self, statement: str, parameters=None, database: str = "postgres") -> list[tuple]:
        with psycopg.connect(self.url(database), connect_timeout=5, autocommit=True) as connection:
            cursor = connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def new_database(self) -> str:
        name = f"userd_{uuid.uuid4().hex[:12]}"
        self.query(f'CREATE DATABASE "{name}"')
        return name

    def drop_database(self, name: str) -> None:
        self.query(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def connections(self, database: str) -> int:
        ((count,),) = self.query("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", (database,))
        return count


def rows_of(url: str, statement: str, parameters=None, seconds: float = 30) -> list[tuple]:
    """Over a database that may be changing hands: asked again until it answers, within a bound."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with psycopg.connect(url, connect_timeout=3, autocommit=True) as connection:
                cursor = connection.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else []
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
