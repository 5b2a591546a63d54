"""How the bench reads and ends a server of several processes, and how it writes nginx's configuration."""
import os
import pathlib
import signal
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "bench"))

from driver.nginx import configuration  # noqa: E402
from driver.process import Process, PssPeak, cpu_seconds, pss_mib, tree  # noqa: E402

SECONDS = 60
CPU_SECONDS = 0.5
MIB = 64
# Generations as many as told. The last holds memory and works; all stay until their parents go; the deaf ones stay.
FAMILY = f"""
import os, signal, subprocess, sys, time
parent, generations, deaf = os.getppid(), int(sys.argv[1]), sys.argv[2] == "deaf"
end = time.monotonic() + {2 * SECONDS}
if deaf: signal.signal(signal.SIGTERM, signal.SIG_IGN)
if generations > 1:
    subprocess.Popen([sys.executable, sys.argv[0], str(generations - 1), sys.argv[2]])
else:
    held = b"x" * ({MIB} << 20)
    print("working", flush=True)
    while time.process_time() < {CPU_SECONDS}: pass
while time.monotonic() < end and (deaf or os.getppid() == parent): time.sleep(0.02)
"""


class Family(Process):
    def __init__(self, folder: pathlib.Path, hearing: str = "hears") -> None:
        program, log = folder / "family.py", folder / "log"
        program.write_text(FAMILY)
        super().__init__([sys.executable, program, 3, hearing], folder, {}, log)
        self.wait_until(lambda: "working" in log.read_text(), SECONDS)


@pytest.fixture
def family(tmp_path):
    process = Family(tmp_path)
    yield process
    process.stop()


def test_processor_time_is_that_of_grandchildren_too(family):
    family.wait_until(lambda: family.cpu_seconds() >= CPU_SECONDS + cpu_seconds(family.pid), SECONDS, 0.05)


def test_memory_is_that_of_grandchildren_too(family):
    assert pss_mib(family.pid) < MIB < family.pss_mib()
    with PssPeak(family.pid) as peak:
        pass
    assert peak.mib > MIB


def test_a_server_is_quiet_once_its_last_process_is(family):
    family.wait_until_quiet(SECONDS)
    assert cpu_seconds(tree(family.pid)[-1]) >= CPU_SECONDS - 0.02


def test_a_server_that_ignores_the_signal_leaves_no_process_behind(tmp_path):
    deaf = Family(tmp_path, "deaf")
    members = tree(deaf.pid)
    try:
        deaf.stop(patience=0.2)
        end = time.monotonic() + SECONDS
        while any(map(is_alive, members)) and time.monotonic() < end:
            time.sleep(0.02)
        assert [pid for pid in members if is_alive(pid)] == []
    finally:
        for pid in filter(is_alive, members):
            os.kill(pid, signal.SIGKILL)
    assert len(members) == 3


def is_alive(pid: int) -> bool:
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_nginx_gives_the_headers_and_the_body_but_not_twice_what_it_gives_by_itself():
    answer = (b"HTTP/1.1 200 OK\r\nDate: Thu, 26 Nov 2026 07:52:03 GMT\r\nX-Request-ID: 01a2\r\nContent-Length: 15\r\n"
              b"Cache-Control: no-store\r\n\r\n{\"name\":\"o'b\\\"\"}")
    text = configuration(pathlib.Path("/folder"), 8080, "3", answer)
    assert "worker_processes 3;" in text
    assert "listen 127.0.0.1:8080 reuseport;" in text
    assert [line.strip() for line in text.splitlines() if "add_header" in line] == [
        "add_header X-Request-ID '01a2';", "add_header Cache-Control 'no-store';"]
    assert r"""return 200 '{"name":"o\'b\\""}';""" in text


def test_nginx_is_not_given_a_body_that_it_would_read_as_a_variable():
    with pytest.raises(ValueError, match="variable"):
        configuration(pathlib.Path("/folder"), 8080, "1", b"HTTP/1.1 200 OK\r\n\r\n$uri")
