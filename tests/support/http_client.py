"""A small asyncio HTTP/1.1 client: one connection that is kept, each request sent once and never by itself again."""
import asyncio
import json
from dataclasses import dataclass, field


class Lost(Exception):
    """No whole answer came. `sent` tells whether the server may have seen the request."""

    def __init__(self, why: str, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


class Hung(Lost):
    """No answer within the bound."""


@dataclass
class Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self):
        return json.loads(self.body)


class HttpClient:
    def __init__(self, port: int, bound: float) -> None:
        self.port, self.bound = port, bound
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def request(self, method: str, path: str, body: dict | None = None, token: str | None = None) -> Answer:
        content = b"" if body is None else json.dumps(body).encode()
        head = [f"{method} {path} HTTP/1.1", "Host: userd", f"Content-Length: {len(content)}"]
        if body is not None:
            head.append("Content-Type: application/json")
        if token is not None:
            head.append(f"Authorization: Bearer {token}")
        sent = False
        try:
            async with asyncio.timeout(self.bound):
                if self.writer is None:
                    self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
                sent = True
                self.writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + content)
                answer = await self._read()
        except TimeoutError:
            self.close()
            raise Hung(f"{method} {path}: no answer within {self.bound} s", sent) from None
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            self.close()
            raise Lost(f"{method} {path}: {error!r}", sent) from None
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer

    async def _read(self) -> Answer:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {}
        for line in filter(None, head[1:]):
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        status = int(head[0].split()[1])
        length = headers.get("content-length")
        if length is None and status != 204:  # HAProxy ends some of its own answers so
            return Answer(status, {**headers, "connection": "close"}, await self.reader.read())
        return Answer(status, headers, await self.reader.readexactly(int(length or 0)))

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None
