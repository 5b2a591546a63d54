"""What the client outside asked for, and what it was told."""
from dataclasses import dataclass, field


@dataclass
class Operation:
    kind: str  # register, set-email, disable, enable, delete, refresh
    user: str  # the name
    value: str = ""  # the e-mail; of a refresh the session
    outcome: str = "unknown"  # or "acknowledged", "refused", "not sent"
    version: int = 0  # told; of a refresh the generation


@dataclass
class Log:
    operations: list[Operation] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # answers that no fault excuses

    def begin(self, kind: str, user: str, value: str = "") -> Operation:
        self.operations.append(Operation(kind, user, value))
        return self.operations[-1]

    def acknowledged(self, *kinds: str) -> list[Operation]:
        return [each for each in self.operations
                if each.outcome == "acknowledged" and (not kinds or each.kind in kinds)]
