"""Tells rows of interleaved timings apart, whatever the machine does in between."""
import math
import random
import statistics
import time

RANK_Z = 3.0   # by chance one row in four hundred, and hardly ever together with RATIO
RATIO = 1.1    # below this a remote caller would need far more requests than any limit on guessing allows


def measure(rows, rounds, warm_up=3, seed=1):
    """Seconds of each row's call, round by round; in every round each row once, in random order."""
    shuffle = random.Random(seed).shuffle
    measured = []
    for _ in range(warm_up + rounds):
        order = list(rows)
        shuffle(order)
        taken = {}
        for name in order:
            began = time.perf_counter()
            rows[name]()
            taken[name] = time.perf_counter() - began
        measured.append(taken)
    return measured[warm_up:]


def told_apart(rounds):
    """The rows that differ from the others, with their ratio to the median of their round.

    A row's ranks within the rounds (Friedman's test) are blind to drift and to outliers, and their mean is normal
    with a known spread if the rows are alike. Significance alone would also find what nobody can use, hence RATIO.
    """
    names = list(rounds[0])
    found = {}
    for name in names:
        ranks = [sum(taken[other] < taken[name] for other in names) for taken in rounds]
        spread = math.sqrt((len(names) ** 2 - 1) / 12 / len(rounds))
        z = (statistics.fmean(ranks) - (len(names) - 1) / 2) / spread
        ratio = statistics.median(taken[name] / statistics.median(taken.values()) for taken in rounds)
        if abs(z) > RANK_Z and not 1 / RATIO < ratio < RATIO:
            found[name] = round(ratio, 2)
    return found
