"""Requests per second beside what their costly part does alone."""
import pathlib

from driver.limit_server import BeastLoop, LimitServer
from driver.load import WRK_THREADS, measure, run_limit, wrk
from driver.results import Row, Sample
from driver.run import Run
from driver.service import Service, refresh_request
from rows.hs256 import userd_hs256

CALLERS = 16
REFRESHING = 64
# wrk's threads each hold one token more than connections (bench/load/refresh.lua).
REFRESH_TOKENS = REFRESHING + 2
BATCH = 64

BESIDE_LOOP = "bare Beast loop, same bytes"
PROFILES = Row("profile reads/s, ES256", BESIDE_LOOP)
LOGINS, REGISTRATIONS = "logins/s", "registrations/s"
# libsodium maps new pages for each hash; userd's threads keep theirs from one to the next.
HASHES = {"fresh": "raw libsodium, as many threads", "kept": "raw libsodium, its memory kept"}
REFRESHES = "refreshes/s, 64 clients, {}"
COMMITS = {1: "SQLite, one a commit", BATCH: f"SQLite, {BATCH} a commit"}


def profile_reads(run: Run) -> None:
    run.results.add_beside(PROFILES, run.userd.name, reads(run, run.userd), reads(run, run.beast, run.userd))


def reads(run: Run, server: Service | LimitServer, issuer: Service | None = None) -> Sample:
    """With tokens of the server's own, or of another that it does not look at."""
    return reads_with(run, server, run.write("tokens", run.tokens(issuer or server, CALLERS)))


def reads_with(run: Run, server: Service | LimitServer, tokens: pathlib.Path) -> Sample:
    return measure(server, lambda: wrk("profile.lua", server.port, CALLERS, run.seconds, tokens, WRK_THREADS))


def hashes(run: Run) -> None:
    """Logins and registrations share one run of their limits, which lies between them."""
    figures = {LOGINS: logins(run, run.userd, CALLERS, run.seconds)}
    limits = {limit: raw_hashes(run, memory) for memory, limit in HASHES.items()}
    figures[REGISTRATIONS] = registrations(run, run.userd, CALLERS, run.seconds)
    add_all(run, figures, limits)


def logins(run: Run, service: Service, clients: int, seconds: int) -> Sample:
    return measure(service, lambda: wrk("login.lua", service.port, clients, seconds, run.users_file, WRK_THREADS, run.password))


def registrations(run: Run, service: Service, clients: int, seconds: int) -> Sample:
    return measure(service, lambda: wrk("register.lua", service.port, clients, seconds, run.unique("new"), run.password))


def raw_hashes(run: Run, memory: str) -> Sample:
    return run_limit("raw_hash", *hash_parameters(run, memory), seconds=run.seconds)


def hash_parameters(run: Run, memory: str, threads: str | int | None = None) -> tuple:
    return (run.config["ARGON2_MEMORY_KIB"], run.config["ARGON2_ITERATIONS"],
            threads or run.config["HASH_THREADS"], memory)


def refreshes(run: Run) -> None:
    """By HS256 too, without the signature that half of a refresh's cost is with ES256."""
    figures = {
        REFRESHES.format("ES256"): refresh(run, run.userd),
        REFRESHES.format("HS256"): refresh(run, run.shared(userd_hs256))}
    limits = {BESIDE_LOOP: refresh(run, run.shared(refreshing_beast), run.userd)}
    for batch, limit in COMMITS.items():
        limits[limit] = run_limit("sqlite_commits", run.folder / run.unique("commits"), batch, seconds=run.seconds / 2)
    add_all(run, figures, limits)


def add_all(run: Run, figures: dict[str, Sample], limits: dict[str, Sample]) -> None:
    """Each figure beside each limit."""
    for what, figure in figures.items():
        for limit, alone in limits.items():
            run.results.add_beside(Row(what, limit), run.userd.name, figure, alone)


def refresh(run: Run, server: Service | LimitServer, issuer: Service | None = None) -> Sample:
    tokens = run.write("refresh_tokens", run.tokens(issuer or server, REFRESH_TOKENS, "refresh_token"))
    return measure(server, lambda: wrk("refresh.lua", server.port, REFRESHING, run.seconds, tokens, WRK_THREADS))


def refreshing_beast(run: Run) -> BeastLoop:
    """For Run.shared(): gives the same pair of tokens to everyone."""
    folder = run.new_folder("refreshing_beast")
    answer = folder / "answer"
    answer.write_bytes(run.userd.answer_bytes(refresh_request(run.tokens(run.userd, 1, "refresh_token")[0])))
    return run.started(BeastLoop(folder, run.config["THREADS"], answer))
