from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.finding import Category, Severity
from reviewbot.engine.merge import merge
from tests.engine.builders import finding


def test_two_reviewers_on_the_same_lines_with_one_category_agree():
    merged = merge(
        [finding(title="Crash on empty cart", reviewer="llm"), finding(title="None is read", reviewer="static")]
    )

    assert [one.agreed_by for one in merged.findings] == [("llm", "static")]
    assert [one.stage for one in merged.held_back] == ["merge"]


def test_one_reviewer_that_names_two_things_on_a_line_means_two_things():
    merged = merge([finding(title="Crash on empty cart"), finding(title="Total overflows after midnight")])

    assert len(merged.findings) == 2


def test_titles_that_share_half_their_words_near_by_are_one_cause():
    merged = merge(
        [
            finding(title="Retry charges the card twice", lines=(10, 10), category=Category.DATA),
            finding(title="The retry charges card twice", lines=(13, 13), category=Category.CONCURRENCY),
        ]
    )

    assert len(merged.findings) == 1


def test_the_same_words_far_apart_are_two_causes():
    merged = merge([finding(lines=(10, 10)), finding(lines=(80, 80))])

    assert len(merged.findings) == 2


def test_the_gravest_of_a_group_is_kept_and_the_others_name_it():
    merged = merge(
        [
            finding(severity=Severity.LOW, reviewer="a"),
            finding(severity=Severity.CRITICAL, reviewer="b", title="Orders lost"),
        ]
    )

    assert [one.title for one in merged.findings] == ["Orders lost"]
    assert merged.held_back[0].reason == "says the same as “Orders lost”"


findings = st.builds(
    finding,
    title=st.sampled_from(["Retry charges twice", "The retry charges twice", "Lock is never released", "Wrong unit"]),
    path=st.sampled_from(["a.py", "b.py"]),
    lines=st.integers(1, 12).flatmap(lambda first: st.tuples(st.just(first), st.integers(first, first + 3))),
    severity=st.sampled_from(list(Severity)),
    confidence=st.sampled_from([0.2, 0.5, 0.9]),
    category=st.sampled_from([Category.DATA, Category.CONCURRENCY]),
    reviewer=st.sampled_from(["llm", "static", "other"]),
)


@given(st.lists(findings, max_size=7).flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_merging_does_not_depend_on_order_and_loses_nothing(pair):
    rows, shuffled = pair
    one, other = merge(rows), merge(shuffled)

    assert one.findings == other.findings
    assert sorted(map(repr, one.held_back)) == sorted(map(repr, other.held_back))
    assert len(one.findings) + len(one.held_back) == len(rows)


@given(st.lists(findings, max_size=7))
def test_merging_what_is_merged_changes_nothing(rows):
    once = merge(rows)

    assert merge(once.findings).findings == once.findings
