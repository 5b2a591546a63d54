"""The whole sample of packaging/ha under load, while its parts are killed: nothing that was acknowledged is missing.

FAILOVER_ROUNDS (1) repeats the faults, FAILOVER_ALL=1 adds those that take long; FAILOVER_TABLE names a file for the
table of what clients saw.
"""
import os
import pathlib
import signal
import time

import pytest

from support.load import Load
from support.patroni import USER_PASSWORD, PatroniCluster
from support.pgbouncer import PgBouncer
from support.postgres_server import USER, rows_of
from support.postgres_userd import Replicas
from support.relays import holder_among
from support.service import wait_until
from support.told import table
from support.topic import check_stream, headers_of, names_of, wait_for_records

CLIENTS = 64
ROUNDS = int(os.environ.get("FAILOVER_ROUNDS", "1"))
ALL = os.environ.get("FAILOVER_ALL") == "1"
HEAL_SECONDS = 90
QUIET_SECONDS = 5  # of load between faults, so that each has a row of its own


@pytest.fixture(scope="module")
def cluster():
    made = PatroniCluster()
    try:
        yield made.start()
    finally:
        made.close()


@pytest.fixture
def service(cluster, broker, topic, tmp_path):
    server = Replicas(tmp_path, cluster, KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_USER_TOPIC=topic,
                      LOGIN_LIMITS="off", REGISTRATION_LIMIT="off", LOG_LEVEL="info")
    try:
        yield server.start()
    finally:
        server.close()


class Faults:
    """Does one after the other, each once the one before has healed, and remembers when."""

    def __init__(self, service: Replicas, cluster: PatroniCluster, load: Load) -> None:
        self.service, self.cluster, self.load = service, cluster, load
        self.spans: list[tuple[str, float, float]] = []

    def run(self, name: str, fault) -> None:
        began = time.monotonic()
        fault()
        self.serves_all(time.monotonic())
        self.spans.append((name, began, time.monotonic()))

    def serves_all(self, since: float) -> None:
        """Until each kind of request has succeeded for a while, as often as there are clients."""
        def healed() -> bool:
            told = [each for each in list(self.load.told) if each.status == 200 and each.began > since]
            kinds = ("register", "login", "refresh", "profile")
            return all(sum(each.operation == kind for each in told) >= CLIENTS / 4 for kind in kinds)

        wait_until(healed, HEAL_SECONDS, "service for every kind of request", step=0.2)

    def nothing(self) -> None:
        time.sleep(QUIET_SECONDS)

    def kill_a_replica(self) -> None:
        holder = holder_among(self.service.replicas)
        victim = next(replica for replica in self.service.replicas if replica is not holder)
        victim.kill()
        self.nothing()
        victim.start()
        self.service.balancer.wait_all_up()

    def kill_the_relays_holder(self) -> None:
        victim = holder_among(self.service.replicas)
        victim.kill()
        holder_among([replica for replica in self.service.replicas if replica is not victim])
        victim.start()
        self.service.balancer.wait_all_up()

    def freeze_a_replica(self) -> None:
        victim = self.service.replicas[-1]
        victim.process.send_signal(signal.SIGSTOP)
        try:
            name = f"replica{len(self.service.replicas)}"
            wait_until(lambda: self.service.balancer.show_stat()[name]["status"] == "DOWN", HEAL_SECONDS, "HAProxy's notice")
            self.serves_all(time.monotonic())
        finally:
            victim.process.send_signal(signal.SIGCONT)
        self.service.balancer.wait_all_up()

    def kill_the_primary(self) -> None:
        """Its machine: PostgreSQL and Patroni, all at once. The former primary comes back as the standby."""
        victim = self.cluster.primary()
        victim.kill()
        self.promoted(victim)
        victim.start()
        self.cluster.wait_synchronous()

    def kill_the_primarys_postgres(self) -> None:
        """Its Patroni lives and gives the standby way at once."""
        victim = self.cluster.primary()
        victim.kill_postgres()
        self.promoted(victim)
        self.cluster.wait_synchronous()

    def kill_the_standby(self) -> None:
        """Commits wait for it until Patroni lets the primary go on alone."""
        primary = self.cluster.primary()
        (victim,) = [member for member in self.cluster.members if member is not primary]
        victim.kill()
        self.serves_all(time.monotonic())
        victim.start()
        self.cluster.wait_synchronous()

    def promoted(self, former) -> None:
        wait_until(lambda: self.cluster.primary() not in (None, former), HEAL_SECONDS, "a new primary", step=0.2)
        self.serves_all(time.monotonic())


