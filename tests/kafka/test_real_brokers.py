"""userd against a Kafka as sites run it: TLS, SCRAM, ACLs, topics that are missing or take little."""
import asyncio
import json
import secrets

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from kafka.secure_broker import SecureKafkaBroker
from support.certificates import Authority
from support.service import wait_until
from support.topic import check_stream, names_of, wait_for_records
from support.userd import unique_name

SECONDS = 60
PERMITTED = "user-events"  # every topic whose name begins so


@pytest.fixture(scope="module")
def secure():
    kafka = SecureKafkaBroker()
    kafka.start()
    kafka.permit(PERMITTED, "prefixed")
    yield kafka
    kafka.close()


def create(broker, name, **config):
    async def ask():
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.address)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, 3, 1, topic_configs=config)])
        finally:
            await admin.close()

    asyncio.run(ask())
    return name


def errors_of(server, reason):
    wanted = f'userd_kafka_errors_total{{reason="{reason}"}} '
    lines = server.management.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(wanted)).removeprefix(wanted))


def events_part(client):
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    return answer.json()["checks"]["events"]


def trouble_lines(server, reason):
    lines = [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]
    return [line for line in lines if line["message"].startswith("kafka takes no events") and line["reason"] == reason]


def register(server, count=3):
    names = {unique_name() for _ in range(count)}
    for name in names:
        assert server.register(name).status_code == 200
    return names


def await_trouble(server, reason, *advice):
    """Told by the log, the metrics and the operators' health page, while registration goes on."""
    names = register(server)
    wait_until(lambda: errors_of(server, reason) > 0, SECONDS, f"an error that counts as {reason}")
    part = wait_until(lambda: (part := events_part(server.management))["kafka"].startswith(f"trouble: {reason}: ") and part,
                      SECONDS, f"{reason} on the health page")
    assert part["backlog"] >= 0 and all(word in part["kafka"] for word in advice)
    assert events_part(server.http)["kafka"] == "trouble", "the API may be public and gives no reason"
    lines = wait_until(lambda: trouble_lines(server, reason), SECONDS, f"a line about {reason}")
    assert all(word in lines[0]["advice"] for word in advice)
    names |= register(server)
    return names


def await_all(server, broker, topic, names, user_message):
    records = wait_for_records(broker.address, topic, lambda r: len({x.key for x in r}) >= len(names))
    check_stream(records)
    assert names_of(records, user_message) == names
    wait_until(lambda: events_part(server.management)["kafka"] == "connected", SECONDS, "an end of the trouble")


def test_with_the_right_credentials_events_arrive(make_userd, secure, topic, user_message):
    create(secure, topic)
    server = make_userd(**secure.settings(topic)).start()
    names = register(server)
    await_all(server, secure, topic, names, user_message)
    assert "kafka takes no events" not in server.log()
    assert secure.password not in server.log() + server.run("check-config").stdout


def test_the_password_may_come_from_a_file(make_userd, secure, topic, user_message, tmp_path):
    create(secure, topic)
    settings = secure.settings(topic)
    (tmp_path / "password").write_text(settings.pop("KAFKA_SASL_PASSWORD") + "\n")
    server = make_userd(**settings, KAFKA_SASL_PASSWORD_FILE=str(tmp_path / "password")).start()
    await_all(server, secure, topic, register(server), user_message)


def test_a_wrong_password_is_told_once_and_mended_at_the_broker_the_backlog_drains(
        make_userd, secure, topic, user_message):
    create(secure, topic)
    new_password = secrets.token_urlsafe(24)
    server = make_userd(**secure.settings(topic, password=new_password), LOG_LEVEL="trace").start()
    names = await_trouble(server, "authentication", "KAFKA_SASL_PASSWORD")
    secure.set_password(new_password)
    secure.password = new_password
    await_all(server, secure, topic, names, user_message)
    said = server.log() + json.dumps(events_part(server.management)) + server.management.get("/metrics").text
    assert new_password not in said
    assert "kafka takes events again" in server.log()


