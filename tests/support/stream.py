"""What the tests of the commands on events ask of a server and of its topic."""
import asyncio
import json
import subprocess

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from support.service import wait_until
from support.topic import PARTITIONS, headers_of, read_topic
from support.userd import PASSWORD

SECONDS = 60


def records_of(broker, topic):
    return asyncio.run(read_topic(broker.address, topic))


def drained(server) -> bool:
    return json.loads(server.run("events", "status", "--json").stdout)["waiting"] == 0


def wait_until_sent(server) -> None:
    wait_until(lambda: drained(server), SECONDS, "an empty outbox")


def versions(records, user_id: str) -> list[int]:
    mine = [record for record in records if record.key == user_id.encode()]
    return [int(headers_of(record)["ce_sequence"]) for record in sorted(mine, key=lambda r: r.offset)]


def user_id(server, name: str) -> str:
    return json.loads(server.run("users", "show", name, "--json").stdout)["id"]


def add(server, name: str) -> str:
    assert server.run("users", "add", name, f"{name}@example.com", stdin=PASSWORD + "\n").returncode == 0
    return user_id(server, name)


def done(answer: subprocess.CompletedProcess) -> str:
    assert (answer.returncode, answer.stderr) == (0, "")
    return answer.stdout


def environment(server) -> dict:
    return dict((getattr(server, "first", server)).environment)


def create(address: str, topic: str, settings: dict | None = None) -> None:
    async def run():
        admin = AIOKafkaAdminClient(bootstrap_servers=address)
        await admin.start()
        await admin.create_topics([NewTopic(topic, PARTITIONS, 1, topic_configs=settings or {})])
        await admin.close()

    asyncio.run(run())


def produce(address: str, topic: str, record, **changes) -> None:
    async def run():
        producer = AIOKafkaProducer(bootstrap_servers=address)
        await producer.start()
        parts = {"key": record.key, "value": record.value, "headers": list(record.headers), **changes}
        await producer.send_and_wait(topic, partition=record.partition, **parts)
        await producer.stop()

    asyncio.run(run())
