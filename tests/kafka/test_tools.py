"""The commands that look after the stream, against the real broker."""
import json
import subprocess

import pytest

from support.service import wait_until
from support.stream import SECONDS, add, done, environment, records_of, versions, wait_until_sent
from support.topic import headers_of
from support.userd import BINARY, unique_name


def test_status_tells_backlog_and_who_sends(server):
    add(server, "ada")
    wait_until_sent(server)
    status = json.loads(server.run("events", "status", "--json").stdout)
    assert (status["parked"], status["oldest_age_seconds"], status["sent_per_second"]) == (0, 0, 0)
    assert status["lease"]["epoch"] >= 1
    assert status["lease"]["holder"]
    shown = server.run("events", "status").stdout
    assert f"lease:   epoch {status['lease']['epoch']}, {status['lease']['holder']}, until 20" in shown


def test_status_counts_what_leaves_the_outbox(make_userd, broker, topic):
    server = make_userd(KAFKA_USER_TOPIC=topic).start()
    add(server, "ada")
    status = json.loads(server.run("events", "status", "--json").stdout)
    assert (status["waiting"], status["sent_per_second"], status["lease"]["epoch"]) == (1, 0, 0)


def test_replay_of_a_user_runs_on_to_the_newest_with_the_same_ids(server, broker, topic):
    ada, bob = add(server, "ada"), add(server, "bob")
    for number in range(3):
        server.run("users", "set-email", "ada", f"ada{number}@example.com")
    wait_until_sent(server)
    before = records_of(broker, topic)
    assert done(server.run("events", "replay", "--user", "ADA")).startswith("sending again: 4 events;")
    wait_until_sent(server)
    after = records_of(broker, topic)
    assert versions(after, ada) == [1, 2, 3, 4, 1, 2, 3, 4]
    assert versions(after, bob) == [1]
    ids = {headers_of(record)["ce_id"] for record in after}
    assert ids == {headers_of(record)["ce_id"] for record in before}
    contents = {(headers_of(record)["ce_id"], record.value, tuple(record.headers)) for record in after}
    assert len(contents) == len(ids), "a record that is sent again is the same, byte for byte"
    assert server.run("events", "verify").returncode == 0


def test_replay_since_a_time_leaves_out_what_was_before(server, broker, topic):
    ada, bob = add(server, "ada"), add(server, "bob")
    wait_until_sent(server)
    (last,) = [headers_of(record)["ce_time"] for record in records_of(broker, topic) if record.key == bob.encode()]
    server.run("users", "disable", "ada")
    wait_until_sent(server)
    time = max(headers_of(record)["ce_time"] for record in records_of(broker, topic))
    assert time > last
    done(server.run("events", "replay", "--since", time))
    wait_until_sent(server)
    records = records_of(broker, topic)
    assert versions(records, ada) == [1, 2, 2]
    assert versions(records, bob) == [1]


def test_replay_of_all_ends_with_the_tombstone_of_a_deleted_user(server, broker, topic):
    ada, bob = add(server, "ada"), add(server, "bob")
    server.run("users", "disable", "bob")
    server.run("users", "delete", "ada")
    wait_until_sent(server)
    done(server.run("events", "replay", "--all"))
    wait_until_sent(server)
    records = records_of(broker, topic)
    assert versions(records, ada) == [1, 2, 2]
    assert versions(records, bob) == [1, 2, 1, 2]
    last = [record for record in records if record.key == ada.encode()][-1]
    assert last.value is None
    assert "sending again: 1 event;" in done(server.run("events", "replay", "--user", ada))
    assert server.run("events", "verify").returncode == 0


def test_replay_while_users_change_never_takes_the_topic_back(server, broker, topic):
    users = {name: add(server, name) for name in (unique_name() for _ in range(5))}
    for number in range(4):
        replaying = subprocess.Popen([BINARY, "events", "replay", "--all"], cwd=server.folder, env=environment(server),
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for name in users:
            assert server.run("users", "set-email", name, f"{name}.{number}@example.com").returncode == 0
        assert replaying.wait(SECONDS) == 0
    wait_until_sent(server)
    records = records_of(broker, topic)
    for user in users.values():
        seen = versions(records, user)
        assert seen[-1] == max(seen) == 5
        assert sorted(set(seen)) == list(dict.fromkeys(seen)) == [1, 2, 3, 4, 5], "first occurrences are in order"
    assert server.run("events", "verify").returncode == 0


def test_snapshot_sends_the_newest_of_every_user_also_when_it_was_swept(make_userd, broker, topic):
    server = make_userd(KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_USER_TOPIC=topic, EVENT_RETENTION_DAYS="0").start()
    ada, bob = add(server, "ada"), add(server, "bob")
    server.run("users", "disable", "bob")
    wait_until_sent(server)
    before = records_of(broker, topic)
    wait_until(lambda: server.sql("SELECT count(*) FROM events") == [(0,)], SECONDS, "the sweep of sent events")
    assert done(server.run("events", "snapshot")).startswith("sending again: 2 events;")
    wait_until_sent(server)
    records = records_of(broker, topic)
    assert versions(records, ada) == [1, 1]
    assert versions(records, bob) == [1, 2, 2]
    for record in records:
        same = next(old for old in before if headers_of(old)["ce_id"] == headers_of(record)["ce_id"])
        assert (record.key, record.value, record.headers) == (same.key, same.value, same.headers)
    assert server.run("events", "verify").returncode == 0


def test_sent_events_are_kept_for_replay_by_default(server):
    add(server, "ada")
    wait_until_sent(server)
    assert server.sql("SELECT count(*) FROM events") == [(1,)]


def test_commands_on_events_work_without_a_running_server(make_userd, broker, topic):
    server = make_userd(KAFKA_BOOTSTRAP_SERVERS=broker.address, KAFKA_USER_TOPIC=topic)
    ada = add(server, "ada")
    done(server.run("events", "snapshot"))
    done(server.run("events", "replay", "--all"))
    server.start()
    wait_until_sent(server)
    server.stop()
    assert versions(records_of(broker, topic), ada) == [1]
    done(server.run("events", "verify"))


@pytest.mark.parametrize("arguments, usage", [
    (("replay",), "userd events replay [OPTIONS]"), (("replay", "--all", "--user", "ada"), "userd events replay [OPTIONS]"),
    (("replay", "--since", "yesterday"), "userd events replay [OPTIONS]"), (("status", "now"), "userd events status"),
    (("parked", "retry"), "userd events parked retry [OPTIONS] [ID]"), (("parked", "drop"), "userd events parked drop"),
    (("verify", "--limit", "0"), "userd events verify"), (("parked",), "userd events parked [OPTIONS] SUBCOMMAND"),
    ((), "userd events [OPTIONS] SUBCOMMAND"), (("nonsense",), "userd events [OPTIONS] SUBCOMMAND")])
def test_bad_arguments_are_told_with_the_usage(make_userd, arguments, usage):
    answer = make_userd().run("events", *arguments)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("userd: ")
    assert usage in answer.stderr
    assert ("  snapshot  " in answer.stderr) == (usage.startswith("userd events [OPTIONS]"))


def test_replay_of_an_unknown_user_is_one_line(server):
    answer = server.run("events", "replay", "--user", "nobody")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == "userd: no user has the name, e-mail or id 'nobody'\n"


def test_progress_is_shown_on_no_file(server):
    add(server, "ada")
    wait_until_sent(server)
    for command in (("snapshot",), ("verify",), ("replay", "--all")):
        assert server.run("events", *command).stderr == ""
