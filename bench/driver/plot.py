"""The table's figures as a picture: for each row one bar a subject, on a scale of the row's own."""
from xml.sax.saxutils import escape

from driver.results import LIMIT, Results, Row
from driver.table import number

WIDTH, MARGIN = 1000, 16
LABEL, LONGEST, RATIO = 110, 430, 960  # columns: where bars begin, how long they get, where ratios end
LINE, TITLE, GAP, HEAD = 18, 20, 12, 64
COLOURS = ["#2563a8", "#c2703d", "#4d8a57", "#8a5a9e"]  # of services, in the table's order
LIMIT_COLOUR = "#b6bcc4"
STYLE = ("text{font:12px sans-serif;fill:#333}.title{font:bold 16px sans-serif}.what{font:bold 13px sans-serif;fill:#111}"
         ".about{fill:#666}.ratio{font:bold 15px sans-serif;fill:#111}.invalid{font:bold 13px sans-serif;fill:#b00020}")


def plot(results: Results, about: str) -> str:
    parts, y = [], HEAD
    for row in results.rows():
        drawn, y = _row(results, row, y)
        parts += drawn
    height = y + MARGIN
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">',
        f"<style>{STYLE}</style>", f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text class="title" x="{MARGIN}" y="26">userd beside its limits</text>',
        f'<text class="about" x="{MARGIN}" y="46">{escape(about)}</text>',
        f'<text class="about" x="{RATIO}" y="46" text-anchor="end">ratio</text>', *parts, "</svg>", ""])


def _row(results: Results, row: Row, y: int) -> tuple[list[str], int]:
    subjects = {name: results.median(row, name) for name in [*results.services(), LIMIT]}
    subjects = {name: value for name, value in subjects.items() if value is not None}
    longest = max(subjects.values(), default=0)
    services = results.services()
    parts = [f'<text class="what" x="{MARGIN}" y="{y + 14}">{escape(row.what)}</text>']
    middle = y + TITLE + LINE * len(subjects) / 2 + 5
    y += TITLE
    for name, value in subjects.items():
        is_limit = name == LIMIT
        colour = LIMIT_COLOUR if is_limit else COLOURS[services.index(name) % len(COLOURS)]
        length = max(1.0, LONGEST * value / longest) if longest else 1.0
        text = number(value) + (f" ({row.limit})" if is_limit else "")
        parts += [
            f'<text x="{LABEL - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="bar" x="{LABEL}" y="{y + 2}" width="{length:.1f}" height="{LINE - 4}" fill="{colour}"/>',
            f'<text x="{LABEL + length + 6:.1f}" y="{y + 13}">{escape(text)}</text>']
        y += LINE
    return [*parts, _verdict(results, row, middle)], y + GAP


def _verdict(results: Results, row: Row, y: float) -> str:
    first = results.services()[0]
    ratio = results.ratio(row, first)
    errors = results.errors(row, first) + results.errors(row, LIMIT)
    kind, text = ("invalid", f"INVALID, errors: {errors}") if errors else ("ratio", "-" if ratio is None else f"{ratio:.2f}")
    return f'<text class="{kind}" x="{RATIO}" y="{y:.0f}" text-anchor="end">{text}</text>'
