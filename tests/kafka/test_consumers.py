"""The programs of docs/examples/consumers on a real broker's topic: their tables are what the database says."""
import asyncio
import json
import os
import pathlib
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from aiokafka import AIOKafkaProducer
from kafka.consumers import EXAMPLES, LANGUAGES, Consumer, build

from support.scripted_registry import ScriptedRegistry
from support.topic import check_stream, headers_of, read_topic, wait_for_records
from support.userd import BINARY, ROOT

PUBLISH = os.environ.get("USERD_PUBLISH", str(pathlib.Path(BINARY).parent / "src/events/userd_publish"))


@pytest.fixture(scope="module", autouse=True)
def built():
    with ThreadPoolExecutor() as pool:
        list(pool.map(build, LANGUAGES))


@pytest.fixture
def consume(broker, topic, tmp_path):
    """Starts a program of each language; all end with the test."""
    made = []

    def start(until_end=True, of=topic, database="users.db"):
        started = {name: Consumer(name, broker.address, of, tmp_path / database, until_end) for name in LANGUAGES}
        made.extend(started.values())
        return started

    yield start
    for consumer in made:
        consumer.stop()


def change(server, *command):
    answer = server.run("users", *command)
    assert answer.returncode == 0, answer.stderr


def live(server):
    """Changes of every kind: what is left is 5 users, of whom one is disabled, after 14 changes."""
    for name in ("ada", "bob", "cyd", "dan", "eve", "fay"):
        assert server.register(name).status_code == 200
    change(server, "set-email", "ada", "new@example.com")
    change(server, "set-email", "ada", "newer@example.com")
    change(server, "disable", "bob")
    change(server, "disable", "cyd")
    change(server, "enable", "cyd")
    change(server, "delete", "dan")
    change(server, "delete", "eve")
    assert server.register("dan", email="another@example.com").status_code == 200  # another user of that name
    return 14


def truth_of(server):
    users = [json.loads(line) for line in server.run("users", "list", "--json").stdout.splitlines()]
    return {user["id"]: (user["version"], user["username"], user["email"], user["disabled"]) for user in users}


def versions_of(records):
    found = {}
    for record in records:
        found.setdefault(record.key.decode(), set()).add(int(headers_of(record)["ce_sequence"]))
    return {user: sorted(versions) for user, versions in found.items()}


def send_again(address, topic, records):
    """As userd would after an acknowledgement that never came, or at a replay, but in any order."""

    async def send():
        producer = AIOKafkaProducer(bootstrap_servers=address)
        await producer.start()
        try:
            for record in records:
                await producer.send_and_wait(topic, key=record.key, value=record.value, headers=list(record.headers),
                                             partition=record.partition)
        finally:
            await producer.stop()

    asyncio.run(send())


def by_kind(records, kind):
    return [record for record in records if headers_of(record)["ce_type"] == kind]


def test_each_table_is_the_truth_though_records_come_twice_and_late(make_userd, broker, topic, consume):
    server = make_userd(KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_USER_TOPIC=topic).start()
    count = live(server)
    records = wait_for_records(broker.address, topic, lambda r: len(r) >= count)
    assert len(records) == count
    check_stream(records)
    following = consume(until_end=False)
    for consumer in following.values():
        consumer.await_records(count)
        assert consumer.skipped() == 0
    # Every record once more, so that each user's first comes after the newest, the erased users' after the tombstone;
    # then the tombstones a third time.
    duplicates = [*records, *by_kind(records, "user.deleted")]
    send_again(broker.address, topic, duplicates)
    change(server, "set-email", "fay", "last@example.com")
    wait_for_records(broker.address, topic, lambda r: len(r) >= count + len(duplicates) + 1)
    everything = asyncio.run(read_topic(broker.address, topic))
    for name, consumer in following.items():
        consumer.await_records(len(everything))
        assert consumer.skipped() == len(duplicates), name
        assert consumer.applied() == versions_of(everything), "each change once, in order"
        consumer.stop()
    truth = truth_of(server)
    assert len(truth) == 5 and any(user[3] for user in truth.values())
    for name, consumer in consume().items():
        assert consumer.finish().table == truth, name
        # SQLite has the offsets as well; what is in memory is made anew.
        assert len(consumer.records) == (0 if name == "python" else len(everything))


