#!/usr/bin/env python3
"""A real Apache Kafka for the tests: one KRaft node on loopback.

As a program (`make kafka`) it runs in the foreground: tests/kafka/broker.py --port 9092
"""
import argparse
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from support.ports import free_port  # noqa: E402

LIBRARIES = HERE.parent.parent / "build" / "kafka"
START_SECONDS = 60
STOP_SECONDS = 20

CONFIGURATION = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{advertised}
controller.listener.names=CONTROLLER
log.dirs={folder}/logs
num.partitions=3
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.cleaner.backoff.ms=500
log.retention.check.interval.ms=1000
"""


def fetch_libraries() -> pathlib.Path:
    """Brings the jars once, by their Maven coordinates."""
    stamp = LIBRARIES / ".pom"
    pom = (HERE / "pom.xml").read_text()
    if not stamp.exists() or stamp.read_text() != pom:
        shutil.rmtree(LIBRARIES, ignore_errors=True)
        LIBRARIES.mkdir(parents=True)
        subprocess.run(
            ["mvn", "-q", "-B", "-f", HERE / "pom.xml", "dependency:copy-dependencies",
             f"-DoutputDirectory={LIBRARIES}"],
            check=True, timeout=900,
        )
        stamp.write_text(pom)
    return LIBRARIES


class KafkaBroker:
    """Keeps its port and its data over stop() and start(). Clients are told to come to the port `advertised`: a proxy's."""

    def __init__(self, port: int | None = None, advertised: int | None = None) -> None:
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="userd-kafka-"))
        self.port = port or free_port()
        self.process: subprocess.Popen | None = None
        self.java = ["java", "-Xmx512m", "-Xms256m", "-XX:+UseSerialGC",
                     "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{fetch_libraries()}/*"]
        self.advertised = advertised
        (self.folder / "server.properties").write_text(self.configuration())
        self.run("kafka.tools.StorageTool", "format", "-t", "userd-tests-cluster-id0", "-c",
                 f"{self.folder}/server.properties", *self.format_options())

    def configuration(self) -> str:
        return CONFIGURATION.format(
            port=self.port, advertised=self.advertised or self.port, controller=free_port(), folder=self.folder)

    def format_options(self) -> tuple[str, ...]:
        return ()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def run(self, *arguments: str) -> None:
        """One of Kafka's tools, by its Java class."""
        subprocess.run([*self.java, *arguments], check=True, timeout=START_SECONDS, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        with open(self.folder / "broker.log", "ab") as log:
            self.process = subprocess.Popen(
                [*self.java, "kafka.Kafka", f"{self.folder}/server.properties"], stdout=log, stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"Kafka did not start:\n{(self.folder / 'broker.log').read_text()[-2000:]}")

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(STOP_SECONDS)
        self.process = None

    def pause(self) -> None:
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Runs the tests' Kafka in the foreground.")
    parser.add_argument("--port", type=int, default=9092)
    port = parser.parse_args().port
    broker = KafkaBroker(port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        broker.start()
        print(f"Kafka serves on {broker.address}; watch the stream with:\n"
              f"  kcat -b {broker.address} -t user-events -C -o beginning -f '%k %h\\n'", flush=True)
        broker.process.wait()
    except KeyboardInterrupt:
        pass
    finally:
        broker.close()


if __name__ == "__main__":
    main()
