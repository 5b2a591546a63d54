"""The services under load: userd, and what its peers share with it."""
import concurrent.futures
import http.client
import json
import os
import pathlib
import secrets
import socket
import subprocess

from driver.process import Process, free_port

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
USERD = ROOT / "build/release/userd"
START_SECONDS = 60
SETTLE_SECONDS = 30
CALL_SECONDS = 30
CALLERS = 8
PASSWORD = "correct horse battery staple"


class Service:
    """Anything with the HTTP contract. A peer gives its name, how it starts and when it is ready."""

    name: str
    port: int
    process: Process

    def stop(self) -> None:
        self.process.stop()

    def settle(self) -> None:
        """Waits until nothing that callers asked for is still being worked on."""
        self.process.wait_until(lambda: self.hashes_waiting() + self.hashes_running() == 0, SETTLE_SECONDS, 0.01)

    def hashes_waiting(self) -> int:
        raise NotImplementedError

    def hashes_running(self) -> int:
        raise NotImplementedError

    def register(self, names: list[str]) -> None:
        def one(name: str) -> None:
            self._post("/user/register", {"username": name, "email": f"{name}@example.com", "password": PASSWORD})

        list(self._in_parallel(one, names))

    def log_in(self, names: list[str]) -> list[dict]:
        """The users' tokens, in their order."""
        return list(self._in_parallel(
            lambda name: self._post("/user/login", {"username": name, "password": PASSWORD}), names))

    def answer_bytes(self, request: bytes) -> bytes:
        """As they are on the wire."""
        with socket.create_connection(("127.0.0.1", self.port), CALL_SECONDS) as connection:
            return exchange(connection, request)

    @staticmethod
    def _in_parallel(call, names: list[str]):
        with concurrent.futures.ThreadPoolExecutor(CALLERS) as callers:
            yield from callers.map(call, names)

    def _post(self, path: str, body: dict) -> dict:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=CALL_SECONDS)
        try:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{self.name} answers {path} with {answer.status}: {text[:200]}")
        return json.loads(text)


def profile_request(token: str) -> bytes:
    return f"GET /user/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def refresh_request(token: str) -> bytes:
    body = json.dumps({"old_refresh_token": token}).encode()
    return b"\r\n".join([
        b"POST /user/login/refresh HTTP/1.1", b"Host: localhost", b"Content-Type: application/json",
        b"Content-Length: %d" % len(body), b"", body])


def exchange(connection: socket.socket, request: bytes) -> bytes:
    """The whole answer."""
    connection.sendall(request)
    received = b""
    while not is_whole(received):
        chunk = connection.recv(65536)
        if not chunk:
            raise RuntimeError("the server closed within an answer")
        received += chunk
    return received


def is_whole(answer: bytes) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(found) and len(body) >= int(lengths[0].split(b":")[1])


class Userd(Service):
    """The shipped binary on free ports, with its default settings but for addresses, limits on callers and
    the algorithm. Keeps its database over stop() and start()."""

    name = "userd"

    def __init__(self, folder: pathlib.Path, algorithm: str = "ES256", **settings: str) -> None:
        self.folder = folder
        self.database = folder / "userd.db"
        self.under: list = []
        """The command that runs it: a tool that looks on."""
        self.port, self.management_port = free_port(), free_port()
        self.environment = {
            "PATH": os.environ["PATH"],
            "LISTEN": f"127.0.0.1:{self.port}",
            "MANAGEMENT_LISTEN": f"127.0.0.1:{self.management_port}",
            "DATABASE_URL": f"sqlite:///{self.database}",
            "LOGIN_LIMITS": "off",
            "REGISTRATION_LIMIT": "off",
            "JWT_ALGORITHM": algorithm,
            **settings,
        }
        if algorithm == "HS256":
            self.environment.setdefault("SECRET_KEY", secrets.token_hex(32))

    def start(self) -> "Userd":
        """Returns once it is ready."""
        self.process = Process([*self.under, USERD, "serve"], self.folder, self.environment, self.folder / "userd.log")
        try:
            self.process.wait_until(self._is_ready, START_SECONDS)
        except BaseException:
            self.process.stop()
            raise
        return self

    def settings(self) -> dict[str, str]:
        shown = subprocess.run(
            [USERD, "check-config"], cwd=self.folder, env=self.environment, text=True, capture_output=True,
            timeout=START_SECONDS, check=True).stdout
        return dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)

    def hashes_waiting(self) -> int:
        return self.metric("userd_hash_queue_depth")

    def hashes_running(self) -> int:
        return self.metric("userd_hash_running")

    def metric(self, name: str) -> int:
        for line in self._management("/metrics")[1].splitlines():
            if line.startswith(f"{name} "):
                return int(float(line.split()[1]))
        raise RuntimeError(f"userd has no metric {name}")

    def _is_ready(self) -> bool:
        try:
            return self._management("/health/ready")[0] == 200
        except OSError:
            return False

    def _management(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.management_port, timeout=CALL_SECONDS)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()
