"""Fixtures of the tests against the real broker."""
import pytest


@pytest.fixture
def server(make_userd, broker, topic):
    return make_userd(KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_USER_TOPIC=topic, REGISTRATION_LIMIT="off").start()
