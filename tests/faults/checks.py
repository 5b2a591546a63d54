"""Holds what the client was told, the database, and the topic against each other: the five checks of the design."""
import asyncio
import contextlib
import sqlite3
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from faults.log import Log
from faults.stage import Stage
from support.topic import headers_of, read_topic

READ_SECONDS = 300
TYPES = {"user_registered": "user.registered", "user_updated": "user.updated", "user_deleted": "user.deleted"}


@dataclass(frozen=True)
class Row:
    """A user's."""
    name: str
    email: str
    disabled: bool
    version: int
    last_event: str


@dataclass
class Database:
    users: dict[str, Row]
    events: dict[str, tuple[str, int, str]]  # by id: user, version, type
    sessions: dict[str, tuple[str, int]]  # user, generation
    waiting: int


@dataclass(frozen=True)
class Record:
    user: str
    version: int
    id: str
    type: str
    name: str | None
    email: str | None
    disabled: bool | None


@dataclass
class Verdict:
    lost: list[str] = field(default_factory=list)
    phantom: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)  # neither whole nor absent
    duplicates: int = 0
    records: int = 0

    def is_good(self) -> bool:
        return not (self.lost or self.phantom or self.out_of_order or self.half)


def read_database(stage: Stage) -> Database:
    """Of a stopped server."""
    def text(value) -> str:
        return str(uuid.UUID(bytes=bytes(value)) if isinstance(value, bytes) else value)

    if stage.postgres is not None:
        ask = stage.server.sql
    else:
        def ask(statement):
            with contextlib.closing(sqlite3.connect(stage.server.database)) as database:
                assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                return database.execute(statement).fetchall()
    users = ask("SELECT id, username, email, disabled, version, last_event_id FROM users")
    events = ask("SELECT id, user_id, version, type FROM events")
    sessions = ask("SELECT id, user_id, generation FROM sessions")
    ((waiting,),) = ask("SELECT count(*) FROM outbox")
    return Database(
        {text(row[0]): Row(row[1], row[2], bool(row[3]), row[4], text(row[5])) for row in users},
        {text(id): (text(user), version, TYPES[type]) for id, user, version, type in events},
        {text(id): (text(user), generation) for id, user, generation in sessions}, waiting)


def read_records(stage: Stage, user_message) -> list[Record]:
    """As a read_committed consumer of the whole topic gets them, in its order."""
    records = asyncio.run(asyncio.wait_for(read_topic(stage.broker.address, stage.topic), READ_SECONDS))
    found = []
    for record in sorted(records, key=lambda each: (each.partition, each.offset)):
        headers = headers_of(record)
        state = user_message.FromString(record.value) if record.value is not None else None
        found.append(Record(record.key.decode(), int(headers["ce_sequence"]), headers["ce_id"], headers["ce_type"],
                            state and state.username, state and state.email, state and state.disabled))
    return found


def check(log: Log, database: Database, records: list[Record]) -> Verdict:
    verdict = Verdict(records=len(records), duplicates=len(records) - len({record.id for record in records}))
    _check_acknowledged(verdict, log, database, records)
    _check_committed(verdict, database, records)
    _check_phantoms(verdict, log, database, records)
    _check_order(verdict, records)
    _check_whole(verdict, database, records)
    return verdict


