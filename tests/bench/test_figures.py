"""How the bench counts and shows: medians, paired ratios, invalid rows."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "bench"))

from driver.load import Figures, sample  # noqa: E402
from driver.results import LIMIT, Results, Row, Sample  # noqa: E402
from driver.table import render  # noqa: E402

ROW = Row("reads/s", "a bare loop")


def results_of(pairs, errors=0):
    results = Results()
    for mine, limit in pairs:
        results.add(ROW, "userd", Sample(mine, errors=errors))
        results.add(ROW, LIMIT, Sample(limit))
    return results


def test_a_ratio_is_the_median_of_the_rounds_own_ratios():
    # The ratio of the medians would be 50 / 100.
    results = results_of([(50, 60), (10, 100), (90, 120)])
    assert results.median(ROW, "userd") == 50
    assert results.median(ROW, LIMIT) == 100
    assert results.ratio(ROW, "userd") == pytest.approx(0.75)


def test_one_error_in_one_round_makes_the_row_invalid():
    results = results_of([(50, 100), (50, 100)])
    results.add(ROW, "userd", Sample(50, errors=1))
    results.add(ROW, LIMIT, Sample(100))
    assert results.ratio(ROW, "userd") is None
    assert "INVALID" in render(results)
    assert "0.50" not in render(results)


def test_an_error_of_the_limit_makes_the_row_invalid():
    results = results_of([(50, 100)])
    results.add(ROW, LIMIT, Sample(100, errors=3))
    assert "INVALID" in render(results)


def test_a_measurement_without_one_answer_is_an_error():
    assert sample(Figures(done=0, per_second=0, p50_ms=0, p99_ms=0, errors=0), 1.0, None).errors == 1


def test_processor_time_is_shared_among_all_requests_sent():
    figures = Figures(done=900, per_second=90, p50_ms=1, p99_ms=2, errors=0)
    assert sample(figures, 2.0, None, in_flight=100).cpu_per_1000 == pytest.approx(2.0)


def test_a_further_service_has_a_column_of_its_own():
    results = results_of([(50, 100)])
    results.add(ROW, "peer", Sample(7))
    header, line = render(results).splitlines()
    assert header.split()[:4] == ["what", "userd", "peer", "limit"]
    assert line.split()[:5] == ["reads/s", "50.0", "7.00", "100.0", "0.50"]
