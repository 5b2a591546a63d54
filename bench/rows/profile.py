"""Profile reads among many users: few and many tokens, both algorithms, both sizes of the database."""
from driver.load import measure, wrk
from driver.results import LIMIT, Row, Sample
from driver.run import BeastLoop, Run
from driver.sqlite_population import Serving, SqlitePopulation

FEW, MANY = 1000, 1000000
CALLERS = 16
FEW_TOKENS, MANY_TOKENS = CALLERS, 10000
# Fills caches, the kernel's too, of a server that has just started.
WARM_UP_SECONDS = 1

BESIDE_LOOP = {tokens: Row(f"profile reads/s, HS256, {MANY} users, {tokens} tokens", "bare Beast loop, same bytes and tokens")
               for tokens in (FEW_TOKENS, MANY_TOKENS)}
ES256 = Row(f"profile reads/s, ES256, {MANY} users, {MANY_TOKENS} tokens", "the same with HS256")
GROWTH = Row(f"profile reads/s, HS256, {MANY} users, {MANY_TOKENS} tokens", f"the same with {FEW} users")


class OnSqlite:
    """What the rows share: databases with few and with many users, and a Beast loop that answers as they do."""

    def __init__(self, run: Run) -> None:
        self.few, self.many = (
            SqlitePopulation(run.new_folder(f"users{users}"), users, MANY_TOKENS // users + 1) for users in (FEW, MANY))
        folder = run.new_folder("beast")
        answer = folder / "answer"
        with self.many.serving("HS256") as serving:
            answer.write_bytes(serving.userd.profile_bytes(serving.access_tokens(1)[0]))
        self.beast = run.started(BeastLoop(folder, run.config["THREADS"], answer))


def profile_population(run: Run) -> None:
    on = run.shared(OnSqlite)
    with on.many.serving("HS256") as serving:
        for tokens, row in BESIDE_LOOP.items():
            hs256 = reads(run, serving, tokens)
            run.results.add(row, "userd", hs256)
            run.results.add(row, LIMIT, reads_of(run, on.beast, tokens))
    with on.many.serving("ES256") as serving:
        run.results.add(ES256, "userd", reads(run, serving, MANY_TOKENS))
    run.results.add(ES256, LIMIT, hs256)
    with on.few.serving("HS256") as serving:
        run.results.add(GROWTH, LIMIT, reads(run, serving, MANY_TOKENS))
    run.results.add(GROWTH, "userd", hs256)


def reads(run: Run, serving: Serving, tokens: int) -> Sample:
    file = run.write(f"tokens{tokens}", serving.access_tokens(tokens))
    wrk("profile.lua", serving.userd.port, CALLERS, WARM_UP_SECONDS, file, 2).figures()
    return reads_of(run, serving.userd, tokens)


def reads_of(run: Run, server, tokens: int) -> Sample:
    """With the tokens that were written last, which the Beast loop does not look at."""
    file = run.folder / f"tokens{tokens}"
    return measure(server, lambda: wrk("profile.lua", server.port, CALLERS, run.seconds, file, 2))
