"""The real userd binary as a test's subject."""
import contextlib
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import time
import uuid

import httpx

from support.ports import free_port

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("USERD_BINARY", str(ROOT / "build/release/userd"))
START_SECONDS = 30
STOP_SECONDS = 20
LOG_SECONDS = 20
PASSWORD = "correct horse battery"


def unique_name(prefix: str = "u") -> str:
    return f"{prefix}{uuid.uuid4().hex[:12]}"


def read_all(connection: socket.socket) -> bytes:
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


class Caller:
    """Asks the API at self.port through self.http."""
    port: int
    http: httpx.Client

    def register(self, name: str, password: str = PASSWORD, email: str | None = None) -> httpx.Response:
        body = {"username": name, "email": email or f"{name}@example.com", "password": password}
        return self.http.post("/user/register", json=body)

    def login(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return self.http.post("/user/login", json={"username": name, "password": password})

    def refresh(self, token: str) -> httpx.Response:
        return self.http.post("/user/login/refresh", json={"old_refresh_token": token})

    def me(self, token: str) -> httpx.Response:
        return self.http.get("/user/me", headers={"Authorization": f"Bearer {token}"})

    def new_user(self) -> tuple[str, dict]:
        """A registered user's name and tokens."""
        name = unique_name()
        assert self.register(name).status_code == 200
        tokens = self.login(name)
        assert tokens.status_code == 200
        return name, tokens.json()

    def raw(self, data: bytes, seconds: float = 20) -> bytes:
        """Sends bytes as they are and reads until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), seconds) as connection:
            connection.sendall(data)
            return read_all(connection)


def client_of(port: int) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False)


class Userd(Caller):
    """Keeps its ports and its database over stop(), kill() and start()."""

    def __init__(self, folder: pathlib.Path, **settings: str) -> None:
        self.folder = folder
        self.port, self.management_port = free_port(), free_port()
        self.database = folder / "userd.db"
        self.log_path = folder / "userd.log"
        self.process: subprocess.Popen | None = None
        self.environment = {
            "PATH": os.environ["PATH"],
            "LISTEN": f"127.0.0.1:{self.port}",
            "MANAGEMENT_LISTEN": f"127.0.0.1:{self.management_port}",
            "DATABASE_URL": f"sqlite:///{self.database}",
            **settings,
        }
        self.http, self.management = client_of(self.port), client_of(self.management_port)

    def start(self) -> "Userd":
        self.launch()
        return self.wait_ready()

    def launch(self) -> None:
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve"], cwd=self.folder, env=self.environment, stdout=log, stderr=log)

    def wait_ready(self) -> "Userd":
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.management.get("/health/ready").status_code == 200:
                    return self
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"userd did not become ready:\n{self.log()[-2000:]}")

    def stop(self) -> int | None:
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_SECONDS)
        self.process = None
        return code

    close = stop

    def sql(self, statement: str) -> list[tuple]:
        """Straight into the database, as time or another hand would."""
        with contextlib.closing(sqlite3.connect(self.database)) as database, database:
            return database.execute(statement).fetchall()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(STOP_SECONDS)
        self.process = None

    def log(self) -> str:
        return self.log_path.read_text()

    def log_with(self, text: str) -> str:
        """The log once it has the text: a line is written behind the answer's back."""
        deadline = time.monotonic() + LOG_SECONDS
        while text not in (log := self.log()):
            assert time.monotonic() < deadline, f"{text} never came into the log"
            time.sleep(0.02)
        return log

    def run(self, *arguments: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [BINARY, *arguments], cwd=self.folder, env={**self.environment, **settings}, input=stdin, text=True,
            capture_output=True, timeout=60)
