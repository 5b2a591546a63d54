"""Instruction counts beside those that were kept: what is shown, and what is too much."""
RISE = 0.10


def change(kept: dict[str, int], name: str, count: int) -> float | None:
    return count / kept[name] - 1 if kept.get(name) else None


def report(kept: dict, counts: dict[str, int]) -> str:
    """`kept` is bench/instructions.json."""
    lines = [f"instructions per request (callgrind), beside those kept on {kept.get('date')} at {kept.get('commit')}:"]
    rises = []
    for name, count in counts.items():
        changed = change(kept.get("counts", {}), name, count)
        lines.append(f"  {name:24}{count:9}  " + ("none kept" if changed is None else f"{changed:+.1%}"))
        if changed is not None and count > kept["counts"][name] * (1 + RISE):
            rises.append(f"INSTRUCTIONS ROSE by more than {RISE:.0%}: {name}, {kept['counts'][name]} -> {count}")
    return "\n".join(lines + rises)