def test_nothing_acknowledged_is_missing_whatever_is_killed(service, cluster, broker, topic, user_message):
    with Load(service.port, CLIENTS) as load:
        faults = Faults(service, cluster, load)
        faults.serves_all(time.monotonic())
        for _ in range(ROUNDS):
            faults.run("none", faults.nothing)
            faults.run("`kill -9` of a replica", faults.kill_a_replica)
            faults.run("`kill -9` of the replica that moves the events", faults.kill_the_relays_holder)
            faults.run("`kill -9` of the primary and its Patroni", faults.kill_the_primary)
            if ALL:
                faults.run("SIGSTOP and SIGCONT of a replica", faults.freeze_a_replica)
                faults.run("`kill -9` of the primary's PostgreSQL alone", faults.kill_the_primarys_postgres)
                faults.run("`kill -9` of the standby and its Patroni", faults.kill_the_standby)
    report(load, faults)
    assert load.wrong == []
    assert {told.status for told in load.told} <= {200, 401, 409, 502, 503, 504, "lost"}
    check_database(service, load)
    check_topic(service, broker, topic, user_message, load)


def report(load: Load, faults: Faults) -> None:
    text = table(load.told, faults.spans)
    print(f"\n{text}\n\n{len(load.registered)} registrations, {len(load.generations)} sessions, "
          f"{load.successes('refresh')} refreshes acknowledged; {load.late_retries} sessions ended since an answer "
          "was lost for longer than 10 s")
    if place := os.environ.get("FAILOVER_TABLE"):
        pathlib.Path(place).write_text(text + "\n")


def check_database(service: Replicas, load: Load) -> None:
    users = dict(service.sql("SELECT username, id FROM users"))
    assert load.registered - set(users) == set()
    assert set(users) - load.registered - load.unknown == set()
    # A rotation that was acknowledged is there, or a later one of the same session.
    kept = {str(session): generation for session, generation in service.sql("SELECT id, generation FROM sessions")}
    assert {session for session, told in load.generations.items() if kept.get(session, 0) < told} == set()
    # Without its event no user is there, and without its user no event.
    events = {user for (user,) in service.sql("SELECT user_id FROM events WHERE type = 'user_registered'")}
    assert events == set(users.values())


def check_topic(service: Replicas, broker, topic: str, user_message, load: Load) -> None:
    wait_until(lambda: service.sql("SELECT count(*) FROM outbox") == [(0,)], HEAL_SECONDS, "an empty outbox", step=0.5)
    committed = {str(event) for (event,) in service.sql("SELECT id FROM events")}
    records = wait_for_records(broker.address, topic, lambda found: committed <= {
        headers_of(record)["ce_id"] for record in found})
    sent = {headers_of(record)["ce_id"] for record in records}
    assert committed - sent == set()
    assert sent - committed == set(), "an event of what was never committed"
    assert load.registered - names_of(records, user_message) == set()
    check_stream(records)


def test_the_sample_has_each_commit_on_the_standby_before_it_is_acknowledged(cluster):
    """What the rest stands on; and clients find the primary by themselves."""
    cluster.wait_synchronous()
    primary = cluster.primary()
    url = cluster.url()
    assert rows_of(url, "SHOW synchronous_commit") == [("on",)]
    ((waited_for,),) = rows_of(url, "SHOW synchronous_standby_names")
    (standby,) = [member.name for member in cluster.members if member is not primary]
    assert standby in waited_for
    assert rows_of(url, "SELECT inet_server_port()") == [(primary.port,)]


def test_a_pooler_before_each_member_and_both_in_the_url_lead_to_the_primary(cluster):
    with PgBouncer(cluster.members[0], USER_PASSWORD) as first, PgBouncer(cluster.members[1], USER_PASSWORD) as second:
        hosts = f"127.0.0.1:{first.port},127.0.0.1:{second.port}"
        for each in (hosts, ",".join(reversed(hosts.split(",")))):
            url = f"postgresql://{USER}@{each}/postgres?target_session_attrs=read-write&connect_timeout=3"
            assert rows_of(url, "SELECT inet_server_port(), pg_is_in_recovery()") == [(cluster.primary().port, False)]
