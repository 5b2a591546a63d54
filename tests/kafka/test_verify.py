"""`userd events verify`: the topic beside the database, against the real broker."""
import json
import os
import re
import select
import subprocess
import sys

from support.service import wait_until
from support.stream import SECONDS, add, create, done, environment, produce, records_of, user_id, wait_until_sent
from support.topic import headers_of
from support.userd import BINARY, unique_name


# A producer that has sent the user's deletion, and aborts it once its standard input ends.
HALF_A_TRANSACTION = """
import asyncio, sys
from aiokafka import AIOKafkaProducer

async def run(address, topic, partition, key):
    producer = AIOKafkaProducer(bootstrap_servers=address, transactional_id="other-" + topic)
    await producer.start()
    await producer.begin_transaction()
    await producer.send_and_wait(topic, partition=int(partition), key=key.encode(), value=None, headers=[
        ("ce_id", b"01890000-0000-7000-8000-000000000000"), ("ce_type", b"user.deleted"), ("ce_sequence", b"9")])
    print("sent", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await producer.abort_transaction()
    await producer.stop()

asyncio.run(run(*sys.argv[1:]))
"""


def test_verify_finds_each_kind_of_difference(server, broker, topic):
    users = {name: add(server, name) for name in ("ada", "bob", "cid", "dan")}
    server.run("users", "disable", "ada")
    wait_until_sent(server)
    assert "0 differences, 0 not yet sent" in done(server.run("events", "verify"))
    records = {(record.key.decode(), headers_of(record)["ce_sequence"]): record for record in records_of(broker, topic)}
    stranger = "01890000-0000-7000-8000-000000000000"
    produce(broker.address, topic, records[users["ada"], "1"])  # back in time
    bobs = records[users["bob"], "1"]
    produce(broker.address, topic, bobs, value=bobs.value.replace(b"bob@example.com", b"BOB@example.com"))
    produce(broker.address, topic, records[users["cid"], "1"], value=None)
    produce(broker.address, topic, records[users["dan"], "1"], key=b"no user id")
    dans = records[users["dan"], "1"]
    produce(broker.address, topic, dans, key=stranger.encode(),
            value=dans.value.replace(users["dan"].encode(), stranger.encode()))
    answer = server.run("events", "verify")
    assert answer.returncode == 3
    said = dict(re.findall(r"^differs  user (\S+)  (.*)$", answer.stdout, re.MULTILINE))
    assert said == {
        users["ada"]: "the topic ends with version 1 behind version 2, version 2 in the database",
        users["bob"]: "other content on the topic, both version 1",
        users["cid"]: "deleted on the topic, version 1 in the database",
        stranger: "version 1 on the topic, not in the database",
    }
    assert "1 that are not of userd" in answer.stdout
    lines = [json.loads(line) for line in server.run("events", "verify", "--json").stdout.splitlines()]
    assert {line["user"] for line in lines if line["result"] == "differs"} == set(said)
    assert lines[-1]["result"] == "summary" and lines[-1]["differences"] == 4
    # A snapshot heals what userd knows better.
    done(server.run("events", "snapshot"))
    wait_until_sent(server)
    healed = server.run("events", "verify")
    assert re.findall(r"^differs  user (\S+)", healed.stdout, re.MULTILINE) == [stranger]


def test_verify_names_what_waits_and_counts_it_as_no_difference(make_userd, broker, topic):
    create(broker.address, topic)
    server = make_userd(KAFKA_USER_TOPIC=topic).start()
    ada = add(server, "ada")
    answer = server.run("events", "verify", KAFKA_BOOTSTRAP_SERVERS=broker.address)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert f"not yet sent  user {ada}  version 1\n" in answer.stdout
    assert "0 differences, 1 not yet sent" in answer.stdout


def test_verify_while_users_change_finds_no_difference(server):
    names = [unique_name() for _ in range(3)]
    for name in names:
        add(server, name)
    wait_until_sent(server)
    for number in range(3):
        verifying = subprocess.Popen([BINARY, "events", "verify"], cwd=server.folder, env=environment(server),
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for name in names:
            assert server.run("users", "set-email", name, f"{name}.{number}@example.com").returncode == 0
        said, _ = verifying.communicate(timeout=SECONDS)
        assert verifying.returncode == 0, said


def test_verify_sees_nothing_of_transactions_that_are_open_or_aborted(server, broker, topic):
    ada = add(server, "ada")
    server.run("users", "disable", "ada")
    wait_until_sent(server)
    old = next(record for record in records_of(broker, topic) if record.key == ada.encode())
    with subprocess.Popen([sys.executable, "-c", HALF_A_TRANSACTION, broker.address, topic, str(old.partition), ada],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout.readline() == "sent\n"
            assert "0 differences, 0 not yet sent" in done(server.run("events", "verify"))
            other.stdin.close()
            assert other.wait(SECONDS) == 0, "aborted"
        finally:
            other.kill()
    assert "0 differences, 0 not yet sent" in done(server.run("events", "verify"))


def test_verify_of_a_compacted_topic_finds_no_difference(make_userd, broker, topic):
    create(broker.address, topic, {"cleanup.policy": "compact", "segment.ms": "1", "min.cleanable.dirty.ratio": "0.001",
                                   "delete.retention.ms": "0"})
    server = make_userd(KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_USER_TOPIC=topic).start()
    for name in ("ada", "bob", "cid"):
        add(server, name)
    for number in range(4):
        server.run("users", "set-email", "ada", f"ada{number}@example.com")
    server.run("users", "delete", "cid")
    wait_until_sent(server)

    def is_compacted():
        """Segments that are written to are left alone, so there must be something new in each partition."""
        for _ in range(2):
            done(server.run("events", "snapshot"))
        wait_until_sent(server)
        assert "0 differences, 0 not yet sent" in done(server.run("events", "verify"))
        return {int(headers_of(record)["ce_sequence"]) for record in records_of(broker, topic)
                if record.key == ada} == {5}

    ada = user_id(server, "ada").encode()
    wait_until(is_compacted, SECONDS, "the broker's compaction", step=0.5)


def test_verify_says_why_it_cannot_read(make_userd, broker, topic):
    server = make_userd(KAFKA_USER_TOPIC=topic).start()
    for brokers, said in (("", "KAFKA_BOOTSTRAP_SERVERS is not set"), (broker.address, f"the topic {topic}: "),
                          ("127.0.0.1:1", "kafka: ")):
        answer = server.run("events", "verify", KAFKA_BOOTSTRAP_SERVERS=brokers)
        assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (1, "", 1)
        assert said in answer.stderr


def test_progress_is_shown_on_a_terminal_and_wiped(server, broker, topic):
    ada = add(server, "ada")
    wait_until_sent(server)
    (record,) = records_of(broker, topic)
    produce(broker.address, topic, record, value=None)  # what differs is looked at for more than a second
    terminal, other_end = os.openpty()
    answer = subprocess.run([BINARY, "events", "verify"], cwd=server.folder, env=environment(server), stderr=other_end,
                            stdout=subprocess.PIPE, text=True, timeout=SECONDS)
    shown = ""
    while select.select([terminal], [], [], 0)[0]:
        shown += os.read(terminal, 65536).decode()
    os.close(terminal)
    os.close(other_end)
    assert f"differs  user {ada}" in answer.stdout
    assert "Looking again at users that differ:  1" in shown
    assert shown.endswith("\r\x1b[K")
