"""Keeps a table of users in SQLite, from the topic of user events.

usage: users.py BROKERS TOPIC DATABASE [--until-end]

Prints a line for each record, and with --until-end, at the end that the topic had at the start, the table.
"""
import asyncio
import sqlite3
import sys

from aiokafka import AIOKafkaConsumer
from userd.v1.user_pb2 import User

SCHEMA = """
-- Of an erased user the id and the version stay, so that an older record that comes again brings nothing back.
CREATE TABLE IF NOT EXISTS users (
    user_id TEXT PRIMARY KEY, version INTEGER NOT NULL, username TEXT, email TEXT, disabled INTEGER);
CREATE TABLE IF NOT EXISTS offsets (partition INTEGER PRIMARY KEY, next INTEGER NOT NULL);
"""
APPLY = """
INSERT INTO users (user_id, version, username, email, disabled) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, username = excluded.username,
    email = excluded.email, disabled = excluded.disabled
WHERE excluded.version > users.version
"""
KEEP_OFFSET = "INSERT INTO offsets VALUES (?, ?) ON CONFLICT (partition) DO UPDATE SET next = excluded.next"


def user_of(value: bytes | None) -> User | None:
    """None for a deletion."""
    if value is None:
        return None
    # Protobuf never begins with 0. Where userd uses a schema registry, that byte, the schema's id and a message index of
    # one byte come first.
    return User.FromString(value[6:] if value.startswith(b"\0") else value)


class Table:
    def __init__(self, path: str) -> None:
        self.database = sqlite3.connect(path, isolation_level=None)
        self.database.executescript(SCHEMA)

    def next_offset(self, partition: int) -> int:
        found = self.database.execute("SELECT next FROM offsets WHERE partition = ?", (partition,)).fetchone()
        return found[0] if found else 0

    def take(self, records, offsets: dict[int, int]) -> None:
        """The records and the places behind them are one transaction: none is lost, and none counts twice."""
        self.database.execute("BEGIN IMMEDIATE")
        with self.database:
            for record in records:
                self.apply(record)
            self.database.executemany(KEEP_OFFSET, offsets.items())

    def apply(self, record) -> None:
        headers = {name: value.decode() for name, value in record.headers}
        user_id, version = record.key.decode(), int(headers["ce_sequence"])
        user = user_of(record.value)
        state = (user.username, user.email, user.disabled) if user else (None, None, None)
        # A duplicate has a version that the table has already, and so has a record that is sent again later.
        is_new = self.database.execute(APPLY, (user_id, version, *state)).rowcount == 1
        print("applied" if is_new else "skipped", headers["ce_type"], user_id, version, flush=True)

    def print(self) -> None:
        for user_id, version, username, email, disabled in self.database.execute(
                "SELECT * FROM users WHERE username IS NOT NULL ORDER BY user_id"):
            print("user", user_id, version, username, email, "disabled" if disabled else "active")


async def follow(consumer: AIOKafkaConsumer, table: Table, until_end: bool) -> None:
    partitions = consumer.assignment()
    for partition in partitions:
        consumer.seek(partition, table.next_offset(partition.partition))
    ends = await consumer.end_offsets(partitions) if until_end else {}
    while True:
        batches = await consumer.getmany(timeout_ms=500)
        offsets = {partition: await consumer.position(partition) for partition in partitions}
        table.take([record for batch in batches.values() for record in batch],
                   {partition.partition: offset for partition, offset in offsets.items()})
        if until_end and all(offsets[partition] >= end for partition, end in ends.items()):
            return


async def main(brokers: str, topic: str, database: str, until_end: bool) -> None:
    # No group, which means all partitions: the table and the offsets are kept together. An offset that the topic does
    # not have any more means from the start, which the versions make harmless.
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=brokers, auto_offset_reset="earliest",
                                isolation_level="read_committed")
    await consumer.start()
    try:
        table = Table(database)
        await follow(consumer, table, until_end)
        table.print()
    finally:
        await consumer.stop()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4], until_end=sys.argv[4:] == ["--until-end"]))
