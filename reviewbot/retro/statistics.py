"""Intervals and tests for small counts, on the standard library alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from math import atan, comb, cos, pi, sin, sqrt
from statistics import NormalDist

from reviewbot.domain.scorecard import Rate

_LEVEL = 0.95


def rate_of(k: float | None, n: int) -> Rate:
    """`k` of `n` independent cases with its 95 % Wilson interval; nothing where there is nothing to count."""
    if k is None or n == 0:
        return Rate(k, n, None, None, None)
    low, high = wilson_interval(k, n)
    return Rate(k, n, k / n, low, high)


def clustered_rate(groups: Mapping[str, Sequence[float]], others: int = 0) -> Rate:
    """The rate of values from 0 to 1 that come in groups (repositories), with a 95 % interval that knows of them.

    Cases of one repository resemble each other, so that many cases of few repositories tell less than they seem to.
    The variance is the cluster-robust one; it gives the number of independent cases that these are worth, and with it
    and the t quantile for one group less than there are, Wilson's interval (Kott and Carr 1996, Dean and Pagano 2015).
    That form keeps its 95 % near 0 and 1, where `mean ± t · error` does not. One group, or groups that agree
    exactly: plain Wilson. `others` are further cases of the same kind that count 0.
    """
    values = [value for group in groups.values() for value in group]
    k, n = round(sum(values), 6), len(values) + others
    if not values or n == 0:
        return rate_of(k if n else None, n)
    worth, quantile = _worth(groups)
    low, high = _wilson(k, n, n * worth, quantile)
    return Rate(k, n, k / n, low, high)


def robust_variance(groups: Mapping[str, Sequence[float]]) -> float:
    """The cluster-robust variance of the mean over all values, with G / (G - 1) for G groups."""
    n = sum(map(len, groups.values()))
    mean = sum(map(sum, groups.values())) / n
    residuals = (sum(group) - mean * len(group) for group in groups.values())
    return len(groups) / (len(groups) - 1) * sum(residual**2 for residual in residuals) / n**2


def _worth(groups: Mapping[str, Sequence[float]]) -> tuple[float, float]:
    """How many independent cases one of these is worth, and the quantile that goes with so many groups."""
    filled = {name: group for name, group in groups.items() if group}
    values = [value for group in filled.values() for value in group]
    mean = sum(values) / len(values)
    variance = robust_variance(filled) if len(filled) > 1 else 0.0
    if variance < 1e-12 or not 0 < mean < 1:
        return 1.0, NormalDist().inv_cdf((1 + _LEVEL) / 2)
    return mean * (1 - mean) / variance / len(values), t_quantile((1 + _LEVEL) / 2, len(filled) - 1)


def wilson_interval(k: float, n: int, level: float = _LEVEL) -> tuple[float, float]:
    """Wilson's score interval (1927) of a proportion; bounds from 0 to 1."""
    if not 0 <= k <= n or n == 0:
        raise ValueError(f"{k} of {n} is not a proportion")
    return _wilson(k, n, n, NormalDist().inv_cdf((1 + level) / 2))


def _wilson(k: float, n: int, size: float, z: float) -> tuple[float, float]:
    """For the share k / n, as sure as of `size` independent cases."""
    share = k / n
    centre = share + z * z / (2 * size)
    spread = z * sqrt(share * (1 - share) / size + z * z / (4 * size * size))
    scale = 1 + z * z / size
    low = 0.0 if k == 0 else (centre - spread) / scale
    high = 1.0 if k == n else (centre + spread) / scale
    return low, high


def most_possible(n: int, level: float = _LEVEL) -> float:
    """The rate that none of `n` cases still allows: the upper exact bound on one side (0 of 30: 9.5 %)."""
    return 1.0 if n == 0 else 1 - (1 - level) ** (1 / n)


@cache
def t_quantile(probability: float, degrees: int) -> float:
    """Student's t quantile for a probability above 0.5 and a whole number of degrees of freedom."""
    if not 0.5 < probability < 1 or degrees < 1:
        raise ValueError(f"no t quantile for {probability} and {degrees} degrees of freedom")
    low, high = 0.0, 1.0
    while _t_below(high, degrees) < probability:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_below(middle, degrees) < probability else (low, middle)
    return (low + high) / 2


def _t_below(t: float, degrees: int) -> float:
    """The probability of a value below `t`, by the finite sums for whole degrees (Abramowitz and Stegun 26.7.3-4)."""
    angle = atan(t / sqrt(degrees))
    square, is_odd = cos(angle) ** 2, degrees % 2
    term = cos(angle) if is_odd else 1.0
    total = 0.0 if degrees == 1 else term
    for number in range(2 + is_odd, degrees - 1, 2):
        term *= square * (number - 1) / number
        total += term
    inside = 2 / pi * (angle + sin(angle) * total) if is_odd else sin(angle) * total
    return (1 + inside) / 2


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


def kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Cohen's kappa of two raters over the same things: 1 full agreement, 0 as by chance; None without variety."""
    if not pairs:
        return None
    labels = {label for pair in pairs for label in pair}
    n = len(pairs)
    agreed = sum(a == b for a, b in pairs) / n
    chance = sum(sum(a == one for a, _ in pairs) * sum(b == one for _, b in pairs) for one in labels) / n**2
    return None if chance == 1 else (agreed - chance) / (1 - chance)
