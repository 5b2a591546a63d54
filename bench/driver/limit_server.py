"""A server that is a limit: it answers every request with the bytes that userd gave once."""
import pathlib

from driver.load import PROGRAMS
from driver.process import Process, free_port, is_listening

START_SECONDS = 10


class LimitServer:
    """A kind gives the command."""

    def __init__(self, folder: pathlib.Path, log: str) -> None:
        self.port = free_port()
        self._folder, self._log = folder, folder / log

    def command(self) -> list:
        raise NotImplementedError

    def start(self) -> None:
        self.process = Process(self.command(), self._folder, {}, self._log)
        try:
            self.process.wait_until(lambda: is_listening(self.port), START_SECONDS)
        except BaseException:
            self.process.stop()
            raise

    def stop(self) -> None:
        self.process.stop()

    def settle(self) -> None:
        """It answers at once."""


class BeastLoop(LimitServer):
    """bench/limits/beast_loop.cpp."""

    def __init__(self, folder: pathlib.Path, loops: str, answer: pathlib.Path) -> None:
        super().__init__(folder, "beast_loop.log")
        self._loops, self._answer = loops, answer

    def command(self) -> list:
        return [PROGRAMS / "beast_loop", self.port, self._loops, self._answer]
