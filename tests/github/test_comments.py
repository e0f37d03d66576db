"""Reviews as people get them: on their lines where GitHub takes that, in the body where it does not, or silence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewbot.domain.diff import Diff, Side
from reviewbot.domain.finding import Location
from reviewbot.domain.policy import Policy
from reviewbot.domain.review import Outcome
from reviewbot.domain.round import Outline, Round
from reviewbot.github.comments import RenderedReview, all_in_body, render_review
from reviewbot.github.finding_text import short_id
from reviewbot.github.policy_text import policy_lines
from reviewbot.policy_file import parse_policy
from tests.engine.builders import diff, file_diff
from tests.github.golden_texts import GOLDEN, golden_texts
from tests.github.powers import powers_of
from tests.github.rendered_samples import (
    CHANGE,
    CHARGED_TWICE,
    ELSEWHERE,
    FACTS,
    NOTHING,
    OWN_POLICY,
    PARTIAL,
    SECOND_ROUND,
    TWO_FINDINGS,
    WRONG_TOTAL,
    review,
)

SECOND_HUNK = file_diff("shop/payment.py", 90, " a", "-b", "+c", " d").hunks
TWO_HUNKS = replace(CHANGE.files[0], hunks=(*CHANGE.files[0].hunks, *SECOND_HUNK))


def rendered(round_: Round = TWO_FINDINGS, change: Diff = CHANGE) -> RenderedReview:
    found = render_review(round_, change, Policy(), FACTS)
    assert found is not None
    return found


@pytest.mark.parametrize("name", golden_texts())
def test_what_people_get_is_what_was_read_and_approved(name: str):
    assert golden_texts()[name] + "\n" == (GOLDEN / name).read_text(encoding="utf-8")


def test_no_file_of_approved_texts_is_left_over():
    assert {path.name for path in GOLDEN.glob("*.md")} == set(golden_texts())


@pytest.mark.parametrize("name", golden_texts())
def test_every_approved_text_has_no_power(name: str):
    assert powers_of(golden_texts()[name].replace("========", "")) == []


@pytest.mark.parametrize("policy", [Policy(), OWN_POLICY])
def test_the_policy_that_config_shows_can_be_put_into_the_file(policy: Policy):
    """What was not set is left out, so that the file means the same again."""
    written = "\n".join(policy_lines(policy)).encode()

    assert parse_policy(written, ".reviewbot.yml", Policy()).policy == policy


@pytest.mark.parametrize("round_", [NOTHING, PARTIAL, replace(SECOND_ROUND, to_say=())])
def test_nothing_new_to_say_is_silence(round_: Round):
    assert render_review(round_, CHANGE, Policy(), FACTS) is None


def test_a_comment_begins_with_severity_and_title_and_ends_with_what_can_be_said_to_it():
    body = rendered().comments[0].body

    assert body.splitlines()[0] == "**Critical: A retry after a timeout charges the order twice**"
    assert f"`@reviewbot ignore {short_id(CHARGED_TWICE)} because …`" in body.splitlines()[-1]


def test_f44_only_lines_of_the_diff_are_commented_and_the_rest_stands_in_the_body():
    found = rendered(replace(TWO_FINDINGS, to_say=(CHARGED_TWICE, WRONG_TOTAL, ELSEWHERE)))

    assert [(one.path, one.start_line, one.line, one.side, one.start_side) for one in found.comments] == [
        ("shop/payment.py", 39, 41, "RIGHT", "RIGHT"),
        ("shop/report.py", None, 8, "LEFT", None),
    ]
    assert all(CHANGE.commentable(one.path, one.line, Side(one.side)) for one in found.comments)
    assert short_id(ELSEWHERE) in found.body and short_id(CHARGED_TWICE) not in found.body


def placed(location: Location | None, change: Diff) -> tuple[int | None, int, str, str | None] | None:
    round_ = Round(review(), Outline(), to_say=(replace(CHARGED_TWICE, location=location),))
    comments = rendered(round_, change).comments
    return (comments[0].start_line, comments[0].line, comments[0].side, comments[0].start_side) if comments else None


@pytest.mark.parametrize(
    ("lines", "side", "expected"),
    [
        ((39, 39), Side.RIGHT, (None, 39, "RIGHT", None)),
        ((30, 39), Side.RIGHT, (38, 39, "RIGHT", "RIGHT")),
        ((41, 95), Side.RIGHT, (41, 42, "RIGHT", "RIGHT")),
        ((60, 95), Side.RIGHT, (90, 92, "RIGHT", "RIGHT")),
        ((38, 39), Side.LEFT, (None, 39, "LEFT", None)),
        ((38, 38), Side.LEFT, (None, 38, "RIGHT", None)),
        ((92, 92), Side.LEFT, (None, 92, "RIGHT", None)),
        ((50, 60), Side.RIGHT, None),
        ((50, 60), Side.LEFT, None),
    ],
)
def test_f44_a_place_is_narrowed_to_one_hunk_and_to_the_side_that_shows_it(
    lines: tuple[int, int], side: Side, expected: tuple[int | None, int, str, str | None] | None
):
    """The sample shows old lines 38 to 40 and 90 to 92, new lines 38 to 42 and 90 to 92."""
    location = Location("shop/payment.py", *lines, side)

    assert placed(location, diff(TWO_HUNKS)) == expected


def test_f44_a_comment_on_a_renamed_file_goes_to_its_new_name():
    moved = replace(CHANGE.files[0], old_path="old/payment.py")

    found = rendered(
        replace(TWO_FINDINGS, to_say=(replace(CHARGED_TWICE, location=Location("old/payment.py", 39, 39)),)),
        diff(moved),
    )

    assert [one.path for one in found.comments] == ["shop/payment.py"]


@pytest.mark.parametrize("location", [None, Location("gone.py", 1, 1), Location("bad\udcff.py", 1, 1)])
def test_f44_a_finding_without_a_line_is_not_lost(location: Location | None):
    change = diff(*CHANGE.files, file_diff("bad\udcff.py", 1, "+x"))

    found = rendered(replace(TWO_FINDINGS, to_say=(replace(CHARGED_TWICE, location=location),)), change)

    assert found.comments == ()
    assert "A retry after a timeout charges the order twice" in found.body


def test_f44_after_a_422_every_comment_stands_in_the_body_with_its_place():
    found = rendered(replace(TWO_FINDINGS, to_say=(CHARGED_TWICE, WRONG_TOTAL, ELSEWHERE)))

    moved = all_in_body(found)

    assert moved.comments == () and moved.in_body == ()
    for finding in (CHARGED_TWICE, WRONG_TOTAL, ELSEWHERE):
        assert moved.body.count(f"Finding `{short_id(finding)}`") == 1
    assert "/blob/" + "1f" * 20 + "/shop/payment.py#L39-L41" in moved.body
    assert all_in_body(moved) == moved


def test_a_review_that_is_not_complete_says_so_before_its_findings():
    partial = replace(PARTIAL, to_say=(CHARGED_TWICE,))

    body = rendered(partial).body

    assert "**This review is not complete**: 40 of 52 files were not read in full." in body


def test_a_review_without_repository_or_server_has_no_links():
    bare = replace(TWO_FINDINGS, review=replace(TWO_FINDINGS.review, repo=None), to_say=(ELSEWHERE,))

    assert "](" not in rendered(bare).body
    assert "`shop/jobs/nightly.py:12`" in rendered(bare).body


def test_evidence_that_the_comment_stands_on_is_not_repeated():
    quoted = replace(CHARGED_TWICE, evidence=("if charge(order):",))

    assert "```" not in rendered(replace(TWO_FINDINGS, to_say=(quoted,))).comments[0].body


def test_evidence_of_another_file_is_named():
    quoted = replace(WRONG_TOTAL, evidence=("for attempt in range(3):",))

    body = rendered(replace(TWO_FINDINGS, to_say=(quoted,))).comments[0].body

    assert "In `shop/payment.py`:\n\n```diff\n+ 39      for attempt in range(3):\n```" in body


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_with_findings_can_be_said(outcome: Outcome):
    round_ = replace(TWO_FINDINGS, review=replace(TWO_FINDINGS.review, outcome=outcome))

    assert len(rendered(round_).comments) == 2
