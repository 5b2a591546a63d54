"""What the bench makes for its load: the mixed day, and databases of users that no one registered."""
import collections
import contextlib
import json
import pathlib
import sqlite3
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "bench"))

from driver.mix import DAY, order  # noqa: E402
from driver.signing import Es256, Hs256, Signer  # noqa: E402
from driver.service import profile_request  # noqa: E402
from driver.sqlite_population import FIRST_USER, SqlitePopulation  # noqa: E402

USERS, SESSIONS_EACH = 50, 3


def test_a_day_has_each_kind_as_often_as_it_should():
    assert collections.Counter(order(DAY)) == {"profile": 900, "refresh": 80, "login": 15, "register": 5}


def test_each_part_of_a_day_has_its_share():
    day = order(DAY)
    for start in range(0, 1000, 200):
        part = collections.Counter(day[start:start + 200])
        assert part["register"] == 1 and part["login"] == 3
        assert abs(part["refresh"] - 16) <= 1


@pytest.fixture(scope="module")
def population(tmp_path_factory):
    return SqlitePopulation(tmp_path_factory.mktemp("population"), USERS, SESSIONS_EACH)


def rows(population, statement):
    with contextlib.closing(sqlite3.connect(population.database)) as connection:
        return connection.execute(statement).fetchall()


def test_the_database_is_sound_and_has_the_schema_that_userd_made(population, tmp_path):
    fresh = SqlitePopulation(tmp_path, 1, 0)
    schema = "SELECT type, name, sql FROM sqlite_schema ORDER BY name"
    assert rows(population, schema) == rows(fresh, schema)
    for pragma in "user_version", "application_id", "journal_mode", "page_size":
        assert rows(population, f"PRAGMA {pragma}") == rows(fresh, f"PRAGMA {pragma}")
    assert rows(population, "PRAGMA integrity_check") == [("ok",)]
    assert rows(population, "PRAGMA foreign_key_check") == []


def test_made_rows_look_like_userds_own(population):
    for table, count in ("users", USERS), ("sessions", 1 + (USERS - 1) * SESSIONS_EACH):
        columns = [name for _, name, *_ in rows(population, f"PRAGMA table_info({table})")]
        kinds = ", ".join(f"typeof({name})" for name in columns if name not in ("client_agent", "client_address"))
        assert rows(population, f"SELECT count(*) FROM {table}") == [(count,)]
        assert len(rows(population, f"SELECT DISTINCT {kinds} FROM {table}")) == 1
        # RFC 9562: version 7, variant 10.
        assert rows(population, f"SELECT DISTINCT substr(hex(id), 13, 1), substr(hex(id), 17, 1) IN ('8', '9', 'A', 'B') FROM {table}") \
            == [("7", 1)]
    assert rows(population, "SELECT count(*) FROM sessions WHERE expires_at % 1000 OR ends_at % 1000") == [(0,)]
    assert rows(population, "SELECT DISTINCT (expires_at - created_at / 1000 * 1000), (ends_at - created_at / 1000 * 1000) FROM sessions") \
        == [(7 * 86400 * 1000, 30 * 86400 * 1000)]
    assert rows(population, "SELECT sum(users) FROM hash_formats") == [(USERS,)]
    assert rows(population, "SELECT count(*) FROM outbox") == [(1,)]  # of the first user


@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
def test_userd_takes_made_users_and_tokens_for_its_own(population, algorithm):
    with population.serving(algorithm) as serving:
        count = (USERS - 1) * SESSIONS_EACH
        names = serving.names(count)
        assert collections.Counter(names) == {name: SESSIONS_EACH for name in names}
        for name, token in list(zip(names, serving.access_tokens(count)))[:10]:
            profile = json.loads(serving.userd.answer_bytes(profile_request(token)).partition(b"\r\n\r\n")[2])
            assert profile["username"] == name and profile["email"] == f"{name}@example.com"
        for _ in range(2):  # each time the current ones
            for token in serving.refresh_tokens(5):
                answer = serving.userd._post("/user/login/refresh", {"old_refresh_token": token})
                assert answer["refresh_token"] != token
        assert serving.userd.log_in(names[:1])[0]["access_token"]
        assert FIRST_USER not in names


@pytest.mark.parametrize("key", [Hs256(b"k" * 32), Es256()])
def test_a_token_that_another_key_signed_is_no_sample(key):
    signed = "eyJ9.eyJzdWIiOiJhIn0"
    genuine = Signer.join(signed, key)
    assert Signer(genuine, key).token("b", "c").count(".") == 2
    for other in Hs256(b"o" * 32), Es256():
        with pytest.raises(ValueError, match="another key"):
            Signer(genuine, other)
