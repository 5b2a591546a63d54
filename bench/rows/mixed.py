"""A day as users make it: mostly profiles, some refreshes, few logins, fewer registrations."""
import dataclasses

from driver.load import WRK_THREADS, measure, wrk
from driver.mix import DAY, order
from driver.results import LIMIT, Row
from driver.run import Run
from rows.profile import MANY, MANY_TOKENS, OnSqlite, write_tokens
from rows.throughput import CALLERS, HASHES, raw_hashes

# The hashes that are under way at the end count for less.
SECONDS_EACH = 2
HASHING = (DAY["login"] + DAY["register"]) / sum(DAY.values())
MIXED = Row(f"mixed day, requests/s, {MANY} users", f"{HASHES['kept']}, for the {HASHING:.0%} that hash")


def mixed_day(run: Run) -> None:
    """The limit is what the hashes alone would allow: everything else free."""
    with run.shared(OnSqlite).many.serving("ES256") as serving:
        userd = serving.userd
        files = [
            run.write("order", order(DAY)), write_tokens(run, serving, MANY_TOKENS),
            run.write("refresh_tokens", serving.refresh_tokens(CALLERS + WRK_THREADS)),
            run.write("names", serving.names(MANY_TOKENS))]
        load = lambda: wrk("mixed.lua", userd.port, CALLERS, SECONDS_EACH * run.seconds, WRK_THREADS, *files,
                           run.unique("day"), run.password)
        run.results.add(MIXED, userd.name, measure(userd, load))
    hashes = raw_hashes(run, "kept")
    run.results.add(MIXED, LIMIT, dataclasses.replace(
        hashes, value=hashes.value / HASHING, cpu_per_1000=hashes.cpu_per_1000 * HASHING))