def test_a_program_that_was_killed_goes_on_where_it_was(make_userd, broker, topic, consume):
    server = make_userd(KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_USER_TOPIC=topic).start()
    count = live(server)
    wait_for_records(broker.address, topic, lambda r: len(r) >= count)
    killed = consume(until_end=False)
    for consumer in killed.values():
        consumer.await_records(1)
        consumer.stop()  # by SIGKILL, wherever it is
    change(server, "enable", "bob")
    change(server, "delete", "ada")
    records = wait_for_records(broker.address, topic, lambda r: len(r) >= count + 2)
    for name, consumer in consume().items():
        assert consumer.finish().table == truth_of(server), name
        assert consumer.skipped() == 0, "what was applied is not read again"
        seen = {record[2:] for record in [*killed[name].records, *consumer.records]}
        everything = {(user, version) for user, versions in versions_of(records).items() for version in versions}
        # The Python program keeps its table; it may have been killed between its commit and its line.
        assert seen <= everything if name == "python" else seen == everything


def test_a_compacted_topic_gives_the_same_tables(make_userd, broker, topic, consume):
    """What compaction leaves, the newest record of each key, is copied, since the broker's cleaner takes its time."""
    server = make_userd(KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_USER_TOPIC=topic).start()
    count = live(server)
    records = wait_for_records(broker.address, topic, lambda r: len(r) >= count)
    newest = {record.key: record for record in records}
    compacted = f"{topic}-compacted"
    create(broker.address, compacted)
    send_again(broker.address, compacted, newest.values())
    for name, consumer in consume(of=compacted).items():
        assert consumer.finish().table == truth_of(server), name
        assert (len(consumer.records), consumer.skipped()) == (len(newest), 0)


def test_values_in_confluents_wire_format_are_read_as_well(make_userd, broker, topic, consume):
    registry = ScriptedRegistry((200, {"id": 77}))
    try:
        server = make_userd(KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_USER_TOPIC=topic,
                            KAFKA_SCHEMA_REGISTRY_URL=registry.url).start()
        count = live(server)
        records = wait_for_records(broker.address, topic, lambda r: len(r) >= count)
    finally:
        registry.close()
    assert {record.value[:6] for record in records if record.value is not None} == {b"\0\0\0\0\x4d\0"}
    for name, consumer in consume().items():
        assert consumer.finish().table == truth_of(server), name


def test_what_is_not_committed_is_neither_read_nor_waited_for(broker, topic, consume):
    subprocess.run([PUBLISH, broker.address, topic, "transactional", "1", "5"], check=True, timeout=120,
                   stdout=subprocess.DEVNULL)
    still_open = subprocess.Popen([PUBLISH, broker.address, topic, "open", "6", "3"], text=True, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
    try:
        assert still_open.stdout.readline() == "open\n"
        for name, consumer in consume().items():
            names = sorted(user[1] for user in consumer.finish().table.values())
            assert names == [f"n{number}" for number in range(1, 6)], name
        still_open.stdin.write("\n")
        still_open.stdin.flush()
        assert still_open.stdout.readline() == "committed\n"
    finally:
        still_open.kill()
        still_open.communicate(timeout=60)
    for name, consumer in consume().items():
        assert len(consumer.finish().table) == 8, name


def test_an_empty_topic_gives_an_empty_table(broker, topic, consume):
    create(broker.address, topic)
    for consumer in consume().values():
        assert consumer.finish().table == {}


def test_the_python_program_runs_on_the_packages_that_it_names():
    named = (ROOT / EXAMPLES / "python/requirements.txt").read_text().split()
    assert set(named) <= set((ROOT / "tests/requirements.txt").read_text().split())


def create(address, name):
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic

    async def make():
        admin = AIOKafkaAdminClient(bootstrap_servers=address)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, 3, 1)])
        finally:
            await admin.close()

    asyncio.run(make())