def test_what_is_wrong_with_a_certificate_is_named_and_with_the_right_one_the_backlog_drains(
        make_userd, secure, topic, user_message):
    create(secure, topic)
    secure.use_certificate(authority=Authority())
    secure.restart()
    server = make_userd(**secure.settings(topic)).start()
    names = await_trouble(server, "certificate", "KAFKA_SSL_CA_LOCATION")
    assert errors_of(server, "host_name") == 0
    secure.use_certificate(host="kafka.example")
    secure.restart()
    names |= await_trouble(server, "host_name", "advertised.listeners")
    secure.use_certificate()
    secure.restart()
    await_all(server, secure, topic, names, user_message)


def test_a_topic_that_does_not_exist_is_named_and_once_it_is_there_the_backlog_drains(
        make_userd, secure, topic, user_message):
    server = make_userd(**secure.settings(topic)).start()
    names = await_trouble(server, "unknown_topic", "create it")
    assert events_part(server.management)["parked"] == 0
    create(secure, topic)
    await_all(server, secure, topic, names, user_message)


def test_a_topic_that_may_not_be_created_says_so(make_userd, secure, topic):
    server = make_userd(**{**secure.settings(topic), "KAFKA_CREATE_TOPIC": "on"}).start()
    await_trouble(server, "unknown_topic", "create it")
    assert "it could not be created: " in events_part(server.management)["kafka"]


def test_a_topic_without_permission_is_named_and_with_it_the_backlog_drains(make_userd, secure, user_message):
    topic = create(secure, unique_name("forbidden-"))
    server = make_userd(**secure.settings(topic)).start()
    names = await_trouble(server, "authorization", "ACLs")
    assert events_part(server.management)["parked"] == 0
    secure.permit(topic)
    await_all(server, secure, topic, names, user_message)


def test_an_event_too_large_for_the_topic_is_parked_and_the_others_go_on(make_userd, secure, topic, user_message):
    create(secure, topic, **{"max.message.bytes": "570", "compression.type": "producer"})
    settings = {**secure.settings(topic), "KAFKA_COMPRESSION_TYPE": "none"}
    server = make_userd(**settings).start()
    before = register(server)
    large = f"large{secrets.token_hex(29)[:57]}"
    assert server.register(large, email=f"{secrets.token_hex(30)}@{'.'.join([secrets.token_hex(30)] * 3)}.com").status_code == 200
    wait_until(lambda: events_part(server.management)["parked"] == 1, SECONDS, "the large event in the parking place")
    names = before | register(server)
    await_all(server, secure, topic, names, user_message)
    assert errors_of(server, "refused") >= 1
    assert "event parked" in server.log()
    listed = server.run("events", "list").stdout
    assert "too large" in listed


@pytest.mark.parametrize("name, value, named", [
    ("KAFKA_SSL_CA_LOCATION", "/no/such/file.pem", "KAFKA_SSL_CA_LOCATION"),
    ("KAFKA_SASL_MECHANISM", "SCRAM-SHA-1024", "KAFKA_SASL_MECHANISM"),
    ("KAFKA_SECURITY_PROTOCOL", "tls", "KAFKA_SECURITY_PROTOCOL"),
])
def test_what_no_producer_can_be_made_of_stops_the_start_in_one_line(make_userd, name, value, named):
    server = make_userd(KAFKA_SECURITY_PROTOCOL="SASL_SSL", KAFKA_SASL_MECHANISM="SCRAM-SHA-512",
                        KAFKA_SASL_USERNAME="userd", KAFKA_SASL_PASSWORD="sesame-open-up")
    for command in ("serve", "check-config"):
        done = server.run(command, **{name: value})
        assert done.returncode == 2
        lines = done.stderr.strip().splitlines()
        assert len(lines) == 1 and named in lines[0]
        assert "sesame-open-up" not in done.stderr + done.stdout
