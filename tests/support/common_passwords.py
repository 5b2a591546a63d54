"""The list that the binary embeds, as scripts/fetch-assets has brought it."""
from support.userd import ROOT

COMMON = frozenset((ROOT / "build/assets/common-passwords.txt").read_text().splitlines())


def is_common(password: str) -> bool:
    return "".join(c.lower() if c.isascii() else c for c in password) in COMMON
