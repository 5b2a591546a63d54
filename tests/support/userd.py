"""userd as a process: a server on free ports of 127.0.0.1, and its commands."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("USERD_BINARY", ROOT / "build/release/userd")).resolve()
READY_SECONDS = 30
STOP_SECONDS = 20
COMMAND_SECONDS = 30

# What may be said about a process that is not a setting of userd.
_INHERITED = ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run_userd(*arguments: str, folder: Path, settings: dict | None = None, stdin: str | bytes = "") -> subprocess.CompletedProcess:
    """One command in `folder`, with these settings in the environment and no others."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        [BINARY, *arguments],
        cwd=folder,
        env=_environment(folder, settings or {}),
        input=data,
        capture_output=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


class Userd:
    """A server that keeps its folder, ports and settings over restarts."""

    def __init__(self, folder: Path, **settings: str):
        self.folder = folder
        self.port = free_port()
        self.management_port = free_port()
        self.database = folder / "userd.db"
        self.settings = {
            "LISTEN": f"127.0.0.1:{self.port}",
            "MANAGEMENT_LISTEN": f"127.0.0.1:{self.management_port}",
            "DATABASE_URL": f"sqlite:///{self.database}",
            "LOGIN_LIMITS": "off",
            "REGISTRATION_LIMIT": "off",
            **settings,
        }
        self.log = folder / "userd.log"
        self.process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def management_url(self) -> str:
        return f"http://127.0.0.1:{self.management_port}"

    def start(self) -> "Userd":
        assert self.process is None
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve"],
                cwd=self.folder,
                env=_environment(self.folder, self.settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_for_ready()
        return self

    def _wait_for_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"userd ended with {self.process.returncode}: {self.log_text()[-2000:]}")
            try:
                if httpx.get(self.management_url + "/health/ready", trust_env=False, timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"userd is not ready after {READY_SECONDS} s: {self.log_text()[-2000:]}")

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"userd did not stop within {STOP_SECONDS} s: {self.log_text()[-2000:]}") from None
        finally:
            self.process = None

    def kill(self) -> None:
        """SIGKILL, as a crash."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart(self, **settings: str) -> "Userd":
        """Stops it if it runs, and starts it on the same ports, with these settings changed."""
        if self.process is not None:
            self.stop()
        self.settings.update(settings)
        return self.start()

    def command(self, *arguments: str, stdin: str | bytes = "") -> subprocess.CompletedProcess:
        """A command for this server's database, through the server when it runs."""
        return run_userd(*arguments, folder=self.folder, settings=self.settings, stdin=stdin)

    def command_json(self, *arguments: str, stdin: str | bytes = "") -> list[dict]:
        """The JSON lines of a command that must succeed."""
        done = self.command(*arguments, "--json", stdin=stdin)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def client(self, **options) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=30, **options)

    def metrics(self) -> dict[str, float]:
        """Every sample of /metrics by its name and labels, as written there."""
        text = httpx.get(self.management_url + "/metrics", trust_env=False).text
        samples = re.findall(r"^([a-z_]+(?:\{.*\})?) (\S+)$", text, re.MULTILINE)
        return {name: float(value) for name, value in samples}

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def _environment(folder: Path, settings: dict) -> dict[str, str]:
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environment["HOME"] = str(folder)
    environment.update({name: str(value) for name, value in settings.items()})
    return environment
