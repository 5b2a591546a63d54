"""A process of the run, with those below it: started, read through /proc, ended by its own id."""
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

STOP_SECONDS = 20
PSS_EVERY = 0.1
QUIET_EVERY = 0.2
QUIET_SECONDS = 0.02
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Process:
    def __init__(self, command: list, folder: pathlib.Path, environment: dict[str, str], log: pathlib.Path) -> None:
        with open(log, "ab") as output:
            self._process = subprocess.Popen(
                [str(part) for part in command], cwd=folder, env=environment, stdout=output, stderr=output)
        self.pid = self._process.pid
        self._name, self._log = str(command[0]), log

    def wait_until(self, condition, seconds: float, every: float = 0.001) -> None:
        """Bounded; RuntimeError with the log's end when the process ends first or takes too long."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self._name} does not serve:\n{self._log.read_text()[-1000:]}")
            time.sleep(every)

    def wait_until_quiet(self, seconds: float) -> None:
        """Until nothing of it runs or waits for a processor, and it has done next to nothing since the last look: for
        a server that does not tell."""
        def is_quiet() -> bool:
            nonlocal before
            last, before = before, self.cpu_seconds()
            return before - last <= QUIET_SECONDS and not sum_over_tree(self.pid, busy_threads)

        before = self.cpu_seconds()
        self.wait_until(is_quiet, seconds, QUIET_EVERY)

    def cpu_seconds(self) -> float:
        return sum_over_tree(self.pid, cpu_seconds)

    def pss_mib(self) -> float:
        return sum_over_tree(self.pid, pss_mib)

    def stop(self, patience: float = STOP_SECONDS) -> None:
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            # Those below it would outlive it.
            for each in tree(self.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
            self._process.wait(STOP_SECONDS)


def tree(pid: int) -> list[int]:
    """The process and those below it, without a look at all others, since it is asked often. While one ends, the kernel
    may leave out another: for servers whose processes stay."""
    found = [pid]
    for each in found:
        for children in pathlib.Path(f"/proc/{each}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, children.read_text().split())
    return found


def sum_over_tree(pid: int, figure) -> float:
    """OSError when the process itself has ended; what is below it may end meanwhile."""
    total = figure(pid)
    for each in tree(pid)[1:]:
        with contextlib.suppress(OSError):
            total += figure(each)
    return total


def cpu_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def busy_threads(pid: int) -> int:
    stats = pathlib.Path(f"/proc/{pid}/task").glob("*/stat")
    return sum(stat.read_text().rpartition(")")[2].split()[0] in "RD" for stat in stats)


def pss_mib(pid: int) -> float:
    """The memory that is the process's own plus its share of what it has in common with others."""
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel gives no Pss in smaps_rollup")


class PssPeak:
    """The highest that the process and those below it had together while the block ran."""

    def __init__(self, pid: int) -> None:
        self.mib: float | None = None
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while True:
            try:
                self.mib = max(self.mib or 0, sum_over_tree(self._pid, pss_mib))
            except OSError:
                return  # a program of one task has ended
            if self._over.wait(PSS_EVERY):
                return

    def __enter__(self) -> "PssPeak":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._over.set()
        self._thread.join()
