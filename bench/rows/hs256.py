"""Userd with access tokens by HS256, and the users of the others."""
from driver.run import Run
from driver.service import Userd


def userd_hs256(run: Run) -> Userd:
    """For Run.shared()."""
    return run.started(Userd(run.copied("userd-hs256"), "HS256"))
