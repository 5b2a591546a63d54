"""The FastAPI peer, bench/peers/fastapi: under uvicorn, on PostgreSQL."""
import os
import pathlib
import secrets
import subprocess

from driver.postgres import Postgres
from driver.process import Process, free_port
from driver.service import ROOT, SETTLE_SECONDS, Service

PEER = ROOT / "bench/peers/fastapi"
PYTHON = ROOT / "build/peers/fastapi/bin/python"
START_SECONDS = 60
STARTED = "Application startup complete."
COPY_USER = """
    INSERT INTO "user" (id, username, email, password, is_active, created_at, updated_at)
    SELECT gen_random_uuid(), name, name || '@example.com', password, is_active, created_at, updated_at
    FROM "user", unnest(%s::text[]) name"""


class FastApi(Service):
    """As its team runs it, with a database of its own."""

    def __init__(self, folder: pathlib.Path, postgres: Postgres, workers: int, password_hash: str = "bcrypt") -> None:
        self.name = f"fastapi, {workers} worker{'s' * (workers > 1)}"
        self.port = free_port()
        self._workers, self._postgres = workers, postgres
        self._database = postgres.new_database()
        self._log = folder / f"fastapi{self.port}.log"
        self._environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": postgres.url(self._database, scheme="postgresql+psycopg"),
            "SECRET_KEY": secrets.token_hex(32),
            "PASSWORD_HASH": password_hash,
        }
        subprocess.run(
            [PYTHON, "-m", "app.database"], cwd=PEER, env=self._environment, timeout=START_SECONDS, check=True)

    def start(self) -> "FastApi":
        """Returns once every worker is ready."""
        command = [PYTHON, "-m", "uvicorn", "app.main:app", "--host", "127.0.0.1", "--port", self.port,
                   "--workers", self._workers]
        self.process = Process(command, PEER, self._environment, self._log)
        try:
            self.process.wait_until(lambda: self._log.read_text().count(STARTED) == self._workers, START_SECONDS, 0.05)
        except BaseException:
            self.process.stop()
            raise
        return self

    def settle(self) -> None:
        self.process.wait_until_quiet(SETTLE_SECONDS)

    def register(self, names: list[str]) -> None:
        """The first in earnest, the others as copies of that: its hashes are slow."""
        super().register(names[:1])
        self._postgres.query(COPY_USER, (names[1:],), self._database)
        self._postgres.warm(self._database)
