from __future__ import annotations

import random
from math import comb, sqrt

import numpy
import pytest
import scipy.stats
import statsmodels.api
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

from reviewbot.retro.statistics import (
    clustered_rate,
    kappa,
    mcnemar_p,
    minimum_detectable,
    most_possible,
    rate_of,
    robust_variance,
    t_quantile,
    wilson_interval,
)

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


@given(counts, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_wilson_agrees_with_statsmodels(pair, level):
    assert wilson_interval(*pair, level) == pytest.approx(
        proportion_confint(*pair, alpha=1 - level, method="wilson"), abs=1e-9
    )


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_agrees_with_statsmodels(gained, lost):
    assert mcnemar_p(gained, lost) == pytest.approx(mcnemar([[0, gained], [lost, 0]], exact=True).pvalue, abs=1e-9)


@given(st.floats(0.51, 0.9995), st.integers(1, 200))
def test_the_t_quantile_agrees_with_scipy(probability, degrees):
    assert t_quantile(probability, degrees) == pytest.approx(scipy.stats.t.ppf(probability, degrees), rel=1e-9)


_VALUES = st.lists(st.sampled_from([0.0, 1 / 3, 2 / 3, 1.0]), min_size=1, max_size=12)
groups = st.dictionaries(st.sampled_from("abcdef"), _VALUES, min_size=2, max_size=6)


@given(groups)
def test_the_variance_agrees_with_a_cluster_robust_regression_of_statsmodels(values):
    flat = [value for group in values.values() for value in group]
    names = [index for index, group in enumerate(values.values()) for _ in group]
    fit = statsmodels.api.OLS(flat, numpy.ones(len(flat))).fit(cov_type="cluster", cov_kwds={"groups": names})

    assert sqrt(robust_variance(values)) == pytest.approx(float(fit.bse[0]), abs=1e-9)


@given(groups, st.integers(0, 20))
def test_a_rate_of_several_groups_is_their_mean_inside_its_interval(values, others):
    flat = [value for group in values.values() for value in group]
    rate = clustered_rate(values, others)

    assert rate.rate == pytest.approx(sum(flat) / (len(flat) + others), abs=1e-6)
    assert 0 <= rate.low <= rate.rate + 1e-9 and rate.rate - 1e-9 <= rate.high <= 1


@given(_VALUES)
def test_one_group_is_plain_wilson(values):
    assert clustered_rate({"a": values}) == rate_of(round(sum(values), 6), len(values))


def test_nothing_in_any_group_gives_no_rate():
    assert clustered_rate({}).rate is None and clustered_rate({"a": []}).rate is None
    assert clustered_rate({}, 4) == rate_of(0, 4)


@pytest.mark.parametrize("repositories", [1, 3, 10])
@pytest.mark.parametrize("spread", [0.05, 0.15])
def test_the_printed_interval_holds_the_truth_in_about_95_of_100_runs(repositories, spread):
    """Each repository has a rate of its own around the true one: beta, with the intra-class correlation `spread`."""
    draw, truth, runs, cases = random.Random(repositories), 1 / 3, 3_000, 25
    held = 0
    for _ in range(runs):
        rates = [
            draw.betavariate(truth * (1 / spread - 1), (1 - truth) * (1 / spread - 1)) for _ in range(repositories)
        ]
        # Of one repository nothing is claimed for others.
        rates = rates if repositories > 1 else [truth]
        values = {str(index): [float(draw.random() < rate) for _ in range(cases)] for index, rate in enumerate(rates)}
        rate = clustered_rate(values)
        held += rate.low <= truth <= rate.high

    assert 0.93 <= held / runs <= 0.97


def test_none_of_thirty_still_allows_one_in_eleven():
    assert most_possible(30) == pytest.approx(0.0950, abs=5e-5)
    assert most_possible(30) == pytest.approx(proportion_confint(0, 30, alpha=0.1, method="beta")[1], abs=1e-9)
    assert most_possible(0) == 1.0


@given(st.lists(st.tuples(st.sampled_from("hpm"), st.sampled_from("hpm")), min_size=1, max_size=40))
def test_kappa_agrees_with_statsmodels(pairs):
    table = [[sum(pair == (a, b) for pair in pairs) for b in "hpm"] for a in "hpm"]
    found = kappa(pairs)

    if found is None:
        assert len({label for pair in pairs for label in pair}) == 1
    else:
        assert found == pytest.approx(float(cohens_kappa(table, return_results=False)), abs=1e-9)


def test_nobody_labelled_anything():
    assert kappa([]) is None
