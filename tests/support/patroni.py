"""A real PostgreSQL with a synchronous standby under Patroni and etcd, with the sample's files."""
import os
import pathlib
import signal
import uuid

import httpx

from support.ports import free_port
from support.postgres_server import USER, binaries, rows_of
from support.service import Service, descendants, sample, sample_settings, wait_until

FORMING_SECONDS = 90
USER_PASSWORD = "of-the-tests"
PASSWORDS = {"POSTGRES_SUPERUSER_PASSWORD": "super", "POSTGRES_REPLICATION_PASSWORD": "replication",
             "POSTGRES_REWIND_PASSWORD": "rewind"}


class Etcd(Service):
    """One member: it is not what dies in the tests."""
    name = "etcd"

    def __init__(self) -> None:
        super().__init__()
        self.port, peer = free_port(), free_port()
        values = {
            **sample_settings("ha.env"),
            "ETCD_FOLDER": self.folder / "data",
            "ETCD_PEER_URL": f"http://127.0.0.1:{peer}",
            "ETCD_CLIENT_URL": f"http://127.0.0.1:{self.port}",
            "ETCD_CLUSTER": f"etcd1=http://127.0.0.1:{peer}",
        }
        (self.folder / "etcd.yml").write_text(sample("etcd.yml", **values))

    def command(self) -> list:
        return ["etcd", "--config-file", self.folder / "etcd.yml"]

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health", trust_env=False).json()["health"] == "true"
        except (httpx.TransportError, ValueError):
            return False


class Member(Service):
    """Patroni and the PostgreSQL below it."""
    start_seconds = FORMING_SECONDS

    def __init__(self, name: str, etcd: Etcd) -> None:
        self.name = name
        super().__init__()
        self.port, self.rest = free_port(), free_port()
        values = {
            **sample_settings("ha.env"),
            "PATRONI_MEMBER": name,
            "PATRONI_REST": f"127.0.0.1:{self.rest}",
            "PATRONI_ETCD": f"127.0.0.1:{etcd.port}",
            "POSTGRES_ADDRESS": f"127.0.0.1:{self.port}",
            "POSTGRES_BIN": binaries(),
            "POSTGRES_FOLDER": self.folder / "data",
            "POSTGRES_PGPASS": self.folder / "pgpass",
            "POSTGRES_SOCKETS": self.folder,
            "POSTGRES_NETWORK": "127.0.0.0/8",
            **PASSWORDS,
        }
        (self.folder / "patroni.yml").write_text(sample("patroni.yml", **values))

    def command(self) -> list:
        return ["patroni", self.folder / "patroni.yml"]

    def postgres_processes(self) -> list[int]:
        """Patroni lets go of the PostgreSQL that it starts, which therefore is no child of it."""
        try:
            postmaster = int((self.folder / "data/postmaster.pid").read_text().split()[0])
            owns = str(self.folder) in pathlib.Path(f"/proc/{postmaster}/cmdline").read_text()
        except (FileNotFoundError, ProcessLookupError, IndexError):
            return []
        return descendants(postmaster) if owns else []

    def processes(self) -> list[int]:
        return super().processes() + self.postgres_processes()

    def kill_postgres(self) -> None:
        for pid in self.postgres_processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def ask(self, path: str) -> dict:
        try:
            return httpx.get(f"http://127.0.0.1:{self.rest}{path}", timeout=2, trust_env=False).json()
        except (httpx.TransportError, ValueError):
            return {}

    def state(self) -> dict:
        return self.ask("/patroni")

    def is_ready(self) -> bool:
        return self.state().get("state") == "running"


class PatroniCluster:
    def __init__(self) -> None:
        self.etcd = Etcd()
        self.members = [Member(name, self.etcd) for name in ("postgres1", "postgres2")]

    def start(self) -> "PatroniCluster":
        self.etcd.start()
        for member in self.members:
            member.launch()
        self.wait_synchronous()
        self.query(f"CREATE ROLE {USER} LOGIN PASSWORD '{USER_PASSWORD}'")
        return self

    def primary(self) -> Member | None:
        leaders = [member for member in self.members
                   if member.process and member.state().get("role") in ("master", "primary")]
        return leaders[0] if len(leaders) == 1 else None

    def synchronous(self) -> bool:
        """Whether each commit is on both, and etcd has it that the standby may be promoted. PostgreSQL waits for the
        standby two seconds before that, and a member that dies in between leaves a cluster that takes no writes."""
        primary = self.primary()
        members = primary.ask("/cluster").get("members", []) if primary else []
        return any(member["role"] == "sync_standby" for member in members)

    def wait_synchronous(self, seconds: float = FORMING_SECONDS) -> None:
        wait_until(self.synchronous, seconds, "a primary with its synchronous standby", step=0.2)

    def url(self, database: str = "postgres", account: str = f"{USER}:{USER_PASSWORD}") -> str:
        """Both members, whichever takes writes, with the parameters of the sample's userd.env."""
        parameters = sample_settings("userd.env")["DATABASE_URL"].partition("?")[2]
        hosts = ",".join(f"127.0.0.1:{member.port}" for member in self.members)
        return f"postgresql://{account}@{hosts}/{database}?{parameters}"

    def query(self, statement: str, parameters=None, database: str = "postgres") -> list[tuple]:
        return rows_of(self.url(database, f"postgres:{PASSWORDS['POSTGRES_SUPERUSER_PASSWORD']}"), statement, parameters)

    def new_database(self) -> str:
        name = f"userd_{uuid.uuid4().hex[:12]}"
        self.query(f'CREATE DATABASE "{name}" OWNER {USER}')
        return name

    def logs(self) -> str:
        return "\n".join(f"== {member.name}\n{member.log()[-3000:]}" for member in self.members)

    def close(self) -> None:
        for member in self.members:
            member.close()
        self.etcd.close()

    def __enter__(self) -> "PatroniCluster":
        return self.start()

    def __exit__(self, *_) -> None:
        self.close()

