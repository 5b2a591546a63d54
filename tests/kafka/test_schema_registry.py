"""Events in Confluent's wire format, as confluent-kafka's deserialiser reads them, and the registry's part in that."""
import base64
import signal
import ssl

import pytest
from confluent_kafka.serialization import SerializationError

from support.certificates import Authority
from support.confluent import await_metric, reader
from support.ports import free_port
from support.topic import headers_of, wait_for_records
from support.userd import PASSWORD, ROOT

PROTO = (ROOT / "proto/userd/v1/user.proto").read_text()
SECONDS = 60
# Backward incompatible with PROTO: the same number is another type.
OTHER = PROTO.replace("string username = 3", "int64 username = 3")


@pytest.fixture
def with_registry(make_userd, broker, topic):
    def make(url, **settings):
        return make_userd(KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_USER_TOPIC=topic,
                          KAFKA_SCHEMA_REGISTRY_URL=url, **settings)

    return make


def test_confluents_deserialiser_reads_every_change(with_registry, registry, broker, topic, user_message):
    server = with_registry(registry.url).start()
    assert server.register("ada", email="ada@example.com").status_code == 200
    for command in (["set-email", "ada", "new@example.com"], ["disable", "ada"], ["delete", "ada"]):
        assert server.run("users", *command).returncode == 0
    records = wait_for_records(broker.address, topic, lambda r: len(r) >= 4)
    read = reader(registry, user_message, topic)
    users = [read(record.value) for record in records]
    assert [user and (user.username, user.email, user.version, user.disabled) for user in users] == [
        ("ada", "ada@example.com", 1, False), ("ada", "new@example.com", 2, False), ("ada", "new@example.com", 3, True),
        None]
    assert records[3].value is None, "a tombstone has no prefix, so that compaction takes it"
    newest = registry.newest(f"{topic}-value")
    for record in records[:3]:
        assert record.value[:6] == b"\0" + newest["id"].to_bytes(4, "big") + b"\0"
    assert {headers_of(record)["content-type"] for record in records} == {"application/protobuf"}


