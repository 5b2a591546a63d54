"""Security events as a consumer of KAFKA_AUDIT_TOPIC sees them."""
import json
import uuid

import pytest

from support.service import wait_until
from support.topic import check_stream, headers_of, names_of, wait_for_records
from support.userd import PASSWORD, unique_name

SECONDS = 60


@pytest.fixture
def server(make_userd, broker, topic, audit_topic):
    return make_userd(KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_USER_TOPIC=topic, KAFKA_AUDIT_TOPIC=audit_topic,
                      REGISTRATION_LIMIT="off").start()


def kinds(records, security_event, user_id=None):
    """type and reason of each in order, of one user."""
    found = []
    for record in sorted(records, key=lambda r: (r.partition, r.offset)):
        event = security_event.FromString(record.value)
        if user_id is None or event.user_id == user_id:
            found.append((headers_of(record)["ce_type"].removeprefix("security."), event.reason))
    return found


def id_of(server, name):
    return json.loads(server.run("users", "show", name, "--json").stdout)["id"]


def test_what_happens_to_a_user_is_told_in_order(server, broker, topic, audit_topic, security_event):
    name, tokens = server.new_user()
    user_id = id_of(server, name)
    assert server.login(name, "wrong password").status_code == 401
    server.management.get("/metrics")  # some time for the event that is not part of a transaction
    once = server.refresh(tokens["refresh_token"]).json()
    assert server.refresh(once["refresh_token"]).status_code == 200
    assert server.refresh(tokens["refresh_token"]).status_code == 401
    second = server.login(name).json()
    headers = {"Authorization": f"Bearer {second['access_token']}"}
    assert server.http.post("/user/logout", headers=headers).status_code in (200, 204)
    for command in (("set-email", name, f"new-{name}@example.com"), ("disable", name), ("enable", name), ("delete", name)):
        assert server.run("users", *command).returncode == 0
    expected = [("login", ""), ("token_reused", ""), ("login", ""), ("session_ended", "logout"), ("email_changed", ""),
                ("user_disabled", ""), ("user_enabled", ""), ("user_deleted", "")]
    records = wait_for_records(broker.address, audit_topic, lambda r: {
        "user_deleted", "login_failed"} <= {kind for kind, _ in kinds(r, security_event, user_id)})
    told = kinds(records, security_event, user_id)
    assert [kind for kind in told if kind[0] != "login_failed"] == expected
    assert told.count(("login_failed", "bad_credentials")) == 1
    for record in records:
        event, headers = security_event.FromString(record.value), headers_of(record)
        assert headers["ce_specversion"] == "1.0" and headers["content-type"] == "application/protobuf"
        assert headers["ce_source"] and headers["ce_time"] and uuid.UUID(headers["ce_id"])
        if event.user_id:
            assert record.key.decode() == event.user_id == headers["ce_subject"]
        assert event.client_network == ("127.0.0.0/24" if event.type in (1, 2, 4) else "")
        assert headers["ce_type"] == "security." + security_event.Type.Name(event.type).removeprefix("TYPE_").lower()


def test_keys_that_change_are_told(server, broker, audit_topic, security_event):
    assert server.run("keys", "rotate", "--now").returncode == 0
    records = wait_for_records(broker.address, audit_topic, lambda r: ("key_changed", "retired") in kinds(r, security_event))
    events = [security_event.FromString(r.value) for r in records if headers_of(r)["ce_type"] == "security.key_changed"]
    listed = {key["kid"] for key in server.http.get("/.well-known/jwks.json").json()["keys"]}
    assert {event.key_id for event in events} <= listed and len({event.key_id for event in events}) == 2
    assert {event.reason for event in events} == {"activated", "retired"}
    assert all(record.key is None for record in records if headers_of(record)["ce_type"] == "security.key_changed")


