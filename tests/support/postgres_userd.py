"""The userd binary on PostgreSQL: alone, behind PgBouncer, and as replicas behind HAProxy."""
import pathlib
import secrets
import threading

from support.haproxy import HAProxy
from support.pgbouncer import PgBouncer
from support.postgres_server import PostgresServer
from support.service import wait_until
from support.userd import Caller, Userd, client_of

REPLICAS = 3
FOLLOW_SECONDS = 30
NEEDS_SCHEMA = ("users", "keys", "services", "events")
CHANGES_OF_KEYS = (("keys", "rotate"), ("keys", "retire"), ("keys", "import"))
MASTER_KEY = secrets.token_urlsafe(48)  # of this run


class PostgresUserd(Userd):
    """With a database of its own on the server; through the pooler if there is one."""

    def __init__(self, folder: pathlib.Path, postgres: PostgresServer, pooler: PgBouncer | None = None,
                 name: str | None = None, **settings: str) -> None:
        self.postgres, self.database_name = postgres, name or postgres.new_database()
        if pooler is not None:
            settings.setdefault("DATABASE_PREPARED", "off")
        settings.setdefault("DATABASE_URL", (pooler or postgres).url(self.database_name))
        settings.setdefault("MASTER_KEY", MASTER_KEY)
        super().__init__(folder, **settings)

    def run(self, *arguments: str, stdin: str = "", **settings: str):
        """As an operator does: `userd migrate` comes first on an empty database, and after a change of the keys the
        servers follow within seconds."""
        if arguments[0] in NEEDS_SCHEMA and not self.has_schema():
            assert super().run("migrate").returncode == 0
        done = super().run(*arguments, stdin=stdin, **settings)
        if arguments[:2] in CHANGES_OF_KEYS and done.returncode == 0:
            self.wait_for_keys()
        return done

    def wait_for_keys(self) -> None:
        """Until it publishes what is in the ring, which goes on changing meanwhile."""
        def follows() -> bool:
            published = self.http.get("/.well-known/jwks.json").json()["keys"]
            return {key["kid"] for key in published} == {kid for (kid,) in self.sql("SELECT id FROM signing_keys")}

        if self.process is not None:
            wait_until(follows, FOLLOW_SECONDS, "the new keys")

    def has_schema(self) -> bool:
        return self.sql("SELECT to_regclass('users') IS NOT NULL") == [(True,)]

    def sql(self, statement: str) -> list[tuple]:
        return self.postgres.query(statement, database=self.database_name)


class Replicas(Caller):
    """Several userd processes as one server: the same settings, one database, one address."""

    def __init__(self, folder: pathlib.Path, postgres: PostgresServer, **settings: str) -> None:
        self.folder = folder
        settings = {"TRUSTED_PROXIES": "127.0.0.1", "MASTER_KEY": MASTER_KEY, **settings}
        name = postgres.new_database()
        self.replicas = []
        for number in range(1, REPLICAS + 1):
            place = folder / f"replica{number}"
            place.mkdir(exist_ok=True)
            self.replicas.append(PostgresUserd(place, postgres, name=name, **settings))
        self.first = self.replicas[0]
        self.balancer = HAProxy(self.replicas)
        self.port, self.http = self.balancer.port, client_of(self.balancer.port)
        self.environment = SharedEnvironment(self.replicas)
        self.sql, self.management = self.first.sql, self.first.management

    def run(self, *arguments: str, stdin: str = "", **settings: str):
        done = self.first.run(*arguments, stdin=stdin, **settings)
        if arguments[:2] in CHANGES_OF_KEYS and done.returncode == 0:
            for replica in self.replicas:
                replica.wait_for_keys()
        return done

    def start(self) -> "Replicas":
        """All at once, so that they race for the migrations and the first key."""
        for replica in self.replicas:
            replica.launch()
        for replica in self.replicas:
            replica.wait_ready()
        if self.balancer.process is None:
            self.balancer.start()
        self.balancer.wait_all_up()
        return self

    def stop(self) -> int | None:
        if self.balancer.process is not None:
            self.balancer.stop()
        codes = []
        threads = [threading.Thread(target=lambda each=replica: codes.append(each.stop())) for replica in self.replicas]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return next((code for code in codes if code), codes[0] if len(codes) == REPLICAS else 1)

    def kill(self) -> None:
        for replica in self.replicas:
            replica.kill()

    def close(self) -> None:
        self.stop()
        self.balancer.close()

    def log(self) -> str:
        return "".join(replica.log() for replica in self.replicas)

    log_with = Userd.log_with


class SharedEnvironment:
    """Sets a variable for every replica."""

    def __init__(self, replicas: list[Userd]) -> None:
        self.replicas = replicas

    def __setitem__(self, name: str, value: str) -> None:
        for replica in self.replicas:
            replica.environment[name] = value

    def __delitem__(self, name: str) -> None:
        for replica in self.replicas:
            del replica.environment[name]

    def __getitem__(self, name: str) -> str:
        return self.replicas[0].environment[name]

    def pop(self, name: str, default: str | None = None) -> str | None:
        return [replica.environment.pop(name, default) for replica in self.replicas][0]

    def keys(self):
        return self.replicas[0].environment.keys()

    def update(self, *others: dict, **settings: str) -> None:
        for replica in self.replicas:
            replica.environment.update(*others, **settings)
