"""Intervals and tests for small counts, on the standard library alone."""

from __future__ import annotations

from math import comb, sqrt
from statistics import NormalDist

from reviewbot.domain.scorecard import Rate


def rate_of(k: float | None, n: int) -> Rate:
    """`k` of `n` with its 95 % Wilson interval; nothing where there is nothing to count."""
    if k is None or n == 0:
        return Rate(k, n, None, None, None)
    low, high = wilson_interval(k, n)
    return Rate(k, n, k / n, low, high)


def wilson_interval(k: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval (1927) of a proportion; bounds from 0 to 1."""
    if not 0 <= k <= n or n == 0:
        raise ValueError(f"{k} of {n} is not a proportion")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = k / n
    centre = share + z * z / (2 * n)
    spread = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if k == 0 else (centre - spread) / scale
    high = 1.0 if k == n else (centre + spread) / scale
    return low, high


def mcnemar_p(gained: int, lost: int) -> float:
    """Exact two-sided p value of McNemar's test: how odd is this split of the cases on which two arms differ?"""
    discordant = gained + lost
    if discordant == 0:
        return 1.0
    tail = sum(comb(discordant, k) for k in range(min(gained, lost) + 1)) * 0.5**discordant
    return min(1.0, 2 * tail)


def minimum_detectable(n: int, level: float = 0.05) -> float | None:
    """The smallest share of `n` paired cases that, all turning one way, McNemar's test would notice; or None."""
    for turned in range(1, n + 1):
        if mcnemar_p(turned, 0) < level:
            return turned / n
    return None
