"""Figures as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reviewbot.domain.scorecard import Rate
from reviewbot.report.words import counted, dollars, interval, number, p_value, percent, share_of


@pytest.mark.parametrize(
    ("share", "said"),
    [(None, "–"), (0.0, "0 %"), (0.004, "<1 %"), (0.335, "34 %"), (0.996, ">99 %"), (1.0, "100 %")],
)
def test_a_share_is_never_rounded_to_nothing_or_to_all(share: float | None, said: str):
    assert percent(share).replace("\u00a0", " ") == said


def test_an_interval_says_per_cent_once():
    assert interval(0.138, 0.612).replace("\u00a0", " ") == "14–61 %"
    assert interval(None, None) == "–"


def test_an_unknown_count_is_a_dash_over_its_cases():
    assert (share_of(Rate(None, 12, None, None, None)), share_of(Rate(4, 12, 0.3, 0.1, 0.6))) == ("–/12", "4/12")


def test_an_unknown_cost_is_never_zero():
    assert (dollars(None), dollars(Decimal(0)), dollars(Decimal("0.0123")), dollars(Decimal("12.3"))) == (
        "unknown",
        "$0",
        "$0.0123",
        "$12.30",
    )


def test_counts_have_their_plural_and_fractions_their_digits():
    assert (counted(1, "finding"), counted(1_200, "finding"), number(0.333), number(2.5)) == (
        "1 finding",
        "1,200 findings",
        "0.33",
        "2.5",
    )


@pytest.mark.parametrize(
    "p, told", [(1.0, "1.000"), (0.375, "0.375"), (0.0006, "0.001"), (0.0002, "<0.001"), (0, "<0.001")]
)
def test_a_p_value_is_never_told_as_nought(p: float, told: str):
    assert p_value(p) == told
