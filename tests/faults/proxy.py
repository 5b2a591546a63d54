"""TCP proxies that understand what passes, so that a fault can be set off at a point that is seen from outside.

A Gate waits for one message. When it comes, it is held, the gate's action runs (a kill, a SIGSTOP), and only then is the
message passed on, cut in half, or dropped with its connection.
"""
import asyncio
import contextlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from support.ports import free_port

PRODUCE, END_TXN = 0, 26  # kafka.apache.org/protocol, API keys
STARTUP = 196608  # PostgreSQL's protocol 3.0


@dataclass
class Message:
    to_server: bool
    kind: str
    data: bytes


@dataclass
class Gate:
    kind: str
    to_server: bool
    act: Callable[[], None]
    then: str = "close"  # or "pass", "half"
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    def meets(self, message: Message) -> bool:
        return self.kind == message.kind and self.to_server == message.to_server


class Kafka:
    """Names each request and its answer: produce, end_txn."""
    NAMES = {PRODUCE: "produce", END_TXN: "end_txn"}

    def __init__(self) -> None:
        self.asked: dict[int, str] = {}

    async def read(self, reader: asyncio.StreamReader, to_server: bool) -> Message:
        size = await reader.readexactly(4)
        body = await reader.readexactly(struct.unpack(">i", size)[0])
        if to_server:
            key, _, correlation = struct.unpack_from(">hhi", body)
            kind = self.asked[correlation] = self.NAMES.get(key, "")
        else:
            kind = self.asked.pop(struct.unpack_from(">i", body)[0], "")
        return Message(to_server, kind, size + body)


class Postgres:
    """Names what commits a registration, a change or a removal from the outbox, and its answer. A statement is only
    executed until its Sync comes; the Sync commits it."""
    KINDS = {b"DELETE FROM outbox": "remove", b"INSERT INTO users": "register"}

    def __init__(self) -> None:
        self.started = False
        self.encryption_asked = False
        self.statements: dict[bytes, str] = {}
        self.open = ""
        self.asked: list[str] = []

    async def read(self, reader: asyncio.StreamReader, to_server: bool) -> Message:
        return await (self._request(reader) if to_server else self._answer(reader))

    async def _request(self, reader: asyncio.StreamReader) -> Message:
        if not self.started:
            size = await reader.readexactly(4)
            body = await reader.readexactly(struct.unpack(">i", size)[0] - 4)
            self.started = struct.unpack_from(">i", body)[0] == STARTUP
            self.encryption_asked = not self.started
            return Message(True, "", size + body)
        head = await reader.readexactly(5)
        body = await reader.readexactly(struct.unpack(">i", head[1:])[0] - 4)
        kind = ""
        if head[:1] == b"P":
            name, _, rest = body.partition(b"\0")
            self.statements[name] = next((kind for text, kind in self.KINDS.items() if text in rest), "")
        elif head[:1] == b"B":
            statement = body.split(b"\0", 2)[1]
            self.open = kind = self.statements.get(statement, "") or self.open
        elif head[:1] == b"S":
            kind = f"commit {self.open}" if self.open else ""
            self.asked.append(kind)
            self.open = ""
        elif head[:1] == b"Q":
            self.asked.append("")
        return Message(True, kind, head + body)

    async def _answer(self, reader: asyncio.StreamReader) -> Message:
        if self.encryption_asked:
            self.encryption_asked = False
            return Message(False, "", await reader.readexactly(1))
        head = await reader.readexactly(5)
        body = await reader.readexactly(struct.unpack(">i", head[1:])[0] - 4)
        kind = self.asked.pop(0) if head[:1] == b"Z" and self.asked else ""
        return Message(False, kind, head + body)


class Proxy:
    def __init__(self, upstream: int | None, protocol: type) -> None:
        self.port, self.upstream, self.protocol = free_port(), upstream, protocol
        self.gates: list[Gate] = []
        self.delay = 0.0  # of each message, in both directions
        self._server: asyncio.Server | None = None
        self._connections: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=1 << 24)

    async def close(self) -> None:
        self._server.close()
        self.cut()

    def cut(self) -> None:
        for pair in list(self._connections):
            for writer in pair:
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.upstream, limit=1 << 24)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, far_writer)
        self._connections.add(pair)
        protocol = self.protocol()
        pumps = [asyncio.create_task(self._pump(protocol, reader, far_writer, True)),
                 asyncio.create_task(self._pump(protocol, far_reader, writer, False))]
        try:
            with contextlib.suppress(asyncio.CancelledError):  # the run's end
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            for each in pair:
                each.transport.abort()
            self._connections.discard(pair)

    async def _pump(self, protocol, reader, writer: asyncio.StreamWriter, to_server: bool) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                message = await protocol.read(reader, to_server)
                if self.delay:
                    await asyncio.sleep(self.delay)
                gate = next((gate for gate in self.gates if gate.meets(message)), None)
                if gate is not None and await self._at_gate(gate, message, writer):
                    return
                writer.write(message.data)
                await writer.drain()

    async def _at_gate(self, gate: Gate, message: Message, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection ends here."""
        self.gates.remove(gate)
        if gate.then == "half":
            writer.write(message.data[:len(message.data) // 2])
            await writer.drain()
        gate.act()
        gate.reached.set()
        return gate.then != "pass"
