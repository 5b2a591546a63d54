"""Dependencies point one way (docs/architecture.md). Static linking does not notice when they do not."""
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = sorted(path.relative_to(ROOT / "src") for path in (ROOT / "src").rglob("*") if path.suffix in (".cpp", ".hpp"))
GENERATED = {"userd/v1/user.pb.h": "events", "userd/v1/security_event.pb.h": "events"}

# app -> http -> accounts -> {store, passwords, tokens, events} -> base, with async just above base.
MAY_INCLUDE = {
    "base": set(),
    "async": {"base"},
    "passwords": {"base", "async"},
    "tokens": {"base", "async"},
    "store": {"base", "async"},
    "events": {"base", "async", "store"},
    "accounts": {"base", "async", "store", "passwords", "tokens", "events"},
    # Below accounts, too, but neither the store nor what reads it: those are asked through accounts.
    "http": {"base", "async", "passwords", "tokens", "accounts"},
    "app": {"base", "async", "store", "passwords", "tokens", "events", "accounts", "http"},
}


def backend_of(path: str) -> str | None:
    """The backend that a file belongs to; only app chooses one."""
    if match := re.match(r"store/(sqlite|postgres)/", path):
        return match[1]
    return "kafka" if path.startswith("events/kafka_") else None


def violations(path: str, text: str) -> list[str]:
    """What is wrong with the quoted includes of a source file, named by its path below src."""
    module = path.split("/")[0]
    found = []
    for mark, included in re.findall(r'^\s*#\s*include\s*(["<])([^">]+)[">]', text, re.MULTILINE):
        target = GENERATED.get(included, included.split("/")[0])
        if included not in GENERATED and target not in MAY_INCLUDE:
            if mark == '"':
                found.append(f"{path}: {included} is not named by its path below src")
            continue
        if target != module and target not in MAY_INCLUDE[module]:
            found.append(f"{path}: {module} includes {included}")
        backend = backend_of(included)
        if backend and module != "app" and backend_of(path) != backend:
            found.append(f"{path}: only app names {included}")
    return found


def test_every_module_has_its_place():
    assert {path.parts[0] for path in SOURCES} == set(MAY_INCLUDE)
    assert len(SOURCES) > 100


@pytest.mark.parametrize("module", MAY_INCLUDE)
def test_the_order_has_no_way_back(module):
    for below in MAY_INCLUDE[module]:
        assert module not in MAY_INCLUDE[below]


def test_no_source_includes_against_the_order():
    assert [fault for path in SOURCES for fault in violations(str(path), (ROOT / "src" / path).read_text())] == []


@pytest.mark.parametrize("module", MAY_INCLUDE)
def test_libraries_are_linked_in_the_same_order(module):
    text = (ROOT / "src" / module / "CMakeLists.txt").read_text()
    depends = re.search(r"userd_module\([^)]*?DEPENDS([a-z\s]*)", text)
    assert set((depends[1] if depends else "").split()) <= MAY_INCLUDE[module]


@pytest.mark.parametrize("path, line", [
    ("http/routes/me.cpp", '#include "store/store.hpp"'),
    ("http/server.cpp", '#include "events/codec.hpp"'),
    ("store/store.hpp", '#include "events/codec.hpp"'),
    ("store/store.hpp", '#include "userd/v1/user.pb.h"'),
    ("store/store.hpp", '#include "store/sqlite/connection.hpp"'),
    ("accounts/accounts.cpp", '#include "store/sqlite/sqlite_store.hpp"'),
    ("accounts/accounts.cpp", '#include "http/problem.hpp"'),
    ("accounts/accounts.cpp", "#include <http/problem.hpp>"),
    ("events/relay.cpp", '#include "events/kafka_publisher.hpp"'),
    ("base/log.cpp", '  #  include "async/task.hpp"'),
    ("base/log.cpp", '#include "../app/app.hpp"'),
    ("base/log.cpp", '#include "text.hpp"'),
])
def test_a_wrong_include_is_found(path, line):
    assert len(violations(path, f"#pragma once\n\n#include <string>\n{line}\n")) == 1


@pytest.mark.parametrize("path, line", [
    ("app/app.cpp", '#include "store/sqlite/sqlite_store.hpp"'),
    ("store/sqlite/users.cpp", '#include "store/sqlite/connection.hpp"'),
    ("events/kafka_publisher.cpp", '#include "events/kafka_config.hpp"'),
    ("events/codec.cpp", '#include "userd/v1/user.pb.h"'),
    ("http/problem.hpp", '#include "base/errc.hpp"'),
])
def test_a_right_include_is_none(path, line):
    assert violations(path, line) == []
