"""The events' .proto changes so that no consumer breaks: as buf sees it, against each version that was released.

At a release, `proto` is copied to tests/events/proto/VERSION.
"""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from support.userd import ROOT

CURRENT = ROOT / "proto"
RELEASED = sorted((ROOT / "tests/events/proto").iterdir())
BUF = ROOT / "tests/house/buf"
BUILT = ROOT / "build/buf"
NAME = "userd/v1/user.proto"
PROTO = (CURRENT / NAME).read_text()
# The first message of each file, whose index on the wire stays one byte.
FIRST = {NAME: "User", "userd/v1/security_event.proto": "SecurityEvent"}
WITH_ENUM = PROTO + "enum Level {\n  LEVEL_UNSPECIFIED = 0;\n  LEVEL_LOW = 1;\n  LEVEL_HIGH = 2;\n}\n"


@pytest.fixture(scope="module")
def buf():
    """The program, brought once for each state of its list."""
    lock = (BUF / "package-lock.json").read_text()
    stamp = BUILT / "stamp"
    if not stamp.exists() or stamp.read_text() != lock:
        shutil.rmtree(BUILT, ignore_errors=True)
        shutil.copytree(BUF, BUILT)
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=BUILT, check=True, timeout=600)
        stamp.write_text(lock)
    return BUILT / "node_modules/.bin/buf"


def breaks(buf: pathlib.Path, current: pathlib.Path, released: pathlib.Path) -> str:
    """What of the change breaks a consumer; empty when nothing does."""
    checked = subprocess.run(
        [buf, "breaking", "--against", released, "--against-config", BUF / "buf.yaml", "--config", BUF / "buf.yaml"],
        cwd=current, text=True, capture_output=True, timeout=120, env={**os.environ, "BUF_CACHE_DIR": str(BUILT / "cache")})
    # 100: buf has found something to tell.
    assert checked.returncode in (0, 100), checked.stderr
    assert (checked.returncode == 100) == bool(checked.stdout), checked
    return checked.stdout


def breaks_when_changed(buf, tmp_path: pathlib.Path, released: str, replacement: tuple[str, str]) -> str:
    """What breaks() says of the released text and the one with the replacement."""
    return breaks(buf, folder_with(tmp_path / "current", changed(released, replacement)),
                  folder_with(tmp_path / "released", released))


def folder_with(folder: pathlib.Path, text: str, name: str = NAME) -> pathlib.Path:
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_text(text)
    return folder


def changed(text: str, *replacements: tuple[str, str]) -> str:
    for old, new in replacements:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def test_the_project_keeps_what_it_released():
    versions = [folder.name for folder in RELEASED]
    assert versions and all((folder / name).exists() for folder in RELEASED for name in FIRST)
    assert versions[0] == "0.1.0"


@pytest.mark.parametrize("released", RELEASED, ids=lambda folder: folder.name)
def test_consumers_of_a_released_version_read_what_is_sent_now(buf, released):
    assert breaks(buf, CURRENT, released) == ""


def test_the_index_on_the_wire_is_held_for_every_file():
    assert {path.relative_to(CURRENT).as_posix() for path in CURRENT.rglob("*.proto")} == set(FIRST)


@pytest.mark.parametrize("name", FIRST)
def test_the_values_message_is_the_first_of_its_file(name):
    assert re.search(r"^(?:message|enum) (\w+)", (CURRENT / name).read_text(), re.MULTILINE)[1] == FIRST[name]


DISABLED = "  bool disabled = 9;\n"


@pytest.mark.parametrize("replacement", [
    (DISABLED, ""),
    (DISABLED, "  reserved 9;\n"),
    (DISABLED, '  reserved "disabled";\n'),
    (DISABLED, "  bool disabled = 10;\n"),
    (DISABLED, "  bool barred = 9;\n"),
    (DISABLED, '  bool disabled = 9 [json_name = "barred"];\n'),
    (DISABLED, "  int32 disabled = 9;\n"),
    (DISABLED, "  repeated bool disabled = 9;\n"),
    (DISABLED, "  optional bool disabled = 9;\n"),
    (DISABLED, "  oneof state {\n    bool disabled = 9;\n  }\n"),
    ("string email = 4", "bytes email = 4"),
    ("int64 version = 7", "int32 version = 7"),
    ("int64 version = 7", "sint64 version = 7"),
    ("int64 version = 7", "fixed64 version = 7"),
    ("  reserved 1, 5;\n", "  reserved 1;\n"),
    ("  reserved 1, 5;\n", "  reserved 1;\n  int32 shoe_size = 5;\n"),
    ('  reserved "id", "password";\n', '  reserved "id";\n'),
    ("message User {", "message Person {"),
    ("package userd.v1;", "package userd.v2;"),
], ids=lambda replacement: f"{replacement[0].strip()} to {replacement[1].strip() or 'nothing'}".replace("\n", " "))
def test_what_breaks_a_consumer_is_caught(buf, tmp_path, replacement):
    assert breaks_when_changed(buf, tmp_path, PROTO, replacement) != ""


@pytest.mark.parametrize("replacement", [
    ("  LEVEL_HIGH = 2;\n", ""),
    ("  LEVEL_HIGH = 2;\n", "  reserved 2;\n"),
    ("LEVEL_HIGH = 2", "LEVEL_HIGH = 3"),
    ("LEVEL_HIGH = 2", "LEVEL_TOP = 2"),
    ("enum Level {", "enum Degree {"),
])
def test_a_change_of_an_enum_is_caught(buf, tmp_path, replacement):
    assert breaks_when_changed(buf, tmp_path, WITH_ENUM, replacement) != ""


@pytest.mark.parametrize("replacement", [
    ("string key_id = 7;", "bytes key_id = 7;"),
    ("TYPE_KEY_CHANGED = 9;", "TYPE_KEY_CHANGED = 10;"),
    ("message SecurityEvent {", "message AuditEvent {"),
])
def test_a_change_of_security_events_is_caught(buf, tmp_path, replacement):
    current = pathlib.Path(shutil.copytree(CURRENT, tmp_path / "current"))
    file = current / "userd/v1/security_event.proto"
    file.write_text(changed(file.read_text(), replacement))
    assert breaks(buf, current, RELEASED[0]) != ""


def test_a_file_that_is_gone_or_has_moved_is_caught(buf, tmp_path):
    released = folder_with(tmp_path / "released", PROTO)
    moved = folder_with(tmp_path / "moved", PROTO, "userd/v1/person.proto")
    assert breaks(buf, moved, released) != ""


@pytest.mark.parametrize("replacement", [
    (DISABLED, DISABLED + "  string phone = 10;\n"),
    (DISABLED, '  reserved 9;\n  reserved "disabled";\n'),
    ("// Unix seconds\n  string username", "// seconds\n  string username"),
    (DISABLED + "}\n", DISABLED + "}\n\nmessage Group {\n  string name = 1;\n}\n"),
], ids=["a field more", "a field gone and reserved", "a comment", "a message more"])
def test_what_breaks_nobody_passes(buf, tmp_path, replacement):
    assert breaks_when_changed(buf, tmp_path, PROTO, replacement) == ""