def _check_acknowledged(verdict: Verdict, log: Log, database: Database, records: list[Record]) -> None:
    """Every acknowledged change is in the database and in the topic."""
    first = {record.name: record for record in records if record.version == 1}
    by_version = {(record.user, record.version): record for record in records}
    deleted = {record.user for record in records if record.type == "user.deleted"}
    maybe_deleted = {each.user for each in log.operations if each.kind == "delete"}
    names = {row.name for row in database.users.values()}
    for each in log.acknowledged():
        what = f"{each.kind} of {each.user} {each.value} version {each.version}"
        registered = first.get(each.user)
        if registered is None:
            verdict.lost.append(f"{what}: no registration in the topic")
            continue
        user = registered.user
        if user not in database.users and not (user in deleted and each.user in maybe_deleted):
            verdict.lost.append(f"{what}: not in the database")
        elif each.kind == "refresh":
            stored = database.sessions.get(each.value)
            if user in database.users and (stored is None or stored[1] < each.version):
                verdict.lost.append(f"{what}: the session is {stored}")
        elif each.kind == "delete":
            if user not in deleted or each.user in names:
                verdict.lost.append(f"{what}: still there")
        else:
            record = by_version.get((user, each.version))
            is_there = record is not None and (
                each.kind in ("register", "set-email") and record.email == each.value
                or each.kind in ("disable", "enable") and record.disabled == (each.kind == "disable"))
            if not is_there:
                verdict.lost.append(f"{what}: the topic has {record}")
            elif user in database.users and database.users[user].version < each.version:
                verdict.lost.append(f"{what}: the database has {database.users[user]}")


def _check_committed(verdict: Verdict, database: Database, records: list[Record]) -> None:
    """Every committed event is in the topic."""
    sent = {record.id for record in records}
    verdict.lost += [f"event {id} of {event}: not in the topic" for id, event in database.events.items() if id not in sent]
    if database.waiting:
        verdict.lost.append(f"{database.waiting} events still wait")


def _check_phantoms(verdict: Verdict, log: Log, database: Database, records: list[Record]) -> None:
    """The topic has nothing that was not committed, and nothing that nobody asked for."""
    asked = defaultdict(set)
    for each in log.operations:
        if each.outcome != "not sent":
            asked[each.user].add((each.kind, each.value))
    names = {record.user: record.name for record in records if record.version == 1}
    for record in records:
        if database.events.get(record.id) != (record.user, record.version, record.type):
            verdict.phantom.append(f"{record}: the database has {database.events.get(record.id)}")
        wanted = asked.get(names.get(record.user), set())
        emails = {value for kind, value in wanted if kind in ("register", "set-email")}
        if record.name is None:
            if ("delete", "") not in wanted:
                verdict.phantom.append(f"{record}: nobody deleted it")
        elif record.email not in emails or record.disabled and ("disable", "") not in wanted:
            verdict.phantom.append(f"{record}: nobody asked for it")


def _check_order(verdict: Verdict, records: list[Record]) -> None:
    """Of each user the first occurrences run 1, 2, 3, …; a repetition has the same id."""
    seen = defaultdict(dict)
    for record in records:
        versions = seen[record.user]
        if record.version not in versions:
            if record.version != len(versions) + 1:
                verdict.out_of_order.append(f"{record} after {sorted(versions)}")
            versions[record.version] = record.id
        elif versions[record.version] != record.id:
            verdict.out_of_order.append(f"{record} was {versions[record.version]}")


def _check_whole(verdict: Verdict, database: Database, records: list[Record]) -> None:
    """Acknowledged or not, a change is whole or absent: row, versions and events belong together, and a consumer's table
    is the database's."""
    versions = defaultdict(dict)
    for id, (user, version, type) in database.events.items():
        versions[user][version] = (id, type)
    newest = {}
    for record in records:
        if record.version >= newest.get(record.user, record).version:
            newest[record.user] = record
    for user, row in database.users.items():
        events = versions.get(user, {})
        if sorted(events) != list(range(1, row.version + 1)) or events[row.version][0] != row.last_event:
            verdict.half.append(f"{user} {row}: has the events {events}")
        record = newest.get(user)
        if record is None or (record.name, record.email, record.disabled, record.version) != (
                row.name, row.email, row.disabled, row.version):
            verdict.half.append(f"{user} {row}: the newest record is {record}")
    for user, events in versions.items():
        if user not in database.users and events[max(events)][1] != "user.deleted":
            verdict.half.append(f"{user}: has events, no row, and no deletion: {events}")
    verdict.half += [f"session {id} of nobody" for id, (user, _) in database.sessions.items() if user not in database.users]
    verdict.half += [f"two users are called {name}" for name, count in Counter(
        row.name.lower() for row in database.users.values()).items() if count > 1]
