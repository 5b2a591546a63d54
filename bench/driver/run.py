"""What a run has in common: its folder, userd, the limit's server, their users and tokens."""
import itertools
import pathlib
import shutil
import time

from driver.limit_server import BeastLoop
from driver.results import Results
from driver.service import PASSWORD, Service, Userd, profile_request

USERS = 128
# userd keeps the memory of hashes for a moment.
REST_SECONDS = 0.2


class Run:
    def __init__(self, folder: pathlib.Path, seconds: int) -> None:
        self.folder = folder
        self.seconds = seconds
        self.results = Results()
        self.users = [f"user{number}" for number in range(USERS)]
        self.users_file = self.write("users", self.users)
        self.password = PASSWORD
        self._numbers = itertools.count()
        self._running: list = []
        self._shared: dict = {}

        self.userd = self.started(Userd(self.new_folder("es256")))
        self.userd.register(self.users)
        self.config = self.userd.settings()
        self.answer = self.folder / "answer"
        self.answer.write_bytes(self.userd.answer_bytes(profile_request(self.tokens(self.userd, 1)[0])))
        self.beast = self.started(BeastLoop(self.folder, self.config["THREADS"], self.answer))

    def close(self) -> None:
        for server in reversed(self._running):
            getattr(server, "close", server.stop)()

    def started(self, server):
        server.start()
        return self.running(server)

    def running(self, server):
        """One that has been started, and is stopped at the end."""
        self._running.append(server)
        return server

    def shared(self, kind: type):
        """What rows of several rounds use: made when the first asks for it."""
        if kind not in self._shared:
            self._shared[kind] = kind(self)
        return self._shared[kind]

    def copied(self, name: str) -> pathlib.Path:
        """A folder with the database and the keys of a userd that is stopped for the moment."""
        self.userd.stop()
        folder = self.folder / name
        shutil.copytree(self.userd.folder, folder, ignore=shutil.ignore_patterns("*.log", "*.sock", "*.lock"))
        self.userd.start()
        return folder

    def new_folder(self, name: str) -> pathlib.Path:
        folder = self.folder / name
        folder.mkdir()
        return folder

    def write(self, name: str, lines: list[str]) -> pathlib.Path:
        path = self.folder / name
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    def unique(self, prefix: str) -> str:
        return f"{prefix}{next(self._numbers)}"

    def tokens(self, service: Service, count: int, kind: str = "access_token") -> list[str]:
        """Fresh ones, of as many users. What comes next is not measured with the memory of these logins."""
        tokens = [pair[kind] for pair in service.log_in(self.users[:count])]
        time.sleep(REST_SECONDS)
        return tokens
