"""A server of another project that a test starts, stops, kills and freezes: always its own, by process id."""
import os
import pathlib
import pwd
import shutil
import signal
import string
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "packaging/ha"
STOP_SECONDS = 20


def sample(name: str, **values: object) -> str:
    """A file of packaging/ha with its ${NAME}s filled in."""
    return string.Template((SAMPLES / name).read_text()).substitute({key: str(value) for key, value in values.items()})


def sample_settings(name: str) -> dict[str, str]:
    """The NAME=value lines of a file of packaging/ha."""
    lines = (line.strip() for line in (SAMPLES / name).read_text().splitlines())
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {key: value.strip('"') for key, value in pairs}


def wait_until(condition, seconds: float, what: str, step: float = 0.05):
    """The condition's first true value, within a bound."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(step)
    return value


def database_account() -> dict:
    """PostgreSQL, its pooler and Patroni refuse to run as root: Popen's arguments to run them as their own user."""
    if os.geteuid() != 0:
        return {}
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def make_folder(prefix: str, place: pathlib.Path | None = None) -> pathlib.Path:
    """Outside of pytest's folders, which other users may not enter."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"userd-{prefix}-", dir=place))
    if database_account():
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder


def descendants(pid: int) -> list[int]:
    """The processes below that one, it among them. PostgreSQL's put themselves in groups of their own."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


class Service:
    """Keeps its folder and its ports over stop(), kill() and start()."""
    name = "service"
    start_seconds = 30.0
    stop_signal = signal.SIGTERM

    def __init__(self, place: pathlib.Path | None = None) -> None:
        self.folder = make_folder(self.name, place)
        self.log_path = self.folder / f"{self.name}.log"
        self.process: subprocess.Popen | None = None

    def command(self) -> list:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return {}

    def is_ready(self) -> bool:
        raise NotImplementedError

    def launch(self) -> None:
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [str(part) for part in self.command()], cwd=self.folder, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **self.environment()},
                **database_account())

    def start(self):
        self.launch()
        self.wait_ready()
        return self

    def wait_ready(self) -> None:
        def ready():
            assert self.process.poll() is None, f"{self.name} ended:\n{self.log()[-3000:]}"
            return self.is_ready()

        try:
            wait_until(ready, self.start_seconds, f"the start of {self.name}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log()[-3000:]}") from None

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def stop(self) -> None:
        if self.process is None:
            return
        self.resume()
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def processes(self) -> list[int]:
        """The process and those that it started."""
        return descendants(self.process.pid)

    def signal_all(self, number: int) -> None:
        for pid in self.processes():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def kill(self) -> None:
        """As if the machine had lost its power: all at once, nothing said to anyone."""
        self.signal_all(signal.SIGSTOP)  # so that none starts another, or says good-bye, meanwhile
        self.signal_all(signal.SIGKILL)
        self.process.wait(STOP_SECONDS)
        self.process = None

    def pause(self) -> None:
        self.signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        self.signal_all(signal.SIGCONT)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_) -> None:
        self.close()
