"""How long single callers wait: for a profile, idle and in a login storm; for a start."""
import dataclasses
import statistics
import subprocess
import time

from driver.load import paced_reads, measure, run_limit, wrk
from driver.process import PssPeak
from driver.results import LIMIT, Row, Sample
from driver.run import Run
from driver.service import Service, Userd
from rows.throughput import hash_parameters

CALLERS = 16
RATE = 500
STORMING = 64
STARTS = 5
SATURATED_SECONDS = 10

IDLE = Row(f"profile p99 ms at {RATE}/s, idle", "one hash, ms")
STORM = Row(f"profile p99 ms at {RATE}/s, login storm", "one hash, ms")
STORM_MEMORY = Row("memory MiB, login storm", "raw libsodium, as many threads")
READY = Row("ms to ready, existing database", "sqlite3 FILE 'select 1'")


def profile_latency(run: Run) -> None:
    one_hash = run_limit("raw_hash", *hash_parameters(run), 1, seconds=1)
    for row in IDLE, STORM:
        run.results.add(row, LIMIT, Sample(value=one_hash.p50_ms, errors=one_hash.errors))
    for service in run.services:
        tokens = run.write("tokens", run.tokens(service, CALLERS))
        load = lambda: paced_reads(service.port, RATE, run.seconds, tokens)
        run.results.add(IDLE, service.name, p99(measure(service.process, load)))
        storm_reads, peak = in_storm(run, service, load)
        run.results.add(STORM, service.name, storm_reads)
        run.results.add(STORM_MEMORY, service.name, Sample(value=peak))
    limit = run_limit("raw_hash", *hash_parameters(run), run.config["HASH_THREADS"], seconds=1)
    run.results.add(STORM_MEMORY, LIMIT, Sample(value=limit.pss_mib))


def p99(sample: Sample) -> Sample:
    return dataclasses.replace(sample, value=sample.p99_ms)


def in_storm(run: Run, service: Service, load) -> tuple[Sample, float]:
    """Reads while more logins wait than can be hashed, from before the first to after the last."""
    seconds = run.seconds + 2
    storm = wrk("login.lua", service.port, STORMING, seconds, run.users_file, 2, run.password)
    try:
        service.process.wait_until(lambda: service.hashes_waiting() > 0, SATURATED_SECONDS)
        with PssPeak(service.process.pid) as peak:
            reads = load().figures()
        slack = service.hashes_waiting() == 0
        logins = storm.figures()
    finally:
        storm.stop()
    errors = reads.errors + logins.errors + slack
    # The processor time is the logins', so that a read has no figure of its own here.
    return Sample(reads.p99_ms, reads.p50_ms, reads.p99_ms, pss_mib=peak.mib, errors=errors), peak.mib


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
