"""A k-anonymity range service on loopback, which keeps every byte it was sent."""
import socketserver
import threading
from collections.abc import Callable


class RangeService:
    """Answers each connection with what `reply` gives for the asked path; `None` leaves it unanswered."""

    def __init__(self, reply: Callable[[str], bytes | None]) -> None:
        self.requests: list[bytes] = []
        self.connected = threading.Semaphore(0)
        self._stopped = threading.Event()
        service = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                service.connected.release()
                received = b""
                while b"\r\n\r\n" not in received:
                    chunk = self.request.recv(65536)
                    if not chunk:
                        return
                    received += chunk
                service.requests.append(received)
                answer = reply(received.split(b" ")[1].decode())
                if answer is None:
                    service._stopped.wait(60)
                    return
                try:
                    self.request.sendall(answer)
                except OSError:
                    pass  # the client has seen enough

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/range/"

    def close(self) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def http_answer(body: str | bytes, status: str = "200 OK", headers: str = "") -> bytes:
    data = body.encode() if isinstance(body, str) else body
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(data)}\r\nConnection: close\r\n{headers}\r\n".encode() + data
