"""Events that the broker refused, and what an operator sees as it comes."""
import json
import os
import re
import select
import signal
import subprocess

import pytest

from support.stream import SECONDS, add, done, environment, versions, wait_until_sent
from support.topic import wait_for_records
from support.userd import BINARY


def test_tail_shows_records_as_they_come_until_it_is_interrupted(server):
    ada = add(server, "ada")
    wait_until_sent(server)
    with subprocess.Popen([BINARY, "events", "tail", "--from-start"], cwd=server.folder, env=environment(server),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as tail:
        try:
            first = tail.stdout.readline()
            assert re.fullmatch(
                rf"20\S+Z  user\.registered  user {ada}  version 1  ada  ada@example\.com  \d:\d+\n", first)
            server.run("users", "delete", "ada")
            assert re.match(rf"\S+  user\.deleted  user {ada}  version 2  \d:\d+\n", tail.stdout.readline())
            tail.send_signal(signal.SIGINT)
            assert tail.wait(SECONDS) == 0
            assert tail.stderr.read() == ""
        finally:
            tail.kill()


def test_tail_begins_with_what_is_new(server, topic):
    add(server, "ada")
    wait_until_sent(server)
    with subprocess.Popen([BINARY, "events", "tail", "--json"], cwd=server.folder, env=environment(server),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as tail:
        try:
            lines: list[dict] = []
            # Where it begins depends on when it is there.
            for number in range(1000):
                server.run("users", "set-email", "ada", f"ada{number}@example.com")
                if select.select([tail.stdout], [], [], 0.5)[0]:
                    lines.append(json.loads(tail.stdout.readline()))
                    break
            assert lines[0]["type"] == "user.updated"
            assert lines[0]["email"].startswith("ada")
            tail.send_signal(signal.SIGTERM)
            assert tail.wait(SECONDS) == 0
        finally:
            tail.kill()


def test_parked_events_are_listed_retried_and_dropped(make_userd, broker, topic):
    server = make_userd(KAFKA_USER_TOPIC=topic).start()
    ada, bob = add(server, "ada"), add(server, "bob")
    for name in ("ada", "bob"):
        server.run("users", "disable", name)
    for user in (ada, bob):  # as the relay does with what the broker refuses
        server.sql("UPDATE outbox SET parked_at = 1, parked_reason = 'Broker: Message size too large' WHERE sequence = "
                   f"(SELECT min(sequence) FROM events WHERE version = 1 AND username = '{'ada' if user == ada else 'bob'}')")
    assert "parked:  2" in server.run("events", "status").stdout
    listed = [json.loads(line) for line in done(server.run("events", "parked", "list", "--json")).splitlines()]
    assert [(line["user"], line["parked"]) for line in listed] == [
        (ada, "Broker: Message size too large"), (bob, "Broker: Message size too large")]
    assert "parked: Broker: Message size too large" in done(server.run("events", "parked", "list"))
    server.stop()
    server.environment["KAFKA_BOOTSTRAP_SERVERS"] = broker.address
    server.start()
    assert done(server.run("events", "parked", "retry", listed[0]["id"])) == "sending again: 1 event\n"
    assert done(server.run("events", "parked", "drop", listed[1]["id"], "--yes")) == (
        f"dropped {listed[1]['id']}; consumers do not get it\n")
    wait_until_sent(server)
    records = wait_for_records(broker.address, topic, lambda r: len(r) >= 3)
    assert versions(records, ada) == [1, 2]
    assert versions(records, bob) == [2]
    assert done(server.run("events", "parked", "list")) == "no events are parked\n"
    for command in (("retry",), ("drop", "--yes")):
        for wrong in (listed[0]["id"], "nonsense"):
            answer = server.run("events", "parked", *command, wrong)
            assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (1, "", 1)
    assert done(server.run("events", "parked", "retry", "--all")) == "sending again: 0 events\n"


def park_everything(server) -> None:
    server.sql("UPDATE outbox SET parked_at = 1, parked_reason = 'Broker: Message size too large'")


def parked(server) -> list[dict]:
    return [json.loads(line) for line in done(server.run("events", "parked", "list", "--json")).splitlines()]


@pytest.mark.parametrize("answer, code, left", [("n", 1, 1), ("", 1, 1), ("y", 0, 0)])
def test_an_event_is_dropped_after_a_question_only(make_userd, answer, code, left):
    server = make_userd().start()
    add(server, "ada")
    park_everything(server)
    (event,) = parked(server)
    terminal, other_end = os.openpty()
    try:
        os.write(terminal, (answer + "\n").encode())
        dropped = subprocess.run([BINARY, "events", "parked", "drop", event["id"]], cwd=server.folder,
                                 env=environment(server), stdin=other_end, capture_output=True, text=True,
                                 timeout=SECONDS)
    finally:
        os.close(terminal)
        os.close(other_end)
    assert dropped.returncode == code, dropped
    assert dropped.stderr.startswith(f"Consumers will never get the event {event['id']}. Drop it? [y/N] ")
    assert ("nothing was dropped" in dropped.stderr) == (left == 1)
    assert len(parked(server)) == left


def test_no_event_is_dropped_where_nobody_can_be_asked(make_userd):
    server = make_userd().start()
    add(server, "ada")
    park_everything(server)
    (event,) = parked(server)
    refused = server.run("events", "parked", "drop", event["id"])
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
    assert "--yes" in refused.stderr
    assert parked(server) == [event]


def test_verify_counts_a_parked_event_as_not_yet_sent(server, broker):
    add(server, "ada")
    wait_until_sent(server)
    server.stop()
    server.environment["KAFKA_BOOTSTRAP_SERVERS"] = ""
    server.start()
    server.run("users", "disable", "ada")
    park_everything(server)
    assert "0 differences, 1 not yet sent" in done(server.run(
        "events", "verify", KAFKA_BOOTSTRAP_SERVERS=broker.address))
