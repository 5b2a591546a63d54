"""Userd beside what its users run today, under the same load: rows whose limit is a peer."""
from collections.abc import Callable

from driver.fastapi import FastApi
from driver.postgres import Postgres
from driver.results import Row, Sample
from driver.run import Run
from driver.service import Service
from rows.hs256 import userd_hs256
from rows.throughput import REFRESHING, logins, reads, refresh, registrations

# Few, and for long: the peer's hashes all run at the same time, and take a second then.
HASHING = 4
HASH_SECONDS = 8
WITH_ARGON2 = "fastapi, 2 workers, userd's Argon2id"

READS = "profile reads/s, {}"
MEMORY = "memory MiB, profile reads"
LOGINS = f"logins/s, {HASHING} clients"
REGISTRATIONS = f"registrations/s, {HASHING} clients"
REFRESHES = f"refreshes/s, {REFRESHING} clients"


class Peers:
    """What the rounds share: the peers on one server, as they are and with userd's password hash."""

    def __init__(self, run: Run) -> None:
        server = run.started(Postgres())
        folder = run.new_folder("peers")
        two, one = (self._started(run, FastApi(folder, server, workers)) for workers in (2, 1))
        self.usual = {two.name: two, one.name: one}
        self.hashing = {**self.usual, WITH_ARGON2: self._started(run, FastApi(folder, server, 2, "argon2"))}

    @staticmethod
    def _started(run: Run, peer: FastApi) -> FastApi:
        run.started(peer)
        peer.register(run.users)
        return peer


def peers(run: Run) -> None:
    stage = run.shared(Peers)
    profile(run, stage.usual)
    seconds = max(run.seconds, HASH_SECONDS)
    for what, figure in (LOGINS, logins), (REGISTRATIONS, registrations):
        compare(run, what, lambda run, service: figure(run, service, HASHING, seconds), stage.hashing)
    compare(run, REFRESHES, refresh, stage.usual)


def profile(run: Run, usual: dict[str, FastApi]) -> None:
    ours = {"ES256": reads(run, run.userd), "HS256": reads(run, run.shared(userd_hs256))}
    theirs = {name: reads(run, peer) for name, peer in usual.items()}
    for algorithm, sample in ours.items():
        for name, other in theirs.items():
            run.results.add_beside(Row(READS.format(algorithm), name), run.userd.name, sample, other)
    for name, other in theirs.items():
        run.results.add_beside(Row(MEMORY, name), run.userd.name, memory(ours["ES256"]), memory(other))


def compare(run: Run, what: str, figure: Callable[[Run, Service], Sample], those: dict[str, FastApi]) -> None:
    ours = figure(run, run.userd)
    for name, peer in those.items():
        run.results.add_beside(Row(what, name), run.userd.name, ours, figure(run, peer))


def memory(sample: Sample) -> Sample:
    return Sample(sample.pss_mib, errors=sample.errors)
