"""Two publishers of one topic, as a replica that was stopped and the one that has taken over."""
import asyncio
import os
import pathlib
import queue
import signal
import subprocess
import threading
import time

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from support.userd import BINARY

PUBLISH = os.environ.get("USERD_PUBLISH", str(pathlib.Path(BINARY).parent / "src/events/userd_publish"))
SECONDS = 60
PARTITIONS = 3


class Publisher:
    """The service's publisher in a process of its own (publish.cpp)."""

    def __init__(self, address, topic, mode, first, count, *more):
        self.process = subprocess.Popen(
            [PUBLISH, address, topic, mode, str(first), str(count), *map(str, more)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.acknowledged, self.lines = set(), []
        self.queue = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.queue.put(line.strip())
        self.queue.put(None)

    def next_line(self):
        """None at the end."""
        line = self.queue.get(timeout=SECONDS)
        if line is not None:
            word, _, rest = line.partition(" ")
            if word == "acknowledged":
                self.acknowledged |= set(map(int, rest.split()))
            self.lines.append(line)
        return line

    def await_line(self, word):
        while (line := self.next_line()) is not None:
            if line.startswith(word):
                return line
        raise AssertionError(f"no {word} in {self.lines}")

    def finish(self):
        while self.next_line() is not None:
            pass
        return self.process.wait(SECONDS)

    def said(self, word):
        return [line for line in self.lines if line.startswith(word)]


@pytest.fixture
def publisher(broker):
    made = []

    def make(*arguments):
        made.append(Publisher(broker.address, *arguments))
        return made[-1]

    yield make
    for one in made:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait(SECONDS)


@pytest.fixture
def topic(broker, request):
    """A topic of the test's own, with the configuration of its mark `topic_config`."""
    name = request.node.name.replace("[", "-").replace("]", "")
    mark = request.node.get_closest_marker("topic_config")

    async def create():
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.address)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs=mark.kwargs if mark else {})])
        finally:
            await admin.close()

    asyncio.run(create())
    return name


def numbers_in(address, topic, isolation="read_committed"):
    """The events' numbers by partition, in order, up to where a consumer of that isolation can read now."""

    async def read():
        consumer = AIOKafkaConsumer(bootstrap_servers=address, enable_auto_commit=False, auto_offset_reset="earliest",
                                    isolation_level=isolation)
        await consumer.start()
        try:
            partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            found = {partition.partition: [] for partition in partitions}
            for partition in partitions:
                await consumer.seek_to_beginning(partition)
            while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
                for partition, batch in (await consumer.getmany(timeout_ms=200)).items():
                    found[partition.partition] += [int(dict(record.headers)["ce_sequence"]) for record in batch]
            return found
        finally:
            await consumer.stop()

    return asyncio.run(asyncio.wait_for(read(), SECONDS))


def all_of(numbers):
    return sorted(number for partition in numbers.values() for number in partition)


def numbers_with(address, topic, acknowledged):
    """As a read_committed consumer sees them, once it sees what was acknowledged: the broker makes a transaction
    visible, partition by partition, soon after it has answered the commit."""
    deadline = time.monotonic() + SECONDS
    while not acknowledged <= set(all_of(numbers := numbers_in(address, topic))):
        assert time.monotonic() < deadline, f"{sorted(acknowledged - set(all_of(numbers)))} never came"
        time.sleep(0.1)
    return numbers


def test_what_the_older_one_left_open_is_never_seen(broker, publisher, topic):
    older = publisher(topic, "open", 1, 50)
    older.await_line("open")
    newer = publisher(topic, "transactional", 1001, 10)
    assert newer.finish() == 0
    older.process.stdin.write("commit\n")
    older.process.stdin.flush()
    assert older.finish() == 1
    assert "FENCED" in older.said("failed")[0]
    assert all_of(numbers_with(broker.address, topic, newer.acknowledged)) == list(range(1001, 1011))
    written = numbers_in(broker.address, topic, "read_uncommitted")
    assert set(range(1, 51)) <= set(all_of(written)), "it had been written"


def test_an_open_transaction_does_not_hold_up_consumers_once_another_has_taken_over(broker, publisher, topic):
    older = publisher(topic, "open", 1, 10)
    older.await_line("open")
    os.kill(older.process.pid, signal.SIGSTOP)
    newer = publisher(topic, "transactional", 1001, 10)
    assert newer.finish() == 0
    # The older one is stopped still: nothing but the takeover has ended its transaction.
    assert all_of(numbers_with(broker.address, topic, newer.acknowledged)) == list(range(1001, 1011))


@pytest.mark.parametrize("lines", [0, 1, 2, 3])
def test_a_publisher_that_was_stopped_and_continues_writes_nothing_more(broker, publisher, topic, lines):
    count = 150_000
    older = publisher(topic, "transactional", 1, count)
    older.await_line("ready")
    for _ in range(lines):
        older.await_line("acknowledged")
    os.kill(older.process.pid, signal.SIGSTOP)
    newer = publisher(topic, "transactional", count + 1, 500)
    assert newer.finish() == 0
    os.kill(older.process.pid, signal.SIGCONT)
    assert older.finish() == 1
    assert older.said("failed")
    seen = numbers_with(broker.address, topic, older.acknowledged | newer.acknowledged)
    for partition in seen.values():
        last_of_older = max((place for place, number in enumerate(partition) if number <= count), default=-1)
        first_of_newer = min((place for place, number in enumerate(partition) if number > count), default=len(partition))
        assert last_of_older < first_of_newer, "the newer one's events come after all of the older one's"
    visible = all_of(seen)
    assert newer.acknowledged == set(range(count + 1, count + 501))
    assert len(visible) == len(set(visible))
    assert len(visible) < count, "it was stopped on its way"


@pytest.mark.topic_config(**{"max.message.bytes": "20000"})
def test_an_event_that_the_broker_refuses_costs_the_others_nothing(broker, publisher, topic):
    sender = publisher(topic, "transactional", 1, 30, 7)
    assert sender.finish() == 0
    refused = sender.said("refused")
    assert len(refused) == 1 and refused[0].startswith("refused 7 ") and "too large" in refused[0]
    assert all_of(numbers_with(broker.address, topic, sender.acknowledged)) == [number for number in range(1, 31) if number != 7]


def test_a_broker_that_is_restarted_costs_no_event(broker, publisher, topic):
    first = publisher(topic, "transactional", 1, 200)
    assert first.finish() == 0
    broker.stop()
    second = publisher(topic, "transactional", 201, 200)
    broker.start()
    assert second.finish() == 0
    assert all_of(numbers_with(broker.address, topic, second.acknowledged)) == list(range(1, 401))
