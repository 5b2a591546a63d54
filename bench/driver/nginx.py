"""Nginx as a limit: it answers from its configuration."""
import pathlib
import shutil

from driver.limit_server import LimitServer

# What nginx writes by itself.
OWN_HEADERS = {"content-length", "content-type", "connection", "date", "server"}
# With one socket for all, one worker often takes every connection.
CONFIGURATION = """
daemon off;
worker_processes {workers};
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    server_tokens off;
    keepalive_requests 1000000000;
    {temporary}
    server {{
        listen 127.0.0.1:{port} reuseport;
        default_type application/json;
        {headers}
        location / {{ return 200 {body}; }}
    }}
}}
"""


class Nginx(LimitServer):
    def __init__(self, folder: pathlib.Path, workers: str, answer: bytes) -> None:
        super().__init__(folder, "nginx.log")
        self._configuration = folder / "nginx.conf"
        self._configuration.write_text(configuration(folder, self.port, workers, answer))

    def command(self) -> list:
        # Debian keeps it where only root's PATH may lead.
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        return [program, "-p", self._folder, "-c", self._configuration, "-e", self._log]


def configuration(folder: pathlib.Path, port: int, workers: str, answer: bytes) -> str:
    head, _, body = answer.decode().partition("\r\n\r\n")
    lines = [line.split(": ", 1) for line in head.split("\r\n")[1:]]
    headers = [f"add_header {name} {quoted(value)};" for name, value in lines if name.lower() not in OWN_HEADERS]
    temporary = [f"{kind}_temp_path {folder}/nginx_{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
    return CONFIGURATION.format(
        workers=workers, folder=folder, port=port, temporary="\n    ".join(temporary),
        headers="\n        ".join(headers), body=quoted(body))


def quoted(text: str) -> str:
    """As a string in the configuration, where nothing can stand for a dollar sign."""
    if "$" in text:
        raise ValueError(f"nginx would read a variable in {text}")
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
