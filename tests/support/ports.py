"""Ports on loopback for servers that start later, and that keep theirs while they are down."""
import fcntl
import os
import pathlib
import random
import socket
import tempfile

# Below those that the system gives to outgoing connections.
LAST = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0]) - 1
FIRST = LAST // 2
_given: set[int] = set()
# Its bytes are the ports: whoever has locked one has the port. The locks end with the process.
_marks = open(pathlib.Path(tempfile.gettempdir()) / f"userd-tests-{os.getuid()}.ports", "ab")


def free_port() -> int:
    """Given to nobody else while this process lives, in whatever process they are tests of this project."""
    while True:
        port = random.randint(FIRST, LAST)
        if port in _given:
            continue
        try:
            fcntl.lockf(_marks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
            _given.add(port)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
            return port
        except OSError:
            continue
