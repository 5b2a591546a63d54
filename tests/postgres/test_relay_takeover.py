"""One replica moves the events; whatever becomes of it, consumers see every event, in order, and nothing stale."""
import asyncio
import signal

import pytest

from support.load import Load
from support.relays import Changes, holder_among
from support.service import wait_until
from support.topic import check_stream, committed_ends, headers_of, names_of, wait_for_records
from support.userd import unique_name

CLIENTS = 8
DRAIN_SECONDS = 90


@pytest.fixture
def service(make_replicas, postgres, broker, topic):
    return make_replicas(postgres, KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_USER_TOPIC=topic,
                         LOGIN_LIMITS="off", REGISTRATION_LIMIT="off").start()


def new_users(service, count: int) -> list[str]:
    names = [unique_name("changed") for _ in range(count)]
    for name in names:
        assert service.register(name).status_code == 200
    return names


def wait_for_empty_outbox(service) -> None:
    wait_until(lambda: service.sql("SELECT count(*) FROM outbox") == [(0,)], DRAIN_SECONDS, "an empty outbox")


def wait_until_seen(service, broker, topic, names: list[str]) -> None:
    """Until a consumer has seen all events of these users: a commit is acknowledged before its markers are written."""
    ids = {str(id) for (id,) in service.sql(
        "SELECT id FROM events WHERE username IN ("
        + ", ".join(f"'{name}'" for name in names) + ")")}
    records = wait_for_records(broker.address, topic, lambda found: ids <= {
        headers_of(record)["ce_id"] for record in found})
    assert ids <= {headers_of(record)["ce_id"] for record in records}


def check_all(service, broker, topic, user_message, load: Load, changes: list[Changes]) -> list:
    """Every committed event is in the topic, in order per user; every acknowledged change is among them."""
    wait_for_empty_outbox(service)
    committed = {str(id) for (id,) in service.sql("SELECT id FROM events")}
    records = wait_for_records(broker.address, topic, lambda found: committed <= {
        headers_of(record)["ce_id"] for record in found})
    assert {headers_of(record)["ce_id"] for record in records} == committed
    check_stream(records)
    assert load.registered <= names_of(records, user_message)
    newest = {}
    for record in records:
        user = user_message.FromString(record.value)
        newest[user.username] = max(user.version, newest.get(user.username, 0))
    for each in changes:
        assert {name: newest[name] for name in each.names} == {
            name: version for name, (version,) in (
                (name, *service.sql(f"SELECT version FROM users WHERE username = '{name}'")) for name in each.names)}
        assert all(newest[name] >= version > 1 for name, version in each.versions.items())
    assert load.wrong == []
    return records


def test_killing_the_one_that_moves_the_events_again_and_again_loses_nothing(service, broker, topic, user_message):
    with Load(service.port, CLIENTS) as load, Changes(service.first, new_users(service, 3)) as changes:
        for _ in range(2):
            holder = holder_among(service.replicas)
            holder.kill()
            successor = holder_among([replica for replica in service.replicas if replica is not holder])
            assert successor is not holder
            holder.start()
    check_all(service, broker, topic, user_message, load, [changes])


def test_one_that_was_frozen_and_goes_on_sends_nothing_that_is_stale(service, broker, topic, user_message):
    early, late = new_users(service, 3), new_users(service, 3)
    with Load(service.port, CLIENTS) as load:
        with Changes(service.first, early) as first:
            frozen = holder_among(service.replicas)
            frozen.process.send_signal(signal.SIGSTOP)
            try:
                others = [replica for replica in service.replicas if replica is not frozen]
                holder_among(others)
            except BaseException:
                frozen.process.send_signal(signal.SIGCONT)
                raise
        try:
            # All of the first users' events are out, by the successor's hand; nothing of them may come again.
            wait_until_seen(service, broker, topic, early)
            ends = asyncio.run(committed_ends(broker.address, topic))
        finally:
            frozen.process.send_signal(signal.SIGCONT)
        with Changes(service.first, late) as second:
            frozen.wait_ready()
            holder_among(service.replicas)
            again = load.successes("register")
            wait_until(lambda: load.successes("register") > again + 4 * CLIENTS, DRAIN_SECONDS, "registrations after it")
    records = check_all(service, broker, topic, user_message, load, [first, second])
    stale = [headers_of(record)["ce_sequence"] for record in records if record.offset >= ends[record.partition]
             and user_message.FromString(record.value).username in early]
    assert stale == []


def test_one_that_stops_when_asked_to_hands_over_at_once(service, broker, topic, user_message):
    with Load(service.port, CLIENTS) as load, Changes(service.first, new_users(service, 2)) as changes:
        holder = holder_among(service.replicas)
        assert holder.stop() == 0
        holder_among([replica for replica in service.replicas if replica is not holder])
        holder.start()
    check_all(service, broker, topic, user_message, load, [changes])
