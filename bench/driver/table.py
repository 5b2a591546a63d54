"""The one table."""
from driver.results import LIMIT, Results, Row

NUMBERS = ["p50 ms", "p99 ms", "CPU s/1000", "limit's", "PSS MiB", "errors"]


def render(results: Results) -> str:
    """A service that is not the first has a column of its figures; the other columns are the first's."""
    services = results.services()
    header = ["what", *services, "limit", "ratio", *NUMBERS, "the limit is"]
    lines = [header, *(cells(results, row, services) for row in results.rows())]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(aligned(line, widths) for line in lines)


def cells(results: Results, row: Row, services: list[str]) -> list[str]:
    first = services[0]
    errors = sum(results.errors(row, subject) for subject in (first, LIMIT))
    ratio = results.ratio(row, first)
    return [
        row.what,
        *(number(results.median(row, name)) for name in services),
        number(results.median(row, LIMIT)),
        "INVALID" if errors else "-" if ratio is None else f"{ratio:.2f}",
        number(results.median(row, first, "p50_ms")),
        number(results.median(row, first, "p99_ms")),
        number(results.median(row, first, "cpu_per_1000")),
        number(results.median(row, LIMIT, "cpu_per_1000")),
        number(results.median(row, first, "pss_mib")),
        str(errors),
        row.limit,
    ]


def number(value: float | None) -> str:
    if value is None:
        return "-"
    decimals = 0 if value >= 1000 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:.{decimals}f}"


def aligned(line: list[str], widths: list[int]) -> str:
    first, *numbers, last = (
        cell.rjust(width) if 0 < column < len(line) - 1 else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(line, widths)))
    return "  ".join([first, *numbers, last]).rstrip()
