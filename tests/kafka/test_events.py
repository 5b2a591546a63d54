"""The stream as a consumer of the real broker sees it."""
import threading
import time
import uuid

from support.topic import check_stream, headers_of, names_of, wait_for_records
from support.userd import PASSWORD, unique_name


class Load:
    """Registers users until stopped, and logs every 200."""

    def __init__(self, server, threads=3):
        self.server, self.acknowledged, self.stopping = server, [], threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.stopping.is_set():
            name = unique_name("load")
            try:
                if self.server.register(name).status_code == 200:
                    self.acknowledged.append(name)
            except Exception:
                time.sleep(0.05)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        return self.acknowledged


def test_every_change_is_a_record_of_the_contract(make_userd, broker, topic, user_message):
    server = make_userd(
        KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_USER_TOPIC=topic, REGISTRATION_LIMIT="off").start()
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    body = {"username": "ada", "email": "ada@example.com", "password": PASSWORD}
    assert server.http.post("/user/register", json=body, headers={"traceparent": trace}).status_code == 200
    server.login("ada")
    for command in (("set-email", "ada", "new@example.com"), ("disable", "ada"), ("enable", "ada"), ("delete", "ada")):
        assert server.run("users", *command).returncode == 0
    records = wait_for_records(broker.address, topic, lambda r: len(r) >= 5)
    assert len(records) == 5
    check_stream(records)
    user_id = records[0].key.decode()
    assert str(uuid.UUID(user_id)) == user_id
    for version, record in enumerate(records, 1):
        headers = headers_of(record)
        assert record.key.decode() == headers["ce_subject"] == user_id
        assert headers["ce_specversion"] == "1.0"
        assert headers["ce_sequence"] == str(version)
        assert headers["content-type"] == "application/protobuf"
        assert {"ce_id", "ce_source", "ce_time"} <= set(headers)
    assert [headers_of(r)["ce_type"] for r in records] == (
        ["user.registered"] + ["user.updated"] * 3 + ["user.deleted"])
    assert headers_of(records[0])["traceparent"] == trace
    first = user_message.FromString(records[0].value)
    assert (first.username, first.email, first.user_id, first.version, first.disabled) == (
        "ada", "ada@example.com", user_id, 1, False)
    assert abs(first.created_at - time.time()) < 120
    assert user_message.FromString(records[1].value).email == "new@example.com"
    assert user_message.FromString(records[2].value).disabled
    assert records[4].value is None
    for record in records:
        content = (record.value or b"") + b"".join(value for _, value in record.headers)
        assert PASSWORD.encode() not in content
        assert b"$argon2" not in content


def test_a_broker_that_stops_under_load_loses_nothing(make_userd, broker, topic, user_message):
    server = make_userd(
        KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_USER_TOPIC=topic, REGISTRATION_LIMIT="off").start()
    load = Load(server)
    time.sleep(3)
    broker.stop()
    before = len(load.acknowledged)
    time.sleep(20)
    during = len(load.acknowledged)
    ready = server.management.get("/health/ready")
    broker.start()
    time.sleep(2)
    names = set(load.stop())
    assert during > before
    assert ready.status_code == 200
    assert ready.json()["checks"]["events"]["backlog"] > 0
    records = wait_for_records(broker.address, topic, lambda r: len({x.key for x in r}) >= len(names))
    check_stream(records)
    assert names <= names_of(records, user_message)


def test_killing_userd_under_load_loses_nothing(make_userd, broker, topic, user_message):
    server = make_userd(
        KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_USER_TOPIC=topic, REGISTRATION_LIMIT="off").start()
    load = Load(server)
    for _ in range(3):
        time.sleep(2)
        server.kill()
        server.start()
    time.sleep(1)
    names = set(load.stop())
    listed = {line.split()[1] for line in server.run("users", "list").stdout.splitlines()}
    assert names <= listed
    records = wait_for_records(broker.address, topic, lambda r: len({x.key for x in r}) >= len(listed))
    check_stream(records)
    assert names_of(records, user_message) == listed


def test_without_a_broker_events_wait_and_follow_later(make_userd, broker, topic, user_message):
    server = make_userd(KAFKA_USER_TOPIC=topic).start()
    names = {unique_name() for _ in range(20)}
    for name in names:
        assert server.register(name).status_code == 200
    assert "waiting: 20" in server.run("events", "status").stdout
    server.stop()
    server.environment["KAFKA_BOOTSTRAP_SERVERS"] = broker.address
    server.start()
    records = wait_for_records(broker.address, topic, lambda r: len(r) >= len(names))
    assert names_of(records, user_message) == names
    deadline = time.monotonic() + 20
    while "waiting: 0" not in (status := server.run("events", "status").stdout) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert "waiting: 0" in status
