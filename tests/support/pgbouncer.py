"""A real PgBouncer in transaction mode, with the sample's file."""
import psycopg

from support.patroni import Member
from support.ports import free_port
from support.postgres_server import USER, PostgresServer
from support.service import Service, sample, sample_settings


class PgBouncer(Service):
    name = "pgbouncer"

    def __init__(self, postgres: PostgresServer | Member, password: str = "") -> None:
        super().__init__()
        self.port = free_port()
        values = {
            **sample_settings("ha.env"),
            "PGBOUNCER_PORT": self.port,
            "PGBOUNCER_DATABASE": f"host=127.0.0.1 port={postgres.port}",
            "PGBOUNCER_USERS": self.folder / "users.txt",
            "PGBOUNCER_AUTH": "trust",
            "PGBOUNCER_SOCKETS": self.folder,
        }
        (self.folder / "pgbouncer.ini").write_text(sample("pgbouncer.ini", **values))
        (self.folder / "users.txt").write_text(f'"{USER}" "{password}"\n')

    def command(self) -> list:
        return ["pgbouncer", self.folder / "pgbouncer.ini"]

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def is_ready(self) -> bool:
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=5, autocommit=True) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False
