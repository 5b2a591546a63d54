"""Profile reads beside nginx, which answers the same bytes."""
from driver.nginx import Nginx
from driver.results import LIMIT, Row
from driver.run import Run
from rows.hs256 import userd_hs256
from rows.throughput import reads

ROW = Row("profile reads/s, HS256", "nginx, same bytes")


def started(run: Run) -> Nginx:
    return run.started(Nginx(run.new_folder("nginx"), run.config["THREADS"], run.answer.read_bytes()))


def nginx(run: Run) -> None:
    userd = run.shared(userd_hs256)
    run.results.add(ROW, userd.name, reads(run, userd))
    run.results.add(ROW, LIMIT, reads(run, run.shared(started), userd))
