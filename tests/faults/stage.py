"""What a run kills and freezes: userd, the broker behind its proxy and, on PostgreSQL, the database behind its own."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from faults.proxy import Kafka, Postgres, Proxy
from faults.small_disk import SmallDisk
from kafka.broker import KafkaBroker
from support.ports import free_port
from support.postgres_server import PostgresServer
from support.postgres_userd import PostgresUserd
from support.userd import Userd, unique_name

UP_SECONDS = 90
DISK_MIB = {"sqlite": 512, "postgres": 1024}
SETTINGS = {"LOGIN_LIMITS": "off", "REGISTRATION_LIMIT": "off"}
# So that the small file system is the data's, not the log's.
POSTGRES = {"max_wal_size": "96MB", "min_wal_size": "32MB", "wal_recycle": "off"}


class Broker:
    """A broker and the proxy in front of it, for one run or several."""

    def __init__(self) -> None:
        self.proxy = Proxy(None, Kafka)
        self.kafka = KafkaBroker(advertised=self.proxy.port)
        self.proxy.upstream = self.kafka.port

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.proxy.port}"

    def up(self) -> None:
        if self.kafka.process is None or self.kafka.process.poll() is not None:
            self.kafka.start()
        self.kafka.resume()


class Stage:
    def __init__(self, backend: str, broker: Broker, postgres_settings: dict[str, str] | None = None) -> None:
        self.backend, self.broker, self.topic = backend, broker, unique_name("faults-")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="userd-faults-"))
        self.postgres: PostgresServer | None = None
        self.proxy: Proxy | None = None
        self.disk = SmallDisk(DISK_MIB[backend])
        self._up = threading.Lock()
        self.command_environment: dict[str, str] = {}
        try:
            self._set_up(postgres_settings or {})
        except BaseException:
            self.close_data()
            raise

    def _set_up(self, postgres_settings: dict[str, str]) -> None:
        place, backend, broker = self.disk.path if self.disk.kind else self.folder, self.backend, self.broker
        settings = {**SETTINGS, "KAFKA_BOOTSTRAP_SERVERS": broker.address, "KAFKA_USER_TOPIC": self.topic}
        if backend == "sqlite":
            self.server = Userd(self.folder, **settings)
            self.server.database = place / "userd.db"
            self.server.environment["DATABASE_URL"] = f"sqlite:///{self.server.database}"
        else:
            os.chmod(self.folder, 0o755)
            self.postgres = PostgresServer(True, place, **POSTGRES, **postgres_settings)
            self.postgres.start()
            self.proxy = Proxy(self.postgres.port, Postgres)
            self.server = PostgresUserd(self.folder, self.postgres, **settings)
            self.direct_url = self.server.environment["DATABASE_URL"]
            self.server.environment["DATABASE_URL"] = self.direct_url.replace(
                str(self.postgres.port), str(self.proxy.port))
            # A gate of the proxy is for the server; commands go straight to the database.
            self.command_environment["DATABASE_URL"] = self.direct_url

    def down(self) -> list[str]:
        """Those that a fault has killed already."""
        processes = {"userd": self.server, "broker": self.broker.kafka, "postgres": self.postgres}
        return [name for name, each in processes.items() if each is not None and each.process is None]

    def kill_userd(self) -> None:
        if self.server.process is not None:
            self.server.kill()

    def stop_userd(self) -> None:
        if self.server.process is not None:
            self.server.process.send_signal(signal.SIGSTOP)

    def kill_broker(self) -> None:
        if self.broker.kafka.process is not None:
            self.broker.kafka.kill()

    def kill_postgres(self) -> None:
        if self.postgres.process is not None:
            self.postgres.kill()

    def up(self) -> None:
        """All are started that are dead, and go on that were stopped. Blocks."""
        with self._up:
            self.disk.free()
            if self.postgres is not None:
                self._postgres_up()
            self.broker.up()
            self._userd_up()

    def _postgres_up(self) -> None:
        deadline = time.monotonic() + UP_SECONDS
        while True:
            if self.postgres.process is not None and self.postgres.process.poll() is not None:
                self.postgres.process = None  # it ends by itself on a full disk
            if self.postgres.process is None:
                self.postgres.launch()
            self.postgres.resume()
            try:
                return self.postgres.wait_ready()
            except AssertionError:
                if time.monotonic() > deadline:
                    raise

    def _userd_up(self) -> None:
        deadline = time.monotonic() + UP_SECONDS
        while True:
            process = self.server.process
            if process is None or process.poll() is not None:
                self.server.launch()
            self.server.process.send_signal(signal.SIGCONT)
            try:
                self.server.wait_ready()
                return
            except AssertionError:
                # A command may have had the database for itself, for a moment.
                if time.monotonic() > deadline:
                    raise

    def end_lease(self) -> None:
        """As time does, 5 s after the death of the one who had the right to send events. SQLite keeps it in memory."""
        if self.postgres is not None:
            self.server.sql("UPDATE outbox_lease SET until = 0 WHERE holder IS NOT NULL")

    def hold_write_lock(self) -> subprocess.Popen:
        """SQLite's, until the process is killed."""
        holder = subprocess.Popen([sys.executable, pathlib.Path(__file__).with_name("hold_lock.py"),
                                   self.server.database], stdout=subprocess.PIPE, text=True)
        if holder.stdout.readline().strip() != "held":
            holder.kill()
            holder.wait(10)
            raise AssertionError("the write lock was not to be had")
        return holder

    def close(self) -> None:
        try:
            self.kill_userd()
        finally:
            self.close_data()

    def close_data(self) -> None:
        if self.postgres is not None:
            self.postgres.close()
        self.disk.close()
        shutil.rmtree(self.folder, ignore_errors=True)
