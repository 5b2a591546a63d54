"""HTTP byte by byte, for what no client library would send."""

import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """One TCP connection; answers are read in order."""

    def __init__(self, port: int, timeout: float = 10):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._buffer = b""

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def _read_more(self) -> bool:
        data = self._socket.recv(65536)
        self._buffer += data
        return bool(data)

    def read(self, has_body: bool = True) -> Answer:
        """The next final answer; ConnectionError when there is none."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._read_more():
                raise ConnectionError(f"closed after {self._buffer!r}")
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        if status == 100:
            return self.read(has_body)
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
        length = int(headers.get("content-length", 0)) if has_body else 0
        while len(self._buffer) < length:
            if not self._read_more():
                raise ConnectionError("closed within a body")
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return Answer(status, headers, body)

    def is_closed(self) -> bool:
        """Waits for the peer to close; False when it sends something instead."""
        try:
            return not self._buffer and self._socket.recv(1) == b""
        except ConnectionResetError:
            return True


def exchange(port: int, data: bytes, timeout: float = 10) -> tuple[Answer, bool]:
    """One answer to these bytes, and whether the connection was closed after it."""
    with Connection(port, timeout) as connection:
        connection.send(data)
        answer = connection.read()
        closed = answer.headers.get("connection") == "close" and connection.is_closed()
        return answer, closed
