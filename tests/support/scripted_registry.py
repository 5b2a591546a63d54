"""A registry on loopback that answers as a test's script has it, for what a real one does only when it fails."""
import http.server
import json
import ssl
import threading


class ScriptedRegistry:
    """Gives the answers one after the other, each a status and a JSON body, the last for ever. `None` is a silence.

    `of_subject` has the answers about subjects that have answers of their own.
    """

    def __init__(self, *answers: tuple[int, dict] | None, port: int = 0, tls: ssl.SSLContext | None = None,
                 of_subject: dict[str, list] | None = None) -> None:
        self.answers = list(answers)
        self.of_subject = of_subject or {}
        self.headers: list[dict[str, str]] = []
        self.asked = threading.Semaphore(0)
        self._closing = threading.Event()
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                registry.headers.append(dict(self.headers))
                registry.asked.release()
                answers = registry.of_subject.get(self.path.split("/")[-2], registry.answers)
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                if answer is None:
                    registry._closing.wait(120)
                    return
                body = json.dumps(answer[1]).encode()
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._server.server_address[1]}/api"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
