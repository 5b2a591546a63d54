"""docs/security.md names code and tests; what it names must be there."""
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
STATES = {"met", "partly", "no", "n/a", "differs"}


def named(page: str) -> list[str]:
    """What stands between backticks and is a path, with `::` and a name where it is a test."""
    return sorted(set(re.findall(r"`([\w./-]+\.(?:cpp|hpp|py|md)(?:::\w+)?)`", page)))


def rows(page: str) -> list[list[str]]:
    """The rows of the tables of requirements: number, state, how, code, tests."""
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("|")]
    return [row for row in lines if len(row) == 5 and row[0] not in ("#", "§", "---")]


def test_names_of(text: str, path: str) -> set[str]:
    if path.endswith(".py"):
        return set(re.findall(r"^(?:async )?def (test_\w+)\(", text, re.MULTILINE))
    return set(re.findall(r"^TEST(?:_F|_P)?\(\s*\w+,\s*(\w+)\)", text, re.MULTILINE))


test_names_of.__test__ = False


def missing(name: str) -> str | None:
    """Why what is named is not there."""
    path, _, test = name.partition("::")
    if test:
        file = ROOT / "tests" / path
        if not file.is_file():
            return f"tests/{path} is no file"
        return None if test in test_names_of(file.read_text(), path) else f"tests/{path} has no test {test}"
    return None if any((ROOT / place / path).is_file() for place in ("", "src")) else f"{path} is no file"


@pytest.mark.parametrize("name", named(PAGE))
def test_what_the_page_names_is_there(name):
    assert missing(name) is None


def test_every_row_has_a_state():
    assert len(rows(PAGE)) > 100
    assert [row[0] for row in rows(PAGE) if row[1] not in STATES] == []


def test_no_reference_escapes_the_check():
    """Code is named in the fourth column and tests in the fifth, each in backticks and nothing beside."""
    for number, _, _, code, tests in rows(PAGE):
        for cell, is_test in ((code, False), (tests, True)):
            parts = [part.strip() for part in cell.split(",") if part.strip()]
            for part in parts:
                assert named(part) == [part.strip("`")], f"{number}: {part}"
                assert ("::" in part) == is_test, f"{number}: {part}"


def test_a_name_that_is_not_there_is_found():
    assert missing("tokens/jwt.cpp") is None
    assert missing("tokens/forgeries_test.cpp::APublicKeyIsNoSecret") is None
    assert missing("tokens/jot.cpp") == "tokens/jot.cpp is no file"
    assert missing("tokens/jot_test.cpp::Any") == "tests/tokens/jot_test.cpp is no file"
    assert missing("tokens/forgeries_test.cpp::APublicKey").endswith("has no test APublicKey")
    assert missing("api/test_tokens.py::test_pyjwt").endswith("has no test test_pyjwt")
