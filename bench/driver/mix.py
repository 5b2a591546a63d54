"""The mixed day: which request comes when."""
# In a thousand.
DAY = {"profile": 900, "refresh": 80, "login": 15, "register": 5}


def order(shares: dict[str, int]) -> list[str]:
    """One cycle with each kind as often as its share says, spread evenly."""
    total = sum(shares.values())
    due = [((number + 0.5) * total / share, kind) for kind, share in shares.items() for number in range(share)]
    return [kind for _, kind in sorted(due)]
