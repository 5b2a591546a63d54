"""Fixtures of the tests that look at PostgreSQL itself, at its pooler, and at several replicas."""
import pytest

from support.pgbouncer import PgBouncer
from support.postgres_server import PostgresServer
from support.postgres_userd import PostgresUserd, Replicas


@pytest.fixture(scope="session")
def postgres():
    """For the tests that leave it running."""
    with PostgresServer(max_connections="400") as server:
        yield server


@pytest.fixture
def own_postgres():
    """One that the test may kill: commits are durable."""
    with PostgresServer(durable=True) as server:
        yield server


@pytest.fixture
def own_pgbouncer(own_postgres):
    with PgBouncer(own_postgres) as pooler:
        yield pooler


@pytest.fixture
def make_postgres_userd(tmp_path):
    made = []

    def make(postgres, pooler=None, name="userd", **settings):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        made.append(PostgresUserd(folder, postgres, pooler, **settings))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def make_replicas(tmp_path):
    made = []

    def make(postgres, **settings):
        folder = tmp_path / f"replicas{len(made)}"
        folder.mkdir()
        made.append(Replicas(folder, postgres, **settings))
        return made[-1]

    yield make
    for server in made:
        server.close()
