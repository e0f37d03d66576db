from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.retro.statistics import mcnemar_p, minimum_detectable, rate_of, wilson_interval

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_agrees_with_the_published_table(k, n, low, high):
    assert wilson_interval(k, n) == pytest.approx((low, high), abs=5e-5)


@given(counts)
def test_the_interval_holds_the_share_and_stays_a_proportion(pair):
    k, n = pair
    low, high = wilson_interval(k, n)

    assert 0 <= low <= k / n <= high <= 1


@given(counts)
def test_the_interval_of_the_opposite_is_its_mirror(pair):
    k, n = pair
    low, high = wilson_interval(k, n)

    assert wilson_interval(n - k, n) == pytest.approx((1 - high, 1 - low))


def test_nothing_to_count_gives_no_rate_and_never_zero():
    assert (rate_of(0, 0).rate, rate_of(None, 12).rate, rate_of(0, 12).rate) == (None, None, 0.0)


@pytest.mark.parametrize("bad", [(5, 4), (-1, 4), (0, 0)])
def test_what_is_no_proportion_is_refused(bad):
    with pytest.raises(ValueError, match="not a proportion"):
        wilson_interval(*bad)


@given(st.integers(0, 25), st.integers(0, 25))
def test_mcnemar_is_the_two_sided_binomial_tail(gained, lost):
    n, extreme = gained + lost, min(gained, lost)
    as_odd = [k for k in range(n + 1) if min(k, n - k) <= extreme]

    assert mcnemar_p(gained, lost) == pytest.approx(sum(comb(n, k) for k in as_odd) / 2**n)


def test_six_cases_turning_one_way_are_the_least_that_is_noticed():
    assert minimum_detectable(30) == pytest.approx(6 / 30)
    assert minimum_detectable(5) is None
