"""How sure a figure is. Pure; the same numbers give the same intervals.

Rates have Wilson's interval, which holds for few trials and at 0 and 1. Everything else has a percentile
bootstrap of its mean with a fixed seed. Two configurations are compared pair by pair, exactly: McNemar's
test is the sign test on the pairs that differ.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

Z = 1.959963984540054
"""Of 95 %."""
SEED = 20261125
RESAMPLES = 2_000


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a rate; (0, 1) where nothing was tried."""
    if trials == 0:
        return (0.0, 1.0)
    rate, square = successes / trials, Z * Z
    middle = rate + square / (2 * trials)
    half = Z * math.sqrt(rate * (1 - rate) / trials + square / (4 * trials * trials))
    scale = 1 + square / trials
    return (max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale))


def bootstrap(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean and its 95 % interval. Raises ValueError for no value."""
    if not values:
        raise ValueError("there is no value to take a mean of")
    count = len(values)
    mean = math.fsum(values) / count
    chance = random.Random(SEED)
    means = sorted(math.fsum(chance.choices(values, k=count)) / count for _ in range(RESAMPLES))
    low, high = means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1]
    return (mean, min(low, mean), max(high, mean))


def sign_test(one: int, other: int) -> float:
    """The exact two-sided probability of pairs that differ being split at least as unevenly by chance."""
    pairs = one + other
    if pairs == 0:
        return 1.0
    tail = sum(math.comb(pairs, k) for k in range(min(one, other) + 1))
    return min(1.0, 2 * tail / 2**pairs)
