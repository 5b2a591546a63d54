"""Many users and sessions in a SQLite database, as userd itself would have written them."""
import contextlib
import dataclasses
import os
import pathlib
import random
import sqlite3
import uuid

USER_STEP_MS = 60000  # between two registrations
LOGIN_SPAN_MS = 24 * 3600 * 1000  # the sessions began within a day
ADDRESSES, AGENT = "203.0.113.", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
KNOWN_SESSIONS = 20000
# Odd, so that its multiples modulo a power of two are all different, and in no order.
SCRAMBLE, NAME_BITS = 0x9E3779B97F5, 44

INDEXES = """SELECT name, sql FROM sqlite_schema
             WHERE type = 'index' AND tbl_name IN ('users', 'sessions') AND sql IS NOT NULL"""
ADD_USER = """
    INSERT INTO users (id, username, username_key, email, email_key, password_hash, hash_format, disabled, version,
                       created_at, updated_at, last_event_id, last_event_type, last_event_time)
    VALUES (?1, ?2, ?2, ?3, ?3, ?4, ?5, 0, 1, ?6, ?6, ?7, 'user_registered', ?6)"""
ADD_SESSION = """
    INSERT INTO sessions (id, user_id, generation, refresh_key_id, created_at, rotated_at, expires_at, ends_at,
                          client_address, client_agent)
    VALUES (?1, ?2, 1, ?3, ?4, ?4, ?5, ?6, ?7, ?8)"""


@dataclasses.dataclass(frozen=True)
class Session:
    id: uuid.UUID
    user: uuid.UUID
    username: str


def fill(database: pathlib.Path, users: int, sessions_each: int) -> list[Session]:
    """Adds to the one user, with one session, that userd made in `database` while it ran. The users have that user's
    password; their events have been sent and swept. Returns some of the sessions, in no order."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        # Nothing is lost by a crash here; with the log off each page is written once.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -262144")
        connection.execute("BEGIN EXCLUSIVE")
        known = _add_all(connection, users, sessions_each)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    # Else the kernel would write it while something is measured.
    with open(database, "rb") as file:
        os.fsync(file.fileno())
    return known


def _add_all(connection: sqlite3.Connection, users: int, sessions_each: int) -> list[Session]:
    indexes = connection.execute(INDEXES).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    (now,), = connection.execute("SELECT created_at FROM sessions").fetchall()
    ids = [_id(now - (users - number) * USER_STEP_MS) for number in range(users)]
    names = [f"b{number * SCRAMBLE % (1 << NAME_BITS):011x}" for number in range(1, users + 1)]
    _add_users(connection, ids, names)
    owners = list(range(users)) * sessions_each
    random.shuffle(owners)
    session_ids = [_id(now - LOGIN_SPAN_MS * (len(owners) - number) // len(owners)) for number in range(len(owners))]
    _add_sessions(connection, session_ids, [ids[owner] for owner in owners])
    for _, sql in indexes:
        connection.execute(sql)
    chosen = random.sample(range(len(owners)), min(KNOWN_SESSIONS, len(owners)))
    return [Session(uuid.UUID(bytes=session_ids[number]), uuid.UUID(bytes=ids[owners[number]]), names[owners[number]])
            for number in chosen]


def _add_users(connection: sqlite3.Connection, ids: list[bytes], names: list[str]) -> None:
    (password_hash, hash_format), = connection.execute("SELECT password_hash, hash_format FROM users").fetchall()
    connection.executemany(ADD_USER, (
        (id, name, f"{name}@example.com", password_hash, hash_format, time, _id(time))
        for id, name in zip(ids, names) for time in (_time(id),)))
    connection.execute("UPDATE hash_formats SET users = users + ? WHERE format = ?", (len(ids), hash_format))


def _add_sessions(connection: sqlite3.Connection, ids: list[bytes], users: list[bytes]) -> None:
    (key, created, expires, ends), = connection.execute(
        "SELECT refresh_key_id, created_at, expires_at, ends_at FROM sessions").fetchall()
    began = created // 1000 * 1000  # both times are whole seconds after this
    connection.executemany(ADD_SESSION, (
        (id, user, key, time, whole + expires - began, whole + ends - began, f"{ADDRESSES}{number % 256}", AGENT)
        for number, (id, user) in enumerate(zip(ids, users))
        for time in (_time(id),) for whole in (time // 1000 * 1000,)))


def _id(time_ms: int) -> bytes:
    """A UUID of version 7, as userd makes them."""
    noise = random.getrandbits(74)
    return (time_ms << 80 | 7 << 76 | noise >> 62 << 64 | 2 << 62 | noise & (1 << 62) - 1).to_bytes(16, "big")


def _time(id: bytes) -> int:
    return int.from_bytes(id[:6], "big")
