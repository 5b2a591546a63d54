"""The programs of docs/examples/consumers, built as their README says, once for each state of their files, and run."""
import hashlib
import os
import pathlib
import queue
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time

from support.userd import ROOT

EXAMPLES = pathlib.PurePath("docs/examples/consumers")
PROTO = pathlib.PurePath("proto/userd/v1/user.proto")
BUILT = ROOT / "build/consumers"
SOURCES = {
    "python": ["users.py"],
    "go": ["main.go", "go.mod", "go.sum"],
    "java": ["Users.java", "pom.xml"],
}
LANGUAGES = list(SOURCES)
BUILD_SECONDS = 900
RUN_SECONDS = 120


def commands_of(language: str) -> tuple[str, list[str]]:
    """Of the README: the script that builds, and the command that runs."""
    readme = (ROOT / EXAMPLES / "README.md").read_text()
    section = re.search(rf"^## {language}\n(.*?)(?=^## |\Z)", readme, re.MULTILINE | re.DOTALL | re.IGNORECASE)[1]
    build, run = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return build, shlex.split(run)


def build(language: str) -> pathlib.Path:
    """The folder of the built program, in a tree that has the files where the repository has them."""
    script, _ = commands_of(language)
    names = [PROTO, *(EXAMPLES / language / name for name in SOURCES[language])]
    state = hashlib.sha256(b"".join([script.encode(), *((ROOT / name).read_bytes() for name in names)])).hexdigest()
    tree = BUILT / language
    folder = tree / EXAMPLES / language
    stamp = tree / "stamp"
    if not stamp.exists() or stamp.read_text() != state:
        shutil.rmtree(tree, ignore_errors=True)
        for name in names:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
        # What the tests have installed is what the programs may use.
        made = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, text=True, capture_output=True,
                              timeout=BUILD_SECONDS, env={**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"})
        assert made.returncode == 0, f"{script}{made.stdout}{made.stderr}"
        stamp.write_text(state)
    return folder


class Consumer:
    """A running program. Its lines are those of records, and in the end those of the table."""

    def __init__(self, language: str, broker: str, topic: str, database: pathlib.Path, until_end: bool) -> None:
        _, command = commands_of(language)
        values = {"python3": sys.executable, "127.0.0.1:9092": broker, "user-events": topic, "users.db": str(database)}
        assert command[-1] == "--until-end"
        command = [values.get(word, word) for word in (command if until_end else command[:-1])]
        self.log = database.with_suffix(f".{language}.log")
        with open(self.log, "ab") as errors:
            self.process = subprocess.Popen(command, cwd=build(language), text=True, stdout=subprocess.PIPE, stderr=errors)
        self.records: list[tuple[str, str, str, int]] = []
        self.table: dict[str, tuple[int, str, str, bool]] = {}
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._deadline = time.monotonic() + RUN_SECONDS
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _take(self) -> bool:
        try:
            line = self._lines.get(timeout=max(0, self._deadline - time.monotonic()))
        except queue.Empty:
            raise AssertionError(f"no further line after {self.records}; errors: {self.log.read_text()}") from None
        if line is None:
            return False
        word, *rest = line.split()
        if word == "user":
            user_id, version, name, email, state = rest
            assert state in ("active", "disabled") and user_id not in self.table
            self.table[user_id] = (int(version), name, email, state == "disabled")
        else:
            verdict, (kind, user_id, version) = word, rest
            assert verdict in ("applied", "skipped")
            self.records.append((verdict, kind, user_id, int(version)))
        return True

    def await_records(self, count: int) -> None:
        while len(self.records) < count:
            assert self._take(), f"it ended: {self.log.read_text()}"

    def finish(self) -> "Consumer":
        while self._take():
            pass
        assert self.process.wait(RUN_SECONDS) == 0, self.log.read_text()
        return self

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(RUN_SECONDS)
        self._reader.join(RUN_SECONDS)

    def applied(self) -> dict[str, list[int]]:
        """By user, the versions in the order in which they were applied."""
        versions: dict[str, list[int]] = {}
        for verdict, _, user_id, version in self.records:
            if verdict == "applied":
                versions.setdefault(user_id, []).append(version)
        return versions

    def skipped(self) -> int:
        return sum(record[0] == "skipped" for record in self.records)
