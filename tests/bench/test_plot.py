"""The bench's pictures: what is drawn, and that it is well-formed."""
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "bench"))

from driver.flame import MARGIN, WIDTH, flame_graph  # noqa: E402
from driver.plot import plot  # noqa: E402
from driver.results import LIMIT, Results, Row, Sample  # noqa: E402
from driver.stacks import Stacks  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"
READS, READY = Row("reads/s & <more>", "a bare loop"), Row("ms to ready", "sqlite3 FILE 'select 1'")


@pytest.fixture
def results():
    made = Results()
    for subject, row, value in [("userd", READS, 50), ("peer", READS, 1), (LIMIT, READS, 100), ("userd", READY, 30), (LIMIT, READY, 3)]:
        made.add(row, subject, Sample(value))
    return made


def bars(picture):
    return [float(bar.get("width")) for bar in picture.iter(f"{SVG}rect") if bar.get("class") == "bar"]


def texts(picture):
    return [text.text for text in picture.iter(f"{SVG}text")]


def test_each_row_has_a_bar_for_each_of_its_own_subjects(results):
    picture = ElementTree.fromstring(plot(results, "two cores & more"))
    assert len(bars(picture)) == 5
    assert [text for text in texts(picture) if text in ("userd", "peer", "limit")] == ["userd", "peer", "limit", "userd", "limit"]
    assert {"reads/s & <more>", "two cores & more", "0.50", "10.00"} <= set(texts(picture))


def test_the_bars_of_a_row_have_the_rows_own_scale(results):
    reads, peer, loop, ready, sqlite = bars(ElementTree.fromstring(plot(results, "")))
    assert reads == pytest.approx(loop / 2, rel=0.01)
    assert peer == pytest.approx(loop / 100, rel=0.02)
    assert ready == loop
    assert sqlite == pytest.approx(ready / 10, rel=0.01)


def test_a_row_with_errors_shows_that_it_is_invalid_and_no_ratio(results):
    results.add(READS, "userd", Sample(50, errors=7))
    shown = texts(ElementTree.fromstring(plot(results, "")))
    assert "INVALID, errors: 7" in shown
    assert "0.50" not in shown
    assert "10.00" in shown


def test_figures_of_nothing_give_a_picture(results):
    results.add(Row("nothing", "at all"), "userd", Sample(0, errors=1))
    assert len(bars(ElementTree.fromstring(plot(results, "")))) == 6


def frames(picture):
    """Of each bar: its name, where it begins, how wide it is, how low it is."""
    return {group.find(f"{SVG}title").text.rpartition(": ")[0]: [
        float(group.find(f"{SVG}rect").get(name)) for name in ("x", "width", "y")] for group in picture.iter(f"{SVG}g")}


def test_a_flame_is_as_wide_as_its_share_and_stands_on_its_caller():
    stacks = Stacks({("loop", "serve", "verify<…>"): 60, ("loop", "serve"): 15, ("log",): 25})
    drawn = frames(ElementTree.fromstring(flame_graph(stacks, "userd & co", "samples")))
    assert list(drawn) == ["all", "log", "loop", "serve", "verify<…>"]
    whole = WIDTH - 2 * MARGIN
    for name, share in {"all": 1, "log": 0.25, "loop": 0.75, "serve": 0.75, "verify<…>": 0.6}.items():
        assert drawn[name][1] == pytest.approx(share * whole, abs=0.1)
    assert drawn["loop"][0] == pytest.approx(drawn["log"][0] + drawn["log"][1], abs=0.1)
    assert drawn["serve"][2] < drawn["loop"][2] < drawn["all"][2]


def test_the_flame_graph_of_no_stacks_is_a_picture():
    assert frames(ElementTree.fromstring(flame_graph(Stacks(), "nothing", "samples"))) == {}
