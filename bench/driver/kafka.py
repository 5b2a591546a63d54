"""The tests' broker, and a SQLite database whose events all wait for it."""
import asyncio
import contextlib
import pathlib
import sqlite3
import sys

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from driver.service import ROOT

sys.path.insert(0, str(ROOT / "tests/kafka"))

from broker import KafkaBroker  # noqa: E402

PARTITIONS = 3  # the broker's default, which userd's topics have

# Copies of the one user that the database has, with the event of its registration.
FILL = """
    CREATE TEMP TABLE copies AS
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count - 1)
    SELECT n, randomblob(16) AS id, randomblob(16) AS event_id, printf('waiting%06d', n) AS name FROM numbers;
    INSERT INTO users SELECT c.id, c.name, c.name, c.name || '@example.com', c.name || '@example.com', password_hash,
        hash_format, disabled, version, created_at, updated_at, c.event_id, last_event_type, last_event_time
        FROM (SELECT * FROM users LIMIT 1), copies c ORDER BY c.id;
    INSERT INTO events (id, type, user_id, version, time, traceparent, username, email, created_at, updated_at, disabled)
        SELECT last_event_id, last_event_type, id, version, last_event_time,
               printf('00-%s-%s-01', lower(hex(last_event_id)), substr(lower(hex(id)), 1, 16)),
               username, email, created_at, updated_at, disabled
        FROM users WHERE id IN (SELECT id FROM copies) ORDER BY last_event_id;
    INSERT INTO outbox (sequence, user_id) SELECT sequence, user_id FROM events WHERE true ON CONFLICT DO NOTHING;
    UPDATE hash_formats SET users = :count;
"""


def fill_outbox(database: pathlib.Path, count: int) -> None:
    """Makes the users of a database with one user, and the events that wait in it, `count` each."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        with connection:
            for statement in filter(str.strip, FILL.split(";")):
                connection.execute(statement, {"count": count} if ":count" in statement else {})
        ((waiting,),) = connection.execute("SELECT count(*) FROM outbox").fetchall()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if waiting != count:
        raise RuntimeError(f"{waiting} events wait instead of {count}")


async def create_topic(broker: KafkaBroker, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, PARTITIONS, 1)])
    finally:
        await admin.close()


def new_topic(broker: KafkaBroker, name: str) -> str:
    asyncio.run(create_topic(broker, name))
    return name
