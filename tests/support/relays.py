"""Which replica moves the events, and the changes of users that keep it busy."""
import re
import threading

import httpx

from support.service import wait_until
from support.userd import Userd

TAKE_OVER_SECONDS = 90


def sent(replica: Userd) -> float:
    """How many events it has moved; none when it does not answer."""
    try:
        text = replica.management.get("/metrics", timeout=5).text
    except httpx.TransportError:
        return 0.0
    return float(re.search(r"^userd_events_sent_total (\S+)$", text, re.MULTILINE)[1])


def holder_among(replicas: list[Userd], seconds: float = TAKE_OVER_SECONDS) -> Userd:
    """The one whose count of moved events grows; events must be coming."""
    before = {replica: sent(replica) for replica in replicas}

    def growing():
        return next((replica for replica in replicas if sent(replica) > before[replica]), None)

    return wait_until(growing, seconds, "a replica that moves events", step=0.1)


class Changes:
    """Changes users' e-mails, one after the other and again, until stopped. Keeps what was acknowledged."""

    def __init__(self, server: Userd, names: list[str]) -> None:
        self.server, self.names = server, names
        self.versions = {name: 1 for name in names}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Changes":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stopping.set()
        self._thread.join(120)
        assert not self._thread.is_alive(), "a change never came to its end"

    def _run(self) -> None:
        number = 0
        while not self._stopping.is_set():
            number += 1
            for name in self.names:
                done = self.server.run("users", "set-email", name, f"{name}.{number}@example.com")
                if done.returncode == 0:
                    self.versions[name] = int(re.search(r"version (\d+)", done.stdout)[1])
