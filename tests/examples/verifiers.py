"""The programs of docs/examples/verify, built once for each state of their files, and run."""
import hashlib
import json
import os
import pathlib
import queue
import shutil
import subprocess
import sys
import threading

from support.userd import ROOT, Userd

SOURCES = ROOT / "docs/examples/verify"
BUILT = ROOT / "build/verifiers"
BUILD_SECONDS = 600
ANSWER_SECONDS = 60
STOP_SECONDS = 30
MADE = ["verify", "verify.js"]

BUILDS = {
    "python": [],
    "typescript": [["npm", "ci", "--silent", "--no-audit", "--no-fund"], ["npm", "run", "--silent", "build"]],
    "go": [["go", "build", "-o", "verify", "."]],
    "java": [["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=target/lib"]],
}
COMMANDS = {
    "python": [sys.executable, "verify.py"],
    "typescript": ["node", "verify.js"],
    "go": ["./verify"],
    "java": ["java", "-cp", "target/lib/*", "Verify.java"],
}
LANGUAGES = list(COMMANDS)


def source_files(language: str) -> list[pathlib.Path]:
    """Without what a build in the sources' own folder leaves there."""
    return sorted(path for path in (SOURCES / language).iterdir() if path.is_file() and path.name not in MADE)


def build(language: str) -> pathlib.Path:
    """The folder of the built program; the sources' own folder stays as it is."""
    files = source_files(language)
    state = hashlib.sha256(b"".join(str(file).encode() + file.read_bytes() for file in files)).hexdigest()
    folder = BUILT / language
    stamp = folder / ".stamp"
    if not stamp.exists() or stamp.read_text() != state:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file in files:
            shutil.copy(file, folder)
        for command in BUILDS[language]:
            made = subprocess.run(command, cwd=folder, text=True, capture_output=True, timeout=BUILD_SECONDS)
            assert made.returncode == 0, f"{command}: {made.stdout}{made.stderr}"
        stamp.write_text(state)
    return folder


class Verifier:
    """A running program; it keeps its keys from token to token."""

    def __init__(self, language: str, jwks_url: str, issuer: str, audience: str, log: pathlib.Path) -> None:
        self.log = log
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        with open(log, "wb") as errors:
            self.process = subprocess.Popen(
                [*COMMANDS[language], jwks_url, issuer, audience], cwd=build(language), env=environment,
                encoding="utf-8", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        self.answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.answers.put(line.rstrip("\n"))
        self.answers.put("ended")

    def send(self, token: str) -> None:
        self.process.stdin.write(token + "\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        try:
            return self.answers.get(timeout=ANSWER_SECONDS)
        except queue.Empty:
            raise AssertionError(f"no answer; the program's errors:\n{self.log.read_text()}") from None

    def ask(self, token: str) -> str:
        self.send(token)
        return self.answer()

    def stop(self) -> int:
        """Its exit code after the last token."""
        self.process.stdin.close()
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def run_userd(server: Userd, *arguments: str) -> list[dict]:
    answer = server.run(*arguments, "--json")
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]
