"""The jars of pom.xml, copied once by Maven into build/kafka/libs."""
from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

POM = Path(__file__).resolve().with_name("pom.xml")
BUILD = POM.parents[2] / "build" / "kafka"
FETCH_SECONDS = 900


class JarsMissing(RuntimeError):
    """Maven could not bring the jars."""


def kafka_jars() -> Path:
    """The folder of the jars. Fetches them on first use and after a change of pom.xml; several
    processes may ask at once."""
    libs = BUILD / "libs"
    stamp = libs / "pom.sha256"
    wanted = hashlib.sha256(POM.read_bytes()).hexdigest()
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(BUILD / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text() == wanted:
            return libs
        fresh = BUILD / "libs.new"
        shutil.rmtree(fresh, ignore_errors=True)
        _fetch(fresh)
        (fresh / "pom.sha256").write_text(wanted)
        shutil.rmtree(libs, ignore_errors=True)
        fresh.rename(libs)
    return libs


def _fetch(target: Path) -> None:
    command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies",
               "-DincludeScope=runtime", f"-DoutputDirectory={target}"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=FETCH_SECONDS)
    except FileNotFoundError:
        raise JarsMissing("mvn is not on the PATH; scripts/bootstrap test installs it") from None
    except subprocess.TimeoutExpired:
        raise JarsMissing(f"mvn did not fetch Kafka within {FETCH_SECONDS} s") from None
    if done.returncode != 0:
        words = [line for line in done.stdout.splitlines() if "ERROR" in line] or ["it said nothing"]
        raise JarsMissing(f"mvn could not fetch Kafka: {words[0]}")
    if not list(target.glob("kafka_2.13-*.jar")):
        raise JarsMissing(f"mvn brought no kafka_2.13 jar into {target}")
