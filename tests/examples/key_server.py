"""A JWKS of a test's own making, that can fail."""
import http.server
import json
import threading

from forgeries import public_jwk_of


class KeyServer:
    def __init__(self) -> None:
        self.down = False
        self.body = b""
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = b"" if outer.down else outer.body
                self.send_response(503 if outer.down else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/.well-known/jwks.json"

    def publish(self, keys: dict) -> None:
        described = [{**public_jwk_of(key), "kid": kid, "alg": "ES256", "use": "sig"} for kid, key in keys.items()]
        self.body = json.dumps({"keys": described}).encode()

    def __enter__(self) -> "KeyServer":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()