def test_nothing_that_is_secret_or_personal_is_in_any_byte(server, broker, audit_topic, security_event):
    tried_name, tried_email, wrong = unique_name("nobody"), f"{unique_name('nobody')}@secret.example", "wrong-" + unique_name()
    name, tokens = server.new_user()
    agent = {"User-Agent": "agent-" + unique_name()}
    for who in (tried_name, tried_email, name, f"{name}@example.com"):
        assert server.http.post("/user/login", json={"username": who, "password": wrong}, headers=agent).status_code == 401
    new = server.refresh(tokens["refresh_token"]).json()
    server.http.post("/user/logout/all", headers={"Authorization": f"Bearer {new['access_token']}"})
    server.run("users", "set-email", name, f"moved-{name}@example.com")
    records = wait_for_records(broker.address, audit_topic, lambda r: len(r) >= 8 and {
        "email_changed", "login_failed", "session_ended"} <= {kind for kind, _ in kinds(r, security_event)} and sum(
        kind == "login_failed" for kind, _ in kinds(r, security_event)) == 4)
    assert sum(kind == "login_failed" for kind, _ in kinds(records, security_event)) == 4
    everything = b"\n".join(
        (record.key or b"") + b"\n" + record.value + b"".join(b"\n" + value for _, value in record.headers)
        for record in records).lower()
    secrets = [tried_name, tried_email, "secret.example", wrong, name, "example.com", PASSWORD, "argon2", "127.0.0.1",
               agent["User-Agent"]]
    for pair in (tokens, new):
        for token in (pair["access_token"], pair["refresh_token"]):
            secrets += [token, token.split(".")[2]]
    for secret in secrets:
        assert secret.lower().encode() not in everything, secret
    unknown = [r for r in records if headers_of(r)["ce_type"] == "security.login_failed" and r.key is None]
    assert len(unknown) == 2 and all("ce_subject" not in headers_of(record) for record in unknown)


@pytest.mark.one_process
def test_a_missing_audit_topic_does_not_stop_the_users_events(
        make_userd, broker, topic, audit_topic, user_message, security_event):
    async def create(name):
        from aiokafka.admin import AIOKafkaAdminClient, NewTopic
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.address)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, 3, 1)])
        finally:
            await admin.close()

    import asyncio
    asyncio.run(create(topic))
    server = make_userd(KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_USER_TOPIC=topic, KAFKA_AUDIT_TOPIC=audit_topic,
                        KAFKA_CREATE_TOPIC="off", REGISTRATION_LIMIT="off").start()
    names = {server.new_user()[0] for _ in range(5)}

    def checks():
        return server.management.get("/health/ready").json()["checks"]

    wait_until(lambda: checks()["audit"]["kafka"].startswith("trouble: unknown_topic: "), SECONDS, "the trouble")
    names |= {server.new_user()[0] for _ in range(5)}
    records = wait_for_records(broker.address, topic, lambda r: len(r) >= len(names))
    check_stream(records)
    assert names_of(records, user_message) == names
    assert server.management.get("/health/ready").status_code == 200
    assert checks()["events"]["kafka"] == "connected"
    wait_until(lambda: checks()["audit"]["backlog"] >= len(names), SECONDS, "what waits")
    assert 'userd_audit_kafka_errors_total{reason="unknown_topic"} 0' not in server.management.get("/metrics").text
    asyncio.run(create(audit_topic))
    audited = wait_for_records(broker.address, audit_topic, lambda r: kinds(r, security_event).count(("login", "")) >= len(names))
    assert kinds(audited, security_event).count(("login", "")) == len(names)
    wait_until(lambda: checks()["audit"] == {"status": "ok", "backlog": 0, "parked": 0, "kafka": "connected"},
               SECONDS, "an empty audit log")


def test_without_the_setting_nothing_is_written(make_userd):
    server = make_userd().start()
    name, tokens = server.new_user()
    assert server.login(name, "wrong password").status_code == 401
    server.run("users", "disable", name)
    assert server.sql("SELECT count(*) FROM audit_outbox") == [(0,)]
    assert "audit" not in server.management.get("/health/ready").json()["checks"]
    assert "userd_audit" not in server.management.get("/metrics").text


@pytest.mark.parametrize("topic_name", ["user-events", "no good", "a" * 250, ".."])
def test_a_bad_topic_stops_the_start(make_userd, topic_name):
    done = make_userd().run("check-config", KAFKA_AUDIT_TOPIC=topic_name)
    assert done.returncode == 2 and "KAFKA_AUDIT_TOPIC" in done.stderr
