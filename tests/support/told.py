"""What clients saw, by fault: the table of docs/failover.md."""
from support.load import Told

WRITES = ("register", "login", "refresh")
COLUMNS = ["answers", "200", "503", "502, 504", "lost", "hung", "no write for", "no read for", "longest request"]


def longest_gap(told: list[Told], began: float, ended: float, operations: tuple[str, ...]) -> float:
    """The longest time, within the span, in which none of the clients had a success."""
    moments = sorted(each.ended for each in told
                     if each.status == 200 and each.operation in operations and began <= each.ended <= ended)
    edges = [began, *moments, ended]
    return max(later - earlier for earlier, later in zip(edges, edges[1:]))


def row(told: list[Told], began: float, ended: float) -> list[str]:
    span = [each for each in told if began <= each.ended <= ended]

    def count(*statuses) -> str:
        return str(sum(each.status in statuses for each in span))

    return [str(len(span)), count(200), count(503), count(502, 504), count("lost"), count("hung"),
            f"{longest_gap(told, began, ended, WRITES):.1f} s", f"{longest_gap(told, began, ended, ('profile',)):.1f} s",
            f"{max((each.ended - each.began for each in span), default=0):.1f} s"]


def table(told: list[Told], spans: list[tuple[str, float, float]]) -> str:
    """Markdown; each span is a fault's name, when it began and when the next one did."""
    rows = [["fault", *COLUMNS], ["---"] + ["---:"] * len(COLUMNS)]
    rows += [[name, *row(told, began, ended)] for name, began, ended in spans]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows)
