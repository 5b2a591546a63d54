"""Profile reads beside nginx, which answers the same bytes."""
from driver.load import measure, wrk
from driver.nginx import Nginx
from driver.results import LIMIT, Row
from driver.run import Run
from rows.hs256 import userd_hs256
from rows.throughput import CALLERS

ROW = Row("profile reads/s, HS256", "nginx, same bytes")


def started(run: Run) -> Nginx:
    return run.started(Nginx(run.new_folder("nginx"), run.config["THREADS"], run.answer.read_bytes()))


def nginx(run: Run) -> None:
    userd = run.shared(userd_hs256)
    tokens = run.write("tokens", run.tokens(userd, CALLERS))
    for subject, server in (userd.name, userd), (LIMIT, run.shared(started)):
        load = lambda: wrk("profile.lua", server.port, CALLERS, run.seconds, tokens, 2)
        run.results.add(ROW, subject, measure(server, load))