def test_userds_own_commands_read_the_format_and_send_again_in_it(with_registry, scripted, broker, topic, user_message):
    server = with_registry(scripted((200, {"id": 77})).url).start()
    assert server.register("ada").status_code == 200
    wait_for_records(broker.address, topic, lambda r: len(r) >= 1)
    verified = server.run("events", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert server.run("events", "snapshot").returncode == 0
    first, second = wait_for_records(broker.address, topic, lambda r: len(r) >= 2)
    assert second.value == first.value and second.value[:6] == b"\0\0\0\0\x4d\0"
    assert headers_of(second)["ce_id"] == headers_of(first)["ce_id"]


def test_the_deserialiser_does_not_read_bare_protobuf(make_userd, registry, broker, topic, user_message):
    server = make_userd(KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_USER_TOPIC=topic).start()
    assert server.register("ada").status_code == 200
    (record,) = wait_for_records(broker.address, topic, lambda r: len(r) >= 1)
    assert user_message.FromString(record.value).username == "ada"
    with pytest.raises(SerializationError):
        reader(registry, user_message, topic)(record.value)
    assert registry.versions(f"{topic}-value") == []


def test_the_registered_schema_is_the_proto_file_once_for_all_starts(with_registry, registry, topic):
    server = with_registry(registry.url)
    for _ in range(2):
        server.start()
        await_metric(server, "userd_schema_registered 1")
        server.stop()
    newest = registry.newest(f"{topic}-value")
    assert (newest["schema"], newest["schemaType"]) == (PROTO, "PROTOBUF")
    assert registry.versions(f"{topic}-value") == [1]


def test_a_compatible_older_schema_of_the_subject_is_followed_by_ours(with_registry, registry, topic):
    older = PROTO.replace("  bool disabled = 9;\n", "")
    assert older != PROTO and registry.register(f"{topic}-value", older).status_code == 200
    await_metric(with_registry(registry.url).start(), "userd_schema_registered 1")
    assert registry.versions(f"{topic}-value") == [1, 2]


def test_an_incompatible_schema_stops_the_start_with_one_clear_line(with_registry, registry, topic):
    assert registry.register(f"{topic}-value", OTHER).status_code == 200
    server = with_registry(registry.url, KAFKA_SCHEMA_REGISTRY_USER="registrar",
                           KAFKA_SCHEMA_REGISTRY_PASSWORD="hunter2hunter2")
    server.launch()
    assert server.process.wait(SECONDS) == 1
    server.process = None
    (line,) = [line for line in server.log().splitlines() if line.startswith("userd: ")]
    for part in (f"{topic}-value", registry.url, "409", "not backward compatible", "KAFKA_USER_TOPIC", "compatibility"):
        assert part in line
    assert "hunter2" not in server.log() and "userd serves" not in server.log()
    assert registry.versions(f"{topic}-value") == [1]


def test_a_silent_registry_is_given_its_time_before_users_are_served(with_registry, scripted):
    server = with_registry(scripted(None).url)
    server.launch()
    server.log_with("schema registry")
    before = server.log().split("schema registry")[0]
    assert "userd serves" not in before
    server.wait_ready()


def test_users_register_while_the_registry_is_away_and_their_events_follow(
        with_registry, scripted, broker, topic, user_message):
    port = free_port()
    server = with_registry(f"http://127.0.0.1:{port}/api").start()
    assert server.register("ada").status_code == 200
    await_metric(server, "userd_schema_registered 0")
    ready = server.management.get("/health/ready")
    assert ready.status_code == 200
    assert "schema registry" in ready.json()["checks"]["events"]["kafka"]
    assert str(port) not in server.http.get("/health/ready").text
    assert "waiting: 1" in server.run("events", "status").stdout
    unwell = scripted((503, {}), (401, {"message": "who"}), (404, {}), (200, {"no": "id"}), (200, {"id": 77}), port=port)
    (record,) = wait_for_records(broker.address, topic, lambda r: len(r) >= 1)
    assert record.value[:6] == b"\0\0\0\0\x4d\0"
    assert user_message.FromString(record.value[6:]).username == "ada"
    await_metric(server, "userd_schema_registered 1")
    assert len(unwell.headers) == 5, "the id is asked for once"
    for reason in ("503", "401: who", "404", "no schema id"):
        assert reason in server.log()


@pytest.mark.sqlite
def test_the_running_server_tells_the_command_what_events_wait_for(with_registry):
    server = with_registry(f"http://127.0.0.1:{free_port()}/api").start()
    assert "schema registry" in server.run("events", "status").stdout


def test_a_refusal_after_the_start_leaves_users_served(with_registry, scripted, broker, topic):
    server = with_registry(scripted((503, {}), (409, {"message": "field 3 changed"}), (200, {"id": 5})).url).start()
    assert server.register("ada").status_code == 200
    assert "field 3 changed" in server.log_with("refuses the schema")
    assert len(wait_for_records(broker.address, topic, lambda r: len(r) >= 1)) == 1
    assert server.process.poll() is None


def test_a_silent_registry_does_not_hold_up_a_stop(with_registry, scripted):
    silent = scripted(None)
    server = with_registry(silent.url)
    server.launch()
    assert silent.asked.acquire(timeout=SECONDS)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(SECONDS) == 0
    server.process = None


def test_the_registrys_certificate_and_the_user_are_checked(with_registry, scripted, tmp_path):
    authority = Authority()
    issued = authority.issue(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(issued.certificate, issued.key)
    root = tmp_path / "root.crt"
    root.write_text(root_pem(authority))
    secure = scripted((200, {"id": 3}), tls=tls)
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    access = {"KAFKA_SCHEMA_REGISTRY_USER": "registrar", "KAFKA_SCHEMA_REGISTRY_PASSWORD_FILE": str(password)}
    doubtful = with_registry(secure.url, **access).start()
    assert "certificate" in doubtful.log_with("the schema registry does not serve")
    assert secure.headers == [], "nothing is sent to a registry that is not the one"
    doubtful.stop()
    trusting = with_registry(secure.url, KAFKA_SCHEMA_REGISTRY_CA=str(root), **access).start()
    await_metric(trusting, "userd_schema_registered 1")
    (headers,) = secure.headers
    assert headers["Authorization"] == "Basic " + base64.b64encode(f"registrar:{PASSWORD}".encode()).decode()
    assert PASSWORD not in trusting.log() and PASSWORD not in trusting.run("check-config").stdout


def root_pem(authority):
    from cryptography.hazmat.primitives.serialization import Encoding

    return authority.root.public_bytes(Encoding.PEM).decode()
