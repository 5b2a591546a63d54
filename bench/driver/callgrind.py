"""Valgrind's callgrind, which counts the instructions of a program that it runs."""
import pathlib
import subprocess
import tempfile

SECONDS = 120


class Callgrind:
    def __init__(self, folder: pathlib.Path) -> None:
        self._file = pathlib.Path(tempfile.mkdtemp(dir=folder)) / "callgrind.out"
        self._dumps = 0
        self.command = [
            "valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={self._file}", "--compress-strings=no",
            "--compress-pos=no"]

    def dump(self, pid: int) -> str:
        """What was counted since the last dump."""
        done = subprocess.run(["callgrind_control", "--dump", str(pid)], capture_output=True, text=True, timeout=SECONDS)
        self._dumps += 1
        dumped = self._file.with_name(f"{self._file.name}.{self._dumps}")
        if done.returncode != 0 or not dumped.exists():
            raise RuntimeError(f"callgrind dumps nothing: {done.stdout[-500:]}{done.stderr[-500:]}")
        return dumped.read_text(errors="replace")


def total(profile: str) -> int:
    """The instructions of a whole dump."""
    for line in profile.splitlines():
        if line.startswith("totals:"):
            return int(line.split()[1])
    raise RuntimeError("callgrind's dump has no total")
