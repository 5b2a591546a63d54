"""The scenario behind tests/store/frozen runs every statement that the PostgreSQL store has."""
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
STATEMENT = re.compile(r'Statement k\w+\{\s*"(\w+)"')


def names_in_source() -> list[str]:
    """Of the server; a copy from SQLite works on the schema of its own binary only."""
    sources = [path for path in sorted((ROOT / "src/store/postgres").glob("*.cpp")) if not path.name.startswith("copy_")]
    return [name for path in sources for name in STATEMENT.findall(path.read_text())]


def newest() -> pathlib.Path:
    return sorted((ROOT / "tests/store/frozen").glob("*.json"))[-1]


def test_names_of_statements_are_unique():
    names = names_in_source()
    assert sorted(names) == sorted(set(names))


def test_every_statement_is_in_the_newest_frozen_file():
    frozen = {step["name"] for step in json.loads(newest().read_text())}
    assert frozen == set(names_in_source())


def test_there_is_a_frozen_file_for_the_newest_migration():
    scripts = sorted((ROOT / "migrations/postgres").glob("*.sql"))
    assert newest().stem == scripts[-1].name[:4]


def test_migrations_have_the_same_numbers_and_names_on_both():
    names = [sorted(path.name for path in (ROOT / "migrations" / backend).iterdir()) for backend in ("sqlite", "postgres")]
    assert names[0] == names[1]
