"""Security events in Confluent's wire format, and the two topics' schemas beside each other."""
import json

import pytest

from support.confluent import SECONDS, await_metric, reader
from support.service import wait_until
from support.topic import headers_of, wait_for_records
from support.userd import ROOT

FILES = {"KAFKA_USER_TOPIC": "proto/userd/v1/user.proto", "KAFKA_AUDIT_TOPIC": "proto/userd/v1/security_event.proto"}
METRICS = {"KAFKA_USER_TOPIC": "userd_schema_registered", "KAFKA_AUDIT_TOPIC": "userd_audit_schema_registered"}
PARTS = {"KAFKA_USER_TOPIC": "events", "KAFKA_AUDIT_TOPIC": "audit"}
# Backward incompatible: the same number is another type.
CHANGES = {"KAFKA_USER_TOPIC": ("string username = 3", "int64 username = 3"),
           "KAFKA_AUDIT_TOPIC": ("string user_id = 3", "int64 user_id = 3")}
TOPICS = ("KAFKA_USER_TOPIC", "KAFKA_AUDIT_TOPIC")


@pytest.fixture
def topics(topic, audit_topic):
    """By their settings."""
    return {"KAFKA_USER_TOPIC": topic, "KAFKA_AUDIT_TOPIC": audit_topic}


@pytest.fixture
def with_registry(make_userd, broker, topics):
    return lambda url: make_userd(KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_SCHEMA_REGISTRY_URL=url, **topics)


def kafka_of(server, setting):
    return server.management.get("/health/ready").json()["checks"][PARTS[setting]]["kafka"]


def test_confluents_deserialiser_reads_both_topics(
        with_registry, registry, broker, topic, audit_topic, user_message, security_event):
    server = with_registry(registry.url).start()
    name, _ = server.new_user()
    user_id = json.loads(server.run("users", "show", name, "--json").stdout)["id"]
    assert server.login(name, "wrong password").status_code == 401
    assert server.run("users", "disable", name).returncode == 0
    read = reader(registry, security_event, audit_topic)

    def types(records):
        return sorted(security_event.Type.Name(event.type) for event in (read(record.value) for record in records)
                      if event.user_id == user_id)

    expected = ["TYPE_LOGIN", "TYPE_LOGIN_FAILED", "TYPE_USER_DISABLED"]
    records = wait_for_records(broker.address, audit_topic, lambda r: set(expected) <= set(types(r)))
    assert [kind for kind in types(records) if kind in expected] == expected
    newest = registry.newest(f"{audit_topic}-value")
    assert (newest["schema"], newest["schemaType"]) == ((ROOT / FILES["KAFKA_AUDIT_TOPIC"]).read_text(), "PROTOBUF")
    for record in records:
        assert record.value[:6] == b"\0" + newest["id"].to_bytes(4, "big") + b"\0"
        assert headers_of(record)["content-type"] == "application/protobuf"
    users = wait_for_records(broker.address, topic, lambda r: len(r) >= 2)
    assert {reader(registry, user_message, topic)(record.value).username for record in users} == {name}
    assert registry.newest(f"{topic}-value")["id"] != newest["id"]
    for setting in TOPICS:
        await_metric(server, f"{METRICS[setting]} 1")
        wait_until(lambda of=setting: kafka_of(server, of) == "connected", SECONDS, setting)


@pytest.mark.parametrize("setting", TOPICS)
def test_a_refusal_of_either_schema_stops_the_start_and_names_it(with_registry, registry, topics, setting):
    proto = (ROOT / FILES[setting]).read_text()
    assert proto.count(CHANGES[setting][0]) == 1
    subject = f"{topics[setting]}-value"
    assert registry.register(subject, proto.replace(*CHANGES[setting])).status_code == 200
    server = with_registry(registry.url)
    server.launch()
    assert server.process.wait(SECONDS) == 1
    server.process = None
    (line,) = [line for line in server.log().splitlines() if line.startswith("userd: ")]
    for part in (subject, "409", f"set {setting} to another topic", FILES[setting]):
        assert part in line
    (other,) = set(TOPICS) - {setting}
    for part in (other, FILES[other], topics[other]):
        assert part not in line
    assert "userd serves" not in server.log()
    assert registry.versions(subject) == [1]


@pytest.mark.parametrize("setting", TOPICS)
def test_neither_topic_waits_for_the_others_schema(
        with_registry, scripted, broker, topics, user_message, security_event, setting):
    (other,) = set(TOPICS) - {setting}
    subject = f"{topics[setting]}-value"
    registry = scripted((200, {"id": 5}), of_subject={subject: [(503, {}), (409, {"message": "field 3 changed"})]})
    server = with_registry(registry.url).start()
    name, _ = server.new_user()
    records = wait_for_records(broker.address, topics[other], lambda r: len(r) >= 1)
    assert {record.value[:6] for record in records} == {b"\0\0\0\0\5\0"}
    server.log_with("refuses the schema")
    await_metric(server, f"{METRICS[other]} 1")
    await_metric(server, f"{METRICS[setting]} 0")
    wait_until(lambda: kafka_of(server, other) == "connected", SECONDS, "the other topic's relay")
    assert kafka_of(server, setting).startswith("trouble: the schema registry gives no id")
    assert server.management.get("/health/ready").status_code == 200
    assert server.process.poll() is None
    registry.of_subject[subject] = [(200, {"id": 6})]
    records = wait_for_records(broker.address, topics[setting], lambda r: len(r) >= 1)
    assert {record.value[:6] for record in records} == {b"\0\0\0\0\6\0"}
    messages = {"KAFKA_USER_TOPIC": user_message, "KAFKA_AUDIT_TOPIC": security_event}
    assert messages[setting].FromString(records[0].value[6:]).ListFields()
    await_metric(server, f"{METRICS[setting]} 1")


def test_without_a_registry_no_schema_is_told_of(make_userd, broker, topics):
    server = make_userd(KAFKA_BOOTSTRAP_SERVERS=broker.address, **topics).start()
    assert "schema_registered" not in server.management.get("/metrics").text
