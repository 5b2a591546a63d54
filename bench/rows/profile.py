"""Profile reads among many users: few and many tokens, both algorithms, both sizes of the database."""
import pathlib

from driver.limit_server import BeastLoop
from driver.load import WRK_THREADS, wrk
from driver.results import Row, Sample
from driver.run import Run
from driver.service import profile_request
from driver.sqlite_population import Serving, SqlitePopulation
from rows.throughput import CALLERS, reads_with

FEW, MANY = 1000, 1000000
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
            SqlitePopulation(run.new_folder(f"sqlite{users}"), users, MANY_TOKENS // users + 1) for users in (FEW, MANY))
        folder = run.new_folder("beast")
        answer = folder / "answer"
        with self.many.serving("HS256") as serving:
            answer.write_bytes(serving.userd.answer_bytes(profile_request(serving.access_tokens(1)[0])))
        self.beast = run.started(BeastLoop(folder, run.config["THREADS"], answer))


def profile_population(run: Run) -> None:
    """What is compared is measured one after the other, without the Beast loop in between."""
    on = run.shared(OnSqlite)
    with on.many.serving("HS256") as serving:
        few_tokens = write_tokens(run, serving, FEW_TOKENS)
        run.results.add_beside(
            BESIDE_LOOP[FEW_TOKENS], run.userd.name, reads_with(run, serving.userd, few_tokens),
            reads_with(run, on.beast, few_tokens))
        tokens = write_tokens(run, serving, MANY_TOKENS)
        hs256 = reads_with(run, serving.userd, tokens)
    with on.many.serving("ES256") as serving:
        es256 = reads_with(run, serving.userd, write_tokens(run, serving, MANY_TOKENS))
        run.results.add_beside(ES256, run.userd.name, es256, hs256)
    with on.few.serving("HS256") as serving:
        of_few = reads_with(run, serving.userd, write_tokens(run, serving, MANY_TOKENS))
        run.results.add_beside(GROWTH, run.userd.name, hs256, of_few)
    # The loop does not look at the tokens, which may be old.
    run.results.add_beside(BESIDE_LOOP[MANY_TOKENS], run.userd.name, hs256, reads_with(run, on.beast, tokens))


def write_tokens(run: Run, serving: Serving, count: int) -> pathlib.Path:
    """Fresh ones, each of which the server has met once or more if it is quick enough."""
    file = run.write(run.unique("tokens"), serving.access_tokens(count))
    wrk("profile.lua", serving.userd.port, CALLERS, WARM_UP_SECONDS, file, WRK_THREADS).figures()
    return file
