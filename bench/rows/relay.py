"""Events: how fast a backlog goes out, and how long one event takes to its consumer."""
import dataclasses
import shutil
import time

from driver.kafka import KafkaBroker, fill_outbox, new_topic
from driver.load import PROGRAMS, Load, run_limit
from driver.process import PssPeak
from driver.results import LIMIT, Row, Sample
from driver.run import Run
from driver.service import Userd

BACKLOG = 200000
DRAIN_SECONDS = 300
WARM_UP = 1000

THROUGHPUT = Row(f"events/s, backlog of {BACKLOG}", "bare idempotent producer, same records")
LATENCY = "event ms, answer to consumer"
# Registrations one after the other make an event every 15 ms: a broker that is asked without a pause is quicker.
ROUND_TRIPS = {0: "broker round trip of one record, ms", 15: "broker round trip, one each 15 ms"}


class Stage:
    """A broker, and a database that is copied for each round."""

    def __init__(self, run: Run) -> None:
        self.broker = run.started(KafkaBroker())
        self.userd = Userd(run.new_folder("backlog"))
        self.userd.start()
        self.userd.register(["first"])
        self.userd.stop()
        fill_outbox(self.userd.database, BACKLOG)
        # The broker compiles what it does often: without this only the limit, which comes second, would gain by it.
        warming = self.copy(run, run.unique("warming")).start()
        drain(warming)
        warming.stop()

    def copy(self, run: Run, topic: str) -> Userd:
        folder = run.folder / topic
        shutil.copytree(self.userd.folder, folder, ignore=shutil.ignore_patterns("*.log", "*.sock", "*.lock"))
        return Userd(folder, KAFKA_BOOTSTRAP_SERVERS=self.broker.address, KAFKA_USER_TOPIC=topic)


def relay(run: Run) -> None:
    stage = run.shared(Stage)
    topic = run.unique("relay")
    userd = stage.copy(run, topic).start()
    try:
        run.results.add(THROUGHPUT, userd.name, drain(userd))
        latency = median(follow(run, stage, userd, topic))
    finally:
        userd.stop()
    shutil.rmtree(userd.folder)
    bare = new_topic(stage.broker, f"{topic}-bare")
    figures = Load([PROGRAMS / "bare_producer", stage.broker.address, topic, bare, BACKLOG], DRAIN_SECONDS).figures()
    run.results.add(THROUGHPUT, LIMIT, Sample(
        figures.per_second, cpu_per_1000=1000 * figures.cpu_seconds / figures.done, errors=figures.errors))
    for pause_ms, limit in ROUND_TRIPS.items():
        round_trip = run_limit("broker_round_trips", stage.broker.address, bare, pause_ms, seconds=run.seconds)
        run.results.add_beside(Row(LATENCY, limit), userd.name, latency, median(round_trip))


def drain(userd: Userd) -> Sample:
    """Once it has its connections and the first events are out."""
    def sent() -> int:
        return userd.metric("userd_events_sent_total")

    userd.process.wait_until(lambda: sent() >= WARM_UP, DRAIN_SECONDS, 0.001)
    done, began, cpu = sent(), time.monotonic(), userd.process.cpu_seconds()
    with PssPeak(userd.process.pid) as peak:
        userd.process.wait_until(lambda: sent() >= BACKLOG, DRAIN_SECONDS, 0.03)
    took = time.monotonic() - began
    return Sample((BACKLOG - done) / took, pss_mib=peak.mib,
                  cpu_per_1000=1000 * (userd.process.cpu_seconds() - cpu) / (BACKLOG - done))


def follow(run: Run, stage: Stage, userd: Userd, topic: str) -> Sample:
    arguments = [stage.broker.address, topic, userd.port, run.unique("followed"), run.seconds]
    figures = Load([PROGRAMS / "event_latency", *arguments], DRAIN_SECONDS).figures()
    return Sample(figures.p50_ms, figures.p50_ms, figures.p99_ms, errors=figures.errors + (figures.done == 0))


def median(sample: Sample) -> Sample:
    return dataclasses.replace(sample, value=sample.p50_ms, cpu_per_1000=None, pss_mib=None)
