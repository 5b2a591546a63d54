"""How long single callers wait: for a profile, idle and in a login storm; for a start."""
import dataclasses
import pathlib
import statistics
import subprocess
import time

from driver.load import Load, limit_load, measure, paced_reads, run_limit, sample, wrk
from driver.process import PssPeak
from driver.results import LIMIT, Row, Sample
from driver.run import Run
from driver.service import Service, Userd
from rows.throughput import hash_parameters

CALLERS = 16
RATE = 500
STORMING = 32
STARTS = 5
SATURATED_SECONDS = 10
# How much lower than the loops' the priority of userd's hash threads is.
POOL_NICE = 10

IDLE = Row(f"profile p99 ms at {RATE}/s, idle", "one hash, ms")
STORM = Row(f"profile p99 ms at {RATE}/s, login storm", "one hash, ms")
IDLE_BESIDE_LOOP = Row(IDLE.what, "bare Beast loop")
STORM_BESIDE_LOOP = Row(STORM.what, "bare Beast loop beside raw libsodium, as nice")
STORM_MEMORY = Row("memory MiB, login storm", "raw libsodium, as many threads")
READY = Row("ms to ready, existing database", "sqlite3 FILE 'select 1'")


def profile_latency(run: Run) -> None:
    """The rows beside the Beast loop tell what of userd's figure is the machine's."""
    one_hash = run_limit("raw_hash", *hash_parameters(run, "kept", threads=1), seconds=1)
    for row in IDLE, STORM:
        run.results.add(row, LIMIT, Sample(one_hash.p50_ms))
    userd = run.userd
    tokens = run.write("tokens", run.tokens(userd, CALLERS))
    idle = p99(measure(userd, lambda: paced_reads(userd.port, RATE, run.seconds, tokens)))
    storm = in_storm(run, userd, tokens)
    for row in IDLE, IDLE_BESIDE_LOOP:
        run.results.add(row, userd.name, idle)
    for row in STORM, STORM_BESIDE_LOOP:
        run.results.add(row, userd.name, storm)
    run.results.add(STORM_MEMORY, userd.name, Sample(storm.pss_mib))
    beside_loop(run, tokens)


def p99(reads: Sample) -> Sample:
    return dataclasses.replace(reads, value=reads.p99_ms)


def in_storm(run: Run, service: Service, tokens: pathlib.Path) -> Sample:
    """Reads while more logins wait than can be hashed, from before the first to after the last."""
    storm = wrk("login.lua", service.port, STORMING, run.seconds + 2, run.users_file, 2, run.password)
    try:
        service.process.wait_until(lambda: service.hashes_waiting() > 0, SATURATED_SECONDS)
        with PssPeak(service.process.pid) as peak:
            figures = paced_reads(service.port, RATE, run.seconds, tokens).figures()
        slack = service.hashes_waiting() == 0
        logins = storm.figures()
        service.settle()
    finally:
        storm.stop()
    # The processor time is the logins', so that a read has no figure of its own here.
    reads = p99(sample(figures, None, peak.mib))
    return dataclasses.replace(reads, errors=reads.errors + logins.errors + slack)


def beside_loop(run: Run, tokens: pathlib.Path) -> None:
    def reads() -> Load:
        return paced_reads(run.beast.port, RATE, run.seconds, tokens)

    run.results.add(IDLE_BESIDE_LOOP, LIMIT, p99(measure(run.beast, reads)))
    hashes = limit_load(
        "raw_hash", *hash_parameters(run, "kept"), seconds=run.seconds + 1, nice=POOL_NICE)
    try:
        with PssPeak(hashes.pid) as peak:
            run.results.add(STORM_BESIDE_LOOP, LIMIT, p99(measure(run.beast, reads)))
        hashes.figures()
    finally:
        hashes.stop()
    run.results.add(STORM_MEMORY, LIMIT, Sample(peak.mib))


def time_to_ready(run: Run) -> None:
    userd = Userd(run.copied(run.unique("ready")))
    run.results.add(READY, userd.name, Sample(statistics.median(start_ms(userd) for _ in range(STARTS))))
    run.results.add(READY, LIMIT, Sample(statistics.median(select_ms(userd) for _ in range(STARTS))))


def start_ms(userd: Userd) -> float:
    began = time.monotonic()
    userd.start()
    took = time.monotonic() - began
    userd.stop()
    return 1000 * took


def select_ms(userd: Userd) -> float:
    began = time.monotonic()
    subprocess.run(["sqlite3", userd.database, "select 1"], check=True, stdout=subprocess.DEVNULL, timeout=30)
    return 1000 * (time.monotonic() - began)
