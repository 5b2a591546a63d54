"""Where the server under test keeps its data: `USERD_TEST_BACKEND`, one for a whole run of pytest.

sqlite (the default), postgres, pgbouncer (transaction mode), or replicas (three on PostgreSQL behind HAProxy).
"""
import os
import pathlib

from support.userd import Userd

NAMES = ("sqlite", "postgres", "pgbouncer", "replicas")
BACKEND = os.environ.get("USERD_TEST_BACKEND", "sqlite")

# What depends on where the state is. TLS, bytes on the wire and validation are the same on every backend.
_SESSIONS = ("api/test_contract.py", "api/test_introspection.py", "api/test_sessions.py", "api/test_tokens.py",
             "security/test_guessing.py", "security/test_session_model.py", "security/test_session_races.py",
             "security/test_token_attacks.py", "kafka/test_events.py")
_STATE = (*_SESSIONS, "api/test_key_changes.py", "api/test_keys.py", "api/test_services.py",
          "security/test_address_limits.py")
SELECTED = {
    "postgres": (*_STATE, "api/test_commands.py", "api/test_log.py", "api/test_overload.py",
                 "api/test_passwords.py", "kafka/test_schema_registry.py", "security/test_login_timing.py",
                 "kafka/test_real_brokers.py", "kafka/test_audit_events.py", "kafka/test_audit_schema.py",
                 "kafka/test_tools.py", "kafka/test_verify.py", "kafka/test_parked_and_tail.py"),
    "pgbouncer": (*_STATE, "kafka/test_tools.py"),
    "replicas": _SESSIONS,  # tests/postgres/test_replicas.py has keys and services
}
_made: list = []
_running: dict = {}  # the servers that all tests of this run share


def new_server(folder: pathlib.Path, **settings: str):
    """A server that is not started yet, with a database of its own."""
    _made.append(_make(folder, **settings))
    return _made[-1]


def _make(folder: pathlib.Path, **settings: str):
    if BACKEND == "sqlite":
        return Userd(folder, **settings)
    from support.postgres_userd import PostgresUserd, Replicas

    if BACKEND == "replicas":
        return Replicas(folder, _postgres(), **settings)
    return PostgresUserd(folder, _postgres(), _pgbouncer() if BACKEND == "pgbouncer" else None, **settings)


def _postgres():
    if "postgres" not in _running:
        from support.postgres_server import PostgresServer

        _running["postgres"] = PostgresServer(max_connections="500").start()
    return _running["postgres"]


def _pgbouncer():
    if "pgbouncer" not in _running:
        from support.pgbouncer import PgBouncer

        _running["pgbouncer"] = PgBouncer(_postgres()).start()
    return _running["pgbouncer"]


def close() -> None:
    """At the end of the run: the servers, the pooler, the database."""
    for server in _made:
        server.close()
    for name in reversed(list(_running)):
        _running.pop(name).close()


def selects(file: str, markers: set[str]) -> bool:
    """Whether a test runs on this backend: by its file, named from the folder of the tests, and its markers."""
    if BACKEND not in NAMES:
        raise ValueError(f"USERD_TEST_BACKEND is none of {', '.join(NAMES)}")
    if BACKEND == "sqlite":
        return True
    return file in SELECTED[BACKEND] and "sqlite" not in markers and not (
        BACKEND == "replicas" and "one_process" in markers)
