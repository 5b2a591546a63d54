"""Ports on loopback for servers that start later, and that keep theirs while they are down."""
import pathlib
import random
import socket

# Below those that the system gives to outgoing connections.
LAST = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0]) - 1
FIRST = LAST // 2
_held = []


def free_port() -> int:
    """Given to nobody else while this process lives, in whatever process they are tests of this project."""
    while True:
        port = random.randint(FIRST, LAST)
        mark = socket.socket(socket.AF_UNIX)
        try:
            mark.bind(f"\0userd-tests-port-{port}")  # of no file, and gone with the process
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            mark.close()
            continue
        _held.append(mark)
        return port
