from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.repository import Sha
from reviewbot.retro.linking import BlamedFile, Tier, candidates

A, B, C, D, E = (Sha(letter * 40) for letter in "abcde")
DAY = 24 * 3_600
FIXED_AT = 1_000 * DAY


def linked(*files: BlamedFile, named=None, ages=None, is_possible=lambda _: True):
    """(commit, tier) of each candidate; `ages` are in days before the fix."""
    committed_at = {sha: FIXED_AT - days * DAY for sha, days in (ages or {}).items()}
    found = candidates(named or {}, files, committed_at, FIXED_AT, is_possible)
    return [(one.commit, one.tier) for one in found]


def code(removed=(), around_additions=(), around=()) -> BlamedFile:
    return BlamedFile("app.py", True, tuple(removed), tuple(around_additions), tuple(around))


def test_one_commit_that_wrote_all_that_was_taken_away_is_single_and_the_rest_is_context():
    found = linked(code(removed=[A, A], around=[A, B, B, C]), ages={A: 400, B: 10, C: 10})

    assert found == [(A, Tier.SINGLE), (B, Tier.CONTEXT), (C, Tier.CONTEXT)]


def test_of_several_the_one_with_many_lines_of_late_comes_first():
    assert linked(code(removed=[A, B, B]), ages={A: 30, B: 30}) == [(B, Tier.SEVERAL), (A, Tier.SEVERAL)]
    assert linked(code(removed=[A, B, B]), ages={A: 30, B: 90}) == [(A, Tier.SEVERAL), (B, Tier.SEVERAL)]


def test_within_a_week_age_does_not_count():
    assert linked(code(removed=[A, B, B]), ages={A: 0, B: 6}) == [(B, Tier.SEVERAL), (A, Tier.SEVERAL)]


def test_a_fix_that_takes_nothing_away_leads_to_who_wrote_around_it():
    assert linked(code(around_additions=[A, A, B], around=[A, A, B]), ages={A: 30, B: 30}) == [
        (A, Tier.CONTEXT),
        (B, Tier.CONTEXT),
    ]


def test_prose_counts_only_where_code_gives_nothing():
    prose = BlamedFile("README.md", False, (B,))

    assert linked(code(removed=[A]), prose) == [(A, Tier.SINGLE)]
    assert linked(code(), prose) == [(B, Tier.SINGLE)]


def test_what_is_named_comes_first_and_says_what_blame_says_too():
    (first, second) = candidates({B: "the fix says: Fixes: bbbb"}, [code(removed=[A, B])], {}, FIXED_AT)

    assert (first.commit, first.tier, second.commit, second.tier) == (B, Tier.NAMED, A, Tier.SEVERAL)
    assert first.evidence == "the fix says: Fixes: bbbb; wrote 1 of 2 lines that the fix took away"


def test_what_came_after_the_incident_or_is_the_fix_counts_nowhere():
    found = linked(code(removed=[A, B]), named={C: "the fix says"}, is_possible=lambda sha: sha == A)

    assert found == [(A, Tier.SINGLE)]


def test_nothing_blamable_gives_nothing():
    assert linked() == [] and linked(code()) == []


_SHAS = st.lists(st.sampled_from([A, B, C, D, E]), max_size=6)


@given(_SHAS, _SHAS, _SHAS, st.dictionaries(st.sampled_from([A, B, C, D, E]), st.just("says"), max_size=2))
def test_at_most_three_different_ones_named_before_blamed(removed, additions, around, named):
    found = linked(code(removed, additions, around), named=named)

    assert len(found) <= 3 and len({sha for sha, _ in found}) == len(found)
    tiers = [tier for _, tier in found]
    assert tiers == sorted(tiers, key=lambda tier: tier is not Tier.NAMED)
    assert (Tier.SINGLE in tiers) <= (len(set(removed)) == 1)
