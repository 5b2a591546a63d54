"""Each check sees what it is there for, in a small world of two users where otherwise all is well."""
import dataclasses

import pytest

from faults.checks import Database, Record, Row, check
from faults.log import Log, Operation

ADA, BOB = "user-of-ada", "user-of-bob"


def world() -> tuple[Log, Database, list[Record]]:
    log = Log([
        Operation("register", "ada", "ada@example.com", "acknowledged", 1),
        Operation("set-email", "ada", "new@example.com", "acknowledged", 2),
        Operation("disable", "ada", "", "acknowledged", 3),
        Operation("refresh", "ada", "session-1", "acknowledged", 4),
        Operation("register", "bob", "bob@example.com", "acknowledged", 1),
        Operation("delete", "bob", "", "acknowledged", 0),
        Operation("register", "eve", "eve@example.com", "unknown"),
        Operation("register", "mallory", "mallory@example.com", "not sent"),
    ])
    records = [
        Record(ADA, 1, "a1", "user.registered", "ada", "ada@example.com", False),
        Record(BOB, 1, "b1", "user.registered", "bob", "bob@example.com", False),
        Record(ADA, 2, "a2", "user.updated", "ada", "new@example.com", False),
        Record(ADA, 3, "a3", "user.updated", "ada", "new@example.com", True),
        Record(BOB, 2, "b2", "user.deleted", None, None, None),
    ]
    database = Database({ADA: Row("ada", "new@example.com", True, 3, "a3")},
                        {each.id: (each.user, each.version, each.type) for each in records},
                        {"session-1": (ADA, 4)}, 0)
    return log, database, records


def verdict_after(change) -> dict[str, int]:
    log, database, records = world()
    change(log, database, records)
    verdict = check(log, database, records)
    return {name: len(found) for name, found in dataclasses.asdict(verdict).items() if isinstance(found, list) and found}


def test_a_world_without_a_fault_passes():
    assert verdict_after(lambda log, database, records: None) == {}


def test_repetitions_are_counted_and_are_no_fault():
    log, database, records = world()
    verdict = check(log, database, [*records, records[0], records[4]])
    assert verdict.is_good() and verdict.duplicates == 2 and verdict.records == 7


def lose_record(log, database, records):
    del records[3]


def lose_event_and_record(log, database, records):
    del records[3], database.events["a3"]
    database.users[ADA] = Row("ada", "new@example.com", False, 2, "a2")


def lose_user_and_all_of_it(log, database, records):
    database.users.clear()
    database.sessions.clear()
    for id in ("a1", "a2", "a3"):
        del database.events[id]
    records[:] = [each for each in records if each.user != ADA]


def leave_waiting(log, database, records):
    database.waiting = 1


def lose_rotation(log, database, records):
    database.sessions["session-1"] = (ADA, 3)


def lose_session(log, database, records):
    database.sessions.clear()


def bring_back_deleted(log, database, records):
    database.users[BOB] = Row("bob", "bob@example.com", False, 1, "b1")


def send_other_state(log, database, records):
    records[2] = dataclasses.replace(records[2], email="ada@example.com")


@pytest.mark.parametrize("change", [lose_record, lose_event_and_record, lose_user_and_all_of_it, leave_waiting,
                                    lose_rotation, lose_session, bring_back_deleted, send_other_state])
def test_what_was_acknowledged_and_is_gone_is_lost(change):
    assert verdict_after(change).get("lost")


def send_uncommitted(log, database, records):
    records.append(Record("user-of-eve", 1, "e1", "user.registered", "eve", "eve@example.com", False))


def send_what_nobody_asked_for(log, database, records):
    records[2] = dataclasses.replace(records[2], email="other@example.com")


def commit_what_was_never_sent(log, database, records):
    records.append(Record("m", 1, "m1", "user.registered", "mallory", "mallory@example.com", False))
    database.events["m1"] = ("m", 1, "user.registered")
    database.users["m"] = Row("mallory", "mallory@example.com", False, 1, "m1")


def delete_unasked(log, database, records):
    records.append(Record(ADA, 4, "a4", "user.deleted", None, None, None))
    database.events["a4"] = (ADA, 4, "user.deleted")
    database.users.clear()
    database.sessions.clear()


@pytest.mark.parametrize("change", [send_uncommitted, send_what_nobody_asked_for, commit_what_was_never_sent,
                                    delete_unasked])
def test_what_was_not_committed_or_not_asked_for_is_phantom(change):
    assert verdict_after(change).get("phantom")


def swap(log, database, records):
    records[2], records[3] = records[3], records[2]


def repeat_with_another_id(log, database, records):
    records.append(dataclasses.replace(records[2], id="a2-again"))


@pytest.mark.parametrize("change", [swap, repeat_with_another_id])
def test_first_occurrences_that_do_not_run_on_are_out_of_order(change):
    assert verdict_after(change).get("out_of_order")


def row_without_event(log, database, records):
    database.users["user-of-eve"] = Row("eve", "eve@example.com", False, 1, "e1")


def event_without_row(log, database, records):
    database.events["e1"] = ("user-of-eve", 1, "user.registered")
    records.append(Record("user-of-eve", 1, "e1", "user.registered", "eve", "eve@example.com", False))


def row_behind_its_event(log, database, records):
    database.users[ADA] = Row("ada", "new@example.com", False, 2, "a2")


def session_of_nobody(log, database, records):
    database.sessions["session-2"] = (BOB, 1)


@pytest.mark.parametrize("change", [row_without_event, event_without_row, row_behind_its_event, session_of_nobody])
def test_what_is_neither_whole_nor_absent_is_half_done(change):
    assert verdict_after(change).get("half")
