"""A topic of the real broker, read to its end as a read_committed consumer."""
import asyncio
import time

from aiokafka import AIOKafkaConsumer, TopicPartition

DRAIN_SECONDS = 60
PARTITIONS = 3  # the test broker's default


async def read_topic(address, topic):
    """All records of the topic up to its end now; none while it does not exist."""
    consumer = AIOKafkaConsumer(bootstrap_servers=address, enable_auto_commit=False, auto_offset_reset="earliest",
                                isolation_level="read_committed")
    await consumer.start()
    try:
        if topic not in await consumer.topics():
            return []
        partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        records = []
        for partition in partitions:
            await consumer.seek_to_beginning(partition)
        deadline = time.monotonic() + DRAIN_SECONDS
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            assert time.monotonic() < deadline, "the topic was never read to its end"
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                records += batch
        return records
    finally:
        await consumer.stop()


def wait_for_records(address, topic, enough):
    """Reads the topic until `enough(records)`, within a bound."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while True:
        records = asyncio.run(read_topic(address, topic))
        if enough(records) or time.monotonic() > deadline:
            return records
        time.sleep(0.5)


def headers_of(record):
    return {name: value.decode() for name, value in record.headers}


def check_stream(records):
    """Per user: first occurrences run 1, 2, 3, …; a duplicate has the same ce_id."""
    seen = {}
    for record in sorted(records, key=lambda r: (r.partition, r.offset)):
        headers = headers_of(record)
        versions = seen.setdefault(record.key, {})
        version = int(headers["ce_sequence"])
        if version in versions:
            assert versions[version] == headers["ce_id"]
        else:
            assert version == len(versions) + 1
            versions[version] = headers["ce_id"]


def names_of(records, user_message):
    return {user_message.FromString(record.value).username for record in records if record.value is not None}


async def committed_ends(address, topic):
    """The offset behind the last record that a read_committed consumer sees, by partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=address, enable_auto_commit=False, isolation_level="read_committed")
    await consumer.start()
    try:
        return {partition.partition: offset for partition, offset in (await consumer.end_offsets(
            [TopicPartition(topic, number) for number in range(PARTITIONS)])).items()}
    finally:
        await consumer.stop()
