"""A real schema registry for the tests: Apicurio Registry with Confluent's API, in memory, on loopback."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import httpx

from support.ports import free_port
from support.userd import ROOT

# The last that runs on Debian's Java 17.
VERSION = "3.0.9"
LIBRARIES = ROOT / "build/registry"
FETCH_SECONDS = 900
START_SECONDS = 120
STOP_SECONDS = 20


def fetch() -> pathlib.Path:
    """The program, brought once by its Maven coordinates."""
    folder = LIBRARIES / VERSION
    program = folder / f"apicurio-registry-app-{VERSION}-runner.jar"
    if not program.exists():
        LIBRARIES.mkdir(parents=True, exist_ok=True)
        part = pathlib.Path(tempfile.mkdtemp(dir=LIBRARIES))
        subprocess.run(
            ["mvn", "-q", "-B", "dependency:unpack", f"-DoutputDirectory={part}",
             f"-Dartifact=io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all"],
            check=True, timeout=FETCH_SECONDS, cwd=part)
        try:
            part.rename(folder)
        except OSError:  # another run was faster
            shutil.rmtree(part)
    return program


class SchemaRegistry:
    """Every subject's new version must read what the one before wrote (BACKWARD)."""

    def __init__(self) -> None:
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="userd-registry-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/apis/ccompat/v7"
        self.http = httpx.Client(base_url=self.url, timeout=30, trust_env=False)
        self.process: subprocess.Popen | None = None

    def start(self) -> "SchemaRegistry":
        program = fetch()
        with open(self.folder / "registry.log", "wb") as log:
            self.process = subprocess.Popen(
                ["java", "-Xmx400m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dquarkus.http.host=127.0.0.1",
                 f"-Dquarkus.http.port={self.port}", "-jar", program],
                cwd=self.folder, env={"PATH": os.environ["PATH"]}, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.http.put("/config", json={"compatibility": "BACKWARD"}).status_code == 200:
                    return self
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        raise RuntimeError(f"the registry did not start:\n{(self.folder / 'registry.log').read_text()[-2000:]}")

    def register(self, subject: str, schema: str) -> httpx.Response:
        return self.http.post(f"/subjects/{subject}/versions", json={"schemaType": "PROTOBUF", "schema": schema})

    def versions(self, subject: str) -> list[int]:
        answer = self.http.get(f"/subjects/{subject}/versions")
        return answer.json() if answer.status_code == 200 else []

    def newest(self, subject: str) -> dict:
        return self.http.get(f"/subjects/{subject}/versions/latest").raise_for_status().json()

    def close(self) -> None:
        self.http.close()
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(STOP_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)
