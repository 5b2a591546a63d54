"""Proportional set sizes of fresh processes: idle, and with many connections that are idle."""
import contextlib
import resource
import socket
import time

from driver.limit_server import BeastLoop
from driver.results import LIMIT, Row, Sample
from driver.run import REST_SECONDS, Run
from driver.service import Userd, profile_request

CONNECTIONS = 10000
# The driver's own files.
SPARE_FILES = 100

IDLE = Row("memory MiB, idle", "bare Beast loop")


def memory(run: Run) -> None:
    count = allowed_connections()
    connected = Row(f"memory MiB, {count} idle connections", "bare Beast loop")
    userd = Userd(run.copied(run.unique("memory")))
    beast = BeastLoop(run.folder, run.config["THREADS"], run.answer)
    for name, server in (userd.name, userd), (LIMIT, beast):
        server.start()
        try:
            server.settle()
            time.sleep(REST_SECONDS)
            run.results.add(IDLE, name, Sample(server.process.pss_mib()))
            token = run.tokens(userd, 1)[0] if server is userd else ""
            with contextlib.ExitStack() as connections:
                refused = sum(not connects(connections, server.port, token) for _ in range(count))
                run.results.add(connected, name, Sample(server.process.pss_mib(), errors=refused))
        finally:
            server.stop()


def allowed_connections() -> int:
    """Raises this process's limit on open files, which the servers inherit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return min(CONNECTIONS, most - SPARE_FILES)


def connects(connections: contextlib.ExitStack, port: int, token: str) -> bool:
    """A connection that has had one answer and stays open."""
    connection = connections.enter_context(socket.create_connection(("127.0.0.1", port), 30))
    connection.sendall(profile_request(token))
    return connection.recv(65536).startswith(b"HTTP/1.1 200 ")
