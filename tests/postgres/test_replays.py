"""Events are sent again while their users go on changing, and several replicas could move them."""
import subprocess
import threading

import psycopg
import pytest

from support.relays import Changes
from support.service import wait_until
from support.stream import SECONDS, environment, user_id, versions, wait_until_sent
from support.topic import check_stream, headers_of, wait_for_records
from support.userd import BINARY, unique_name

FILLERS = 1500  # so many events wait that the relay reads them in several pieces
ROUNDS = 4
DRAIN_SECONDS = 120


@pytest.fixture
def replicas(make_postgres_userd, postgres, broker, topic):
    settings = {"KAFKA_BOOTSTRAP_SERVERS": broker.address, "KAFKA_USER_TOPIC": topic, "REGISTRATION_LIMIT": "off",
                "DATABASE_TIMEOUT_SECONDS": "9"}
    one = make_postgres_userd(postgres, name="one", **settings).start()
    two = make_postgres_userd(postgres, name="two", **settings, DATABASE_URL=one.environment["DATABASE_URL"]).start()
    return one, two


def run(server, *arguments: str) -> subprocess.CompletedProcess:
    done = server.run(*arguments)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done


def start(server, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen([BINARY, *arguments], cwd=server.folder, env=environment(server),
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def add_fillers(server) -> None:
    """Users of a restored table, say: none of their events is kept."""
    server.sql(f"""
        INSERT INTO users (id, username, username_key, email, email_key, password_hash, hash_format, disabled, version,
                           created_at, updated_at, last_event_id, last_event_type, last_event_time)
        SELECT gen_random_uuid(), 'f' || n, 'f' || n, 'f' || n || '@f.org', 'f' || n || '@f.org', 'h', 'f', true, 1,
               1700000000000, 1700000000000, gen_random_uuid(), 'user_registered', 1700000000000
        FROM generate_series(1, {FILLERS}) n RETURNING 1""")


class Snapshots:
    """Sends everybody's newest event again and again, until stopped."""

    def __init__(self, server) -> None:
        self.server, self.failed = server, []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Snapshots":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stopping.set()
        self._thread.join(120)
        assert not self._thread.is_alive(), "a snapshot never came to its end"

    def _run(self) -> None:
        while not self._stopping.is_set():
            done = self.server.run("events", "snapshot")
            if done.returncode != 0:
                self.failed.append(done.stderr)


def test_replay_of_users_who_change_meanwhile_never_takes_one_back(replicas, broker, topic):
    one, two = replicas
    names = [unique_name("changed") for _ in range(3)]
    for name in names:
        assert one.register(name).status_code == 200
    add_fillers(one)
    with Snapshots(two) as snapshots, Changes(one, names[:2]) as few, Changes(two, names[2:]) as one_user:
        for _ in range(ROUNDS):
            for name in names:
                run(one, "events", "replay", "--user", name)
    assert snapshots.failed == []
    wait_until(lambda: one.sql("SELECT count(*) FROM outbox") == [(0,)], DRAIN_SECONDS, "an empty outbox")
    wanted = {str(id): version for id, version in one.sql(
        f"SELECT id, version FROM users WHERE username IN ({', '.join(repr(name) for name in names)})")}
    newest = {str(id) for (id,) in one.sql("SELECT last_event_id FROM users")}
    records = wait_for_records(broker.address, topic, lambda found: newest <= {
        headers_of(record)["ce_id"] for record in found})
    check_stream([record for record in records if record.key.decode() in wanted])
    for user, version in wanted.items():
        check_never_back(versions(records, user), version, ROUNDS)
    assert all(min(each.versions.values()) > 1 for each in (few, one_user))
    run(two, "events", "verify")


def check_never_back(seen: list[int], newest: int, replays: int) -> None:
    """A replay begins with the first version and runs on to the newest; a snapshot says the newest twice."""
    assert seen[-1] == newest > 1
    jumps = [(before, after) for before, after in zip(seen, seen[1:]) if after not in (before, before + 1)]
    assert all(after == 1 for _, after in jumps), seen
    assert len(jumps) <= replays, seen


HOLD = """
    CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN NEW; END $$;
    CREATE TRIGGER hold BEFORE INSERT OR UPDATE ON outbox FOR EACH ROW WHEN (NEW.user_id = '{user}')
        EXECUTE FUNCTION hold()"""


def await_sleepers(server, locktype: str) -> None:
    wait_until(lambda: server.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                                  f"wait_event_type = 'Lock' AND wait_event = '{locktype}'") != [(0,)],
               SECONDS, f"somebody who waits for a lock on a {locktype}")


def await_a_look_of_the_relay(server) -> None:
    ((now,),) = server.sql("SELECT clock_timestamp()::text")
    wait_until(lambda: server.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                                  f"state = 'idle' AND query LIKE '%lease.held%' AND query_start > '{now}'") != [(0,)],
               SECONDS, "a look of the relay at the outbox")


def test_resent_events_that_become_visible_behind_the_relays_cursor_go_before_the_users_next(replicas, broker, topic):
    one, two = replicas
    ada, bob = unique_name("ada"), unique_name("bob")
    for name in (ada, bob):
        assert one.register(name).status_code == 200
    run(one, "users", "set-email", ada, f"{ada}@new.example.com")
    wait_until_sent(one)
    user = user_id(one, ada)
    add_fillers(one)
    started = []
    with psycopg.connect(one.postgres.url(one.database_name), autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(7)")
        broker.pause()  # so much is on its way then that the relay reads on from where it is
        try:
            run(two, "events", "snapshot")
            one.sql(HOLD.format(user=user))
            # The replay has its new sequences, and is not committed: others with higher ones are read first.
            started.append(start(two, "events", "replay", "--user", ada))
            await_sleepers(one, "advisory")
            run(one, "users", "disable", bob)
            await_a_look_of_the_relay(one)
            started.append(start(one, "users", "disable", ada))
            await_sleepers(one, "transactionid")
            holder.execute("SELECT pg_advisory_unlock(7)")
            assert [process.wait(SECONDS) for process in started] == [0, 0]
            await_a_look_of_the_relay(one)
        finally:
            broker.resume()
            for process in started:
                process.kill()
                process.wait(SECONDS)
    wait_until_sent(one)
    records = wait_for_records(broker.address, topic, lambda found: 3 in versions(found, user))
    check_never_back(versions(records, user), 3, 2)
    assert versions(records, user)[:2] == [1, 2]
