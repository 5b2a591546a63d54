"""What was measured: rows, and for each row and subject one sample a round."""
import dataclasses
import statistics

LIMIT = "limit"


@dataclasses.dataclass(frozen=True)
class Sample:
    """One round's figure; what a row has no use for stays None."""

    value: float
    p50_ms: float | None = None
    p99_ms: float | None = None
    cpu_per_1000: float | None = None
    pss_mib: float | None = None
    errors: int = 0


@dataclasses.dataclass(frozen=True)
class Row:
    what: str
    limit: str
    """What the limit is, in a few words."""


class Results:
    def __init__(self) -> None:
        self._samples: dict[Row, dict[str, list[Sample]]] = {}

    def add(self, row: Row, subject: str, sample: Sample) -> None:
        """Subjects are LIMIT and the names of services. Rows keep the order in which they came."""
        self._samples.setdefault(row, {}).setdefault(subject, []).append(sample)

    def add_beside(self, row: Row, subject: str, sample: Sample, limit: Sample) -> None:
        """A subject's and its limit's, of one round."""
        self.add(row, subject, sample)
        self.add(row, LIMIT, limit)

    def rows(self) -> list[Row]:
        return list(self._samples)

    def services(self) -> list[str]:
        names = [name for subjects in self._samples.values() for name in subjects if name != LIMIT]
        return list(dict.fromkeys(names))

    def median(self, row: Row, subject: str, field: str = "value") -> float | None:
        values = [getattr(sample, field) for sample in self._samples[row].get(subject, [])]
        values = [value for value in values if value is not None]
        return statistics.median(values) if values else None

    def errors(self, row: Row, subject: str) -> int:
        return sum(sample.errors for sample in self._samples[row].get(subject, []))

    def ratio(self, row: Row, subject: str) -> float | None:
        """The median of each round's own ratio, which the machine's slow drift cancels out of; None
        where an error makes the row invalid."""
        if self.errors(row, subject) or self.errors(row, LIMIT):
            return None
        pairs = zip(self._samples[row].get(subject, []), self._samples[row].get(LIMIT, []))
        ratios = [mine.value / limit.value for mine, limit in pairs if limit.value]
        return statistics.median(ratios) if ratios else None

    def as_json(self) -> list[dict]:
        return [
            {
                "what": row.what,
                "limit_is": row.limit,
                "ratio": {name: self.ratio(row, name) for name in subjects if name != LIMIT},
                "rounds": {
                    name: [dataclasses.asdict(sample) for sample in samples] for name, samples in subjects.items()
                },
            }
            for row, subjects in self._samples.items()
        ]
