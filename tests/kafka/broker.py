#!/usr/bin/env python3
"""One real Apache Kafka broker (KRaft, a single node) for tests and for `make kafka`.

    with KafkaBroker() as broker:
        ...broker.bootstrap...
        broker.stop(); broker.start()          # same port, same data
        broker.pause(); broker.resume()        # alive, but silent
        broker.kill(); broker.start()
"""
from __future__ import annotations

import argparse
import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

if __package__:
    from .jars import JarsMissing, kafka_jars
else:
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from jars import JarsMissing, kafka_jars

HOST = "127.0.0.1"
STARTED = "Kafka Server started"
START_SECONDS = 90
STOP_SECONDS = 30
CLUSTER_ID = "dXNlcmQtdGVzdC1icm9rZQ"

PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "num.partitions": "3",
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    # A killed broker is let in again once its old session has run out.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    "num.network.threads": "2",
    "num.io.threads": "2",
    "log.cleaner.dedupe.buffer.size": "16777216",
}


class BrokerFailed(RuntimeError):
    """The broker did not start; the message names its log."""


class KafkaBroker:
    """Not thread-safe. The process ends with stop(), kill(), close() or the interpreter; the data goes
    with close()."""

    def __init__(self, port: int | None = None, *, auto_create_topics: bool = False,
                 properties: dict[str, str] | None = None) -> None:
        """`port`: the broker's port on the loopback; a free one if None. `properties`: further broker
        properties, which win."""
        self.port, self._controller_port = _ports(port)
        self.folder = Path(tempfile.mkdtemp(prefix="userd-kafka-"))
        self.log = self.folder / "broker.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._paused = False
        self._libs: Path | None = None
        self._properties = PROPERTIES | {
            "listeners": f"PLAINTEXT://{HOST}:{self.port},CONTROLLER://{HOST}:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{self.port}",
            "controller.quorum.voters": f"1@{HOST}:{self._controller_port}",
            "log.dirs": str(self.folder / "data"),
            "auto.create.topics.enable": str(auto_create_topics).lower(),
        } | (properties or {})
        atexit.register(self.close)

    def __enter__(self) -> KafkaBroker:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def bootstrap(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, timeout: float = START_SECONDS) -> None:
        """Returns once clients are served. BrokerFailed when that takes longer than `timeout` seconds."""
        if self.running:
            raise RuntimeError("the broker runs already")
        if self._libs is None:
            self._format()
        offset = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                [*self._java("-Xmx512m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                 "kafka.Kafka", str(self._server_properties)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                start_new_session=True)
        self._paused = False
        self._wait_until_started(offset, time.monotonic() + timeout)

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """SIGTERM, and SIGKILL after `timeout` seconds. No error if it does not run."""
        if not self.running:
            return
        assert self._process is not None
        self.resume()
        self._process.terminate()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL: nothing is flushed or said good-bye to."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """Connections stay open and nobody answers."""
        self._signal(signal.SIGSTOP)
        self._paused = True

    def resume(self) -> None:
        if self._paused:
            self._signal(signal.SIGCONT)
            self._paused = False

    def close(self) -> None:
        """Ends the process and removes its data."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.close)

    @property
    def _server_properties(self) -> Path:
        return self.folder / "server.properties"

    def _java(self, *options: str) -> list[str]:
        java = shutil.which("java")
        if java is None:
            raise BrokerFailed("java is not on the PATH; scripts/bootstrap test installs it")
        return [java, *options,
                "-Djava.awt.headless=true",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
                "-Dorg.slf4j.simpleLogger.showDateTime=true",
                "-cp", f"{self._libs}/*"]

    def _format(self) -> None:
        self._libs = kafka_jars()
        self._server_properties.write_text(
            "".join(f"{name}={value}\n" for name, value in self._properties.items()))
        done = subprocess.run(
            [*self._java("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
             "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(self._server_properties)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=self.folder,
            timeout=START_SECONDS)
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["it said nothing"])[0]
            raise BrokerFailed(f"cannot format the broker's storage: {reason}")

    def _wait_until_started(self, offset: int, deadline: float) -> None:
        while time.monotonic() < deadline:
            if not self.running:
                raise BrokerFailed(f"the broker ended while starting: {self._last_words(offset)}")
            if STARTED in self._said(offset) and self._accepts():
                return
            time.sleep(0.05)
        self.kill()
        raise BrokerFailed(f"the broker did not start in time: {self._last_words(offset)}")

    def _said(self, offset: int) -> str:
        with open(self.log, "rb") as log:
            log.seek(offset)
            return log.read().decode(errors="replace")

    def _last_words(self, offset: int) -> str:
        lines = self._said(offset).splitlines()
        told = [line for line in lines if "ERROR" in line or "Exception" in line] or lines[-1:]
        return told[0] if told else "it said nothing"

    def _accepts(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=1):
                return True
        except OSError:
            return False

    def _signal(self, number: int) -> None:
        if self.running:
            assert self._process is not None
            os.kill(self._process.pid, number)


def _ports(wanted: int | None) -> tuple[int, int]:
    """The broker's and the controller's port, both free now. OSError when `wanted` is taken."""
    with socket.socket() as broker, socket.socket() as controller:
        broker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        broker.bind((HOST, wanted or 0))
        controller.bind((HOST, 0))
        return broker.getsockname()[1], controller.getsockname()[1]


def _end(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs a Kafka broker in the foreground, with data of its own "
                                                 "that goes when it ends.")
    parser.add_argument("--port", type=int, default=9092, help="port on 127.0.0.1 (%(default)s)")
    parser.add_argument("--auto-create-topics", action="store_true", help="make topics that are asked for")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _end)
    try:
        broker = KafkaBroker(arguments.port, auto_create_topics=arguments.auto_create_topics)
    except OSError as error:
        print(f"broker.py: port {arguments.port} is taken or not allowed: {error.strerror}; "
              "name another with --port", file=sys.stderr)
        return 1
    try:
        broker.start()
        print(f"Kafka is ready on {broker.bootstrap}; to see events: "
              f"kcat -b {broker.bootstrap} -t user-events -C -o beginning -e -f '%k %h\\n'", flush=True)
        while broker.running:
            time.sleep(0.2)
        print("broker.py: the broker ended by itself", file=sys.stderr)
        return 1
    except (BrokerFailed, JarsMissing) as error:
        print(f"broker.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        broker.stop()
        return 0
    finally:
        broker.close()


if __name__ == "__main__":
    sys.exit(main())
