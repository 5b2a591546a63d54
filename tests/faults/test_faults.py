"""The short form of `make faults`, and that what it looks for is found where it is."""
import asyncio
import contextlib
import random
import sqlite3

import pytest

from faults.proxy import Gate
from faults.run import run_faults

SECONDS = 5
BACKENDS = ("sqlite", "postgres")


@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_is_lost_phantom_out_of_order_or_half_done_under_faults(backend, make_stage, user_message):
    report = run_faults(make_stage(backend), SECONDS, random.SystemRandom().randrange(1 << 31), user_message)
    print(report.text())
    assert report.is_good(), report.text()
    assert report.faults.total() >= 1 and report.log.acknowledged()


def remove_outbox(stage) -> None:
    """As a relay does that takes its events out of the outbox before the broker has acknowledged them."""
    if stage.postgres is not None:
        stage.server.sql("DELETE FROM outbox")
        return
    with contextlib.closing(sqlite3.connect(stage.server.database, timeout=10)) as database, database:
        database.execute("DELETE FROM outbox")


async def remove_before_acknowledgement(run) -> None:
    """The events are on their way to the broker, which never sees them; meanwhile their rows go."""
    def act() -> None:
        remove_outbox(run.stage)
        run.stage.kill_userd()

    gate = Gate("produce", True, act)
    run.stage.broker.proxy.gates.append(gate)
    await asyncio.wait_for(gate.reached.wait(), 60)
    await asyncio.to_thread(run.stage.end_lease)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_relay_that_deletes_before_the_acknowledgement_is_caught(backend, make_stage, user_message):
    report = run_faults(make_stage(backend), 1, 1, user_message, strike=remove_before_acknowledgement)
    assert any("not in the topic" in each for each in report.verdict.lost), report.text()


async def kill_postgres_after_answers(run) -> None:
    done = len(run.report.log.acknowledged())
    async with asyncio.timeout(60):
        while len(run.report.log.acknowledged()) < done + 10:
            await asyncio.sleep(0.01)
    run.stage.kill_postgres()


def test_a_database_that_answers_before_its_log_is_written_is_caught(make_stage, user_message):
    """A killed process loses no write that the system has, synced or not; but this log is still in the process."""
    unsynced = {"synchronous_commit": "off", "wal_writer_delay": "10s"}
    report = run_faults(make_stage("postgres", postgres_settings=unsynced), 1, 1, user_message,
                        strike=kill_postgres_after_answers)
    assert report.verdict.lost, report.text()
