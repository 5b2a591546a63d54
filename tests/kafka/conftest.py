"""Fixtures of the tests against the real broker."""
import subprocess
import sys
import uuid

import pytest

from support.schema_registry import SchemaRegistry
from support.scripted_registry import ScriptedRegistry
from support.userd import ROOT


@pytest.fixture
def server(make_userd, broker, topic):
    return make_userd(KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_USER_TOPIC=topic, REGISTRATION_LIMIT="off").start()


@pytest.fixture(scope="session")
def security_event(tmp_path_factory):
    """The Protobuf class."""
    folder = tmp_path_factory.mktemp("proto")
    proto = ROOT / "proto/userd/v1/security_event.proto"
    subprocess.run(["protoc", f"--python_out={folder}", "-I", ROOT / "proto", proto], check=True)
    sys.path.insert(0, str(folder / "userd/v1"))
    import security_event_pb2
    return security_event_pb2.SecurityEvent


@pytest.fixture
def audit_topic():
    return f"audit-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def registry():
    real = SchemaRegistry()
    try:
        yield real.start()
    finally:
        real.close()


@pytest.fixture
def scripted():
    made = []

    def make(*answers, **how):
        made.append(ScriptedRegistry(*answers, **how))
        return made[-1]

    yield make
    for server in made:
        server.close()
