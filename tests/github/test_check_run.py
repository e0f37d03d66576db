"""Check runs: a first line that tells everything, a conclusion that promises nothing too much, a receipt."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.diff import Side
from reviewbot.domain.finding import Finding, Location, Severity
from reviewbot.domain.policy import Conclusion, Gate, Policy
from reviewbot.domain.review import FileCoverage, HeldBack, Outcome, ReviewerRun, SkipReason, Stage
from reviewbot.domain.round import Fate, KnownFinding, Outline, Round
from reviewbot.github.check_run import CheckReport, batches, check_of_round, check_without_review
from reviewbot.github.conclusion import conclusion_of
from tests.github.rendered_samples import (
    CALLS,
    CHARGED_TWICE,
    ELSEWHERE,
    FACTS,
    FAILED,
    FIRST,
    HELD,
    NOTHING,
    PARTIAL,
    SECOND_ROUND,
    STRICT,
    TWO_FINDINGS,
    WRONG_TOTAL,
    read,
    review,
)

KNOWN = KnownFinding(WRONG_TOTAL, FIRST)
BEFORE = FileCoverage("shop/payment.py", 0, 2, SkipReason.REVIEWED_BEFORE)
OF_TWO = "Everything to review was read: 2 of 4 files (the others: 2 × read in an earlier round)."
GRAVE = KnownFinding(CHARGED_TWICE, FIRST)


def check(round_: Round, policy: Policy | None = None) -> CheckReport:
    return check_of_round(round_, policy or Policy(), FACTS)


def first_line(report: CheckReport) -> str:
    return report.summary.splitlines()[0].replace("\\", "").strip("*")


@pytest.mark.parametrize(
    ("round_", "said"),
    [
        (NOTHING, "Nothing found. Everything to review was read: 2 of 3 files (the others: 1 × lock file)."),
        (TWO_FINDINGS, "2 findings (1 critical, 1 medium). All 3 files were read."),
        (Round(review(files=(read("a"),)), Outline()), "Nothing found. The one file was read."),
        (
            Round(review(files=(read("a"), read("b"))), Outline(), to_say=(ELSEWHERE, ELSEWHERE)),
            "2 high findings. Both files were read.",
        ),
        (PARTIAL, "Partial: nothing found in what was read, but 40 of 52 files were not read in full."),
        (
            replace(PARTIAL, to_say=(ELSEWHERE,)),
            "Partial: 1 high finding in what was read, but 40 of 52 files were not read in full.",
        ),
        (
            Round(review(Outcome.PARTIAL, reason="static failed: it crashed"), Outline()),
            "Partial: nothing found, but the review was not complete.",
        ),
        (
            Round(review(Outcome.PARTIAL, runs=(), reason="nothing was read"), Outline()),
            "Partial: nothing was read, so this says nothing about the change.",
        ),
        (SECOND_ROUND, "1 new high finding, 1 still open, 1 fixed. " + OF_TWO),
        (replace(SECOND_ROUND, to_say=()), "Nothing new, 1 still open, 1 fixed. " + OF_TWO),
        (replace(SECOND_ROUND, to_say=(), still_open=()), "Nothing new, 1 fixed. " + OF_TWO),
        (
            Round(review(files=(BEFORE, BEFORE)), Outline(), number=2),
            "Nothing new. Nothing was left to read: 2 × read in an earlier round.",
        ),
    ],
)
def test_the_first_line_says_what_was_found_and_whether_everything_was_read(round_: Round, said: str):
    report = check(round_)

    assert first_line(report) == said
    assert report.title == said


@pytest.mark.parametrize(
    ("outcome", "reason", "said"),
    [
        (Outcome.SKIPPED, "the pull request is a draft", "Skipped: the pull request is a draft. Nothing was read."),
        (Outcome.SKIPPED, "", "Skipped: no reason was given. Nothing was read."),
        (
            Outcome.SUPERSEDED,
            "superseded by 2e2e2e2e2e",
            "Superseded by 2e2e2e2e2e. The newer head is reviewed instead.",
        ),
        (Outcome.DEFERRED, "the budget is used up.", "Deferred: the budget is used up. Nothing was read yet."),
        (Outcome.FAILED, "llm failed: busy", "Failed: llm failed: busy. Nothing was reviewed."),
    ],
)
def test_a_head_that_was_not_reviewed_says_why(outcome: Outcome, reason: str, said: str):
    report = check_without_review(outcome, reason, FACTS, Policy())

    assert (first_line(report), report.title) == (said, said)
    assert "hash `5d41402abc4b`" in report.text


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.FAILED])
def test_what_can_be_said_to_us_is_told_once(outcome: Outcome):
    plain = check_without_review(outcome, "no", FACTS, Policy()).summary
    told = check_without_review(outcome, "paused; say `@reviewbot resume`", FACTS, Policy()).summary

    assert "`@reviewbot review` in a comment" in plain
    assert "`@reviewbot resume`" in told and "`@reviewbot review`" not in told


@pytest.mark.parametrize(
    ("outcome", "findings", "gate", "conclusion"),
    [
        (Outcome.COMPLETE, (), Gate(), "success"),
        (Outcome.COMPLETE, (), Gate(Severity.LOW, Conclusion.FAILURE), "success"),
        (Outcome.COMPLETE, (WRONG_TOTAL,), Gate(), "neutral"),
        (Outcome.COMPLETE, (WRONG_TOTAL,), Gate(Severity.HIGH), "neutral"),
        (Outcome.COMPLETE, (WRONG_TOTAL,), Gate(Severity.MEDIUM), "failure"),
        (Outcome.PARTIAL, (), Gate(Severity.LOW), "neutral"),
        (Outcome.PARTIAL, (), Gate(None, Conclusion.FAILURE), "failure"),
        (Outcome.PARTIAL, (CHARGED_TWICE,), Gate(Severity.HIGH), "failure"),
        (Outcome.SKIPPED, (), Gate(Severity.LOW, Conclusion.FAILURE), "skipped"),
        (Outcome.SKIPPED, (WRONG_TOTAL,), Gate(), "neutral"),
        (Outcome.SKIPPED, (CHARGED_TWICE,), Gate(Severity.HIGH), "failure"),
        (Outcome.SUPERSEDED, (CHARGED_TWICE,), Gate(Severity.LOW, Conclusion.FAILURE), "neutral"),
        (Outcome.DEFERRED, (), Gate(Severity.LOW, Conclusion.FAILURE), "neutral"),
        (Outcome.FAILED, (), Gate(), "neutral"),
        (Outcome.FAILED, (), Gate(None, Conclusion.FAILURE), "failure"),
    ],
)
def test_the_conclusion_follows_from_outcome_findings_and_gate(
    outcome: Outcome, findings: tuple[Finding, ...], gate: Gate, conclusion: str
):
    assert conclusion_of(outcome, findings, gate) == conclusion


GATES = [Gate(bar, incomplete) for bar in (None, *Severity) for incomplete in Conclusion]


@pytest.mark.parametrize(("outcome", "gate"), itertools.product(Outcome, GATES))
def test_success_is_for_complete_reviews_with_nothing_open(outcome: Outcome, gate: Gate):
    policy = Policy(gate=gate)
    rounds = [
        replace(TWO_FINDINGS, review=replace(TWO_FINDINGS.review, outcome=outcome), to_say=said, still_open=still)
        for said in ((), (WRONG_TOTAL,))
        for still in ((), (KNOWN,), (GRAVE,))
    ]

    green = [one for one in rounds if check(one, policy).conclusion == "success"]

    assert green == (rounds[:1] if outcome is Outcome.COMPLETE else [])
    assert check_without_review(outcome, "x", FACTS, policy, (KNOWN,)).conclusion != "success"
    if outcome is not Outcome.COMPLETE:
        assert check_without_review(outcome, "x", FACTS, policy).conclusion != "success"


def test_what_a_person_has_settled_does_not_count_as_open():
    settled = tuple(replace(GRAVE, fate=fate) for fate in (Fate.FIXED, Fate.RESOLVED, Fate.IGNORED))

    report = check(replace(SECOND_ROUND, to_say=(), still_open=settled), STRICT)

    assert report.conclusion == "success"
    assert "Still open" not in report.summary


@pytest.mark.parametrize(
    ("round_", "policy", "why"),
    [
        (TWO_FINDINGS, STRICT, "1 open finding is high or graver (`gate.fail_from` of the policy)"),
        (TWO_FINDINGS, Policy(gate=Gate(Severity.LOW)), "2 open findings are low or graver"),
        (TWO_FINDINGS, Policy(gate=Gate(Severity.CRITICAL)), "1 open finding is critical (`gate.fail_from`"),
        (PARTIAL, Policy(gate=Gate(None, Conclusion.FAILURE)), "the review is not complete (`gate.incomplete`"),
    ],
)
def test_a_red_check_says_what_made_it_red(round_: Round, policy: Policy, why: str):
    report = check(round_, policy)

    assert report.conclusion == "failure"
    assert f"The check fails because {why}" in report.summary


@pytest.mark.parametrize("round_", [NOTHING, PARTIAL, FAILED])
def test_a_check_that_is_not_red_explains_no_red(round_: Round):
    assert "The check fails" not in check(round_).summary


def test_the_summary_names_new_open_and_fixed_findings_with_the_commit_they_were_said_at():
    summary = check(SECOND_ROUND).summary

    new, still, fixed = (summary.index(title) for title in ("### New", "### Still open", "### Fixed"))
    assert new < still < fixed
    assert "nightly job" in summary[new:still] and f"/blob/{'2e' * 20}/" in summary[new:still]
    assert summary[still:fixed].rstrip().endswith(f"said at `{FIRST.short}`")
    assert f"/blob/{'1f' * 20}/" in summary[fixed:]


@pytest.mark.parametrize(("count", "is_folded"), [(10, False), (11, True)])
def test_a_long_list_of_unread_files_is_folded(count: int, is_folded: bool):
    gaps = tuple(FileCoverage(f"f{number}.py", 0, 1, SkipReason.BUDGET) for number in range(count))

    summary = check(Round(review(Outcome.PARTIAL, files=(read("a.py"), *gaps)), Outline())).summary

    assert all(f"- `f{number}.py`: did not fit the reviewers' budget" in summary for number in range(count))
    assert ("<details>" in summary) is is_folded


def test_the_receipt_tells_files_reviewers_cost_and_policy():
    text = check(TWO_FINDINGS).text

    assert "- `shop/payment.py` (2 hunks)" in text
    assert "| llm, `claude-sonnet-4-5`, prompt version 3 | 3 | 2 | 42,800 | 2,300 | $0.16 |" in text
    assert "- Verifier: did not run" in text
    assert "- Cost: $0.16" in text
    assert "- Policy: `.reviewbot.yml` at b0b0b0b0b0 (hash `5d41402abc4b`)" in text
    assert f"head `{FIRST.short}`" in text


def test_what_was_held_back_is_counted_by_reason_and_not_quoted():
    report = check(replace(NOTHING, review=replace(NOTHING.review, held_back=HELD)))

    assert "2 findings were held back; the reasons are below." in report.summary, "a duplicate was said in other words"
    assert "- 2 × confidence below 0\\.30\n- 1 × says the same as another" in report.text
    assert WRONG_TOTAL.title not in report.summary + report.text


def test_a_verifier_that_ran_is_told():
    verified = replace(CALLS[0], prompt="verify")
    refuted = HeldBack(WRONG_TOTAL, Stage.VERIFY, "refuted")

    for changed in ({"runs": (ReviewerRun("llm", calls=(verified,)),)}, {"held_back": (refuted,)}):
        assert "- Verifier: ran" in check(Round(review(**changed), Outline())).text


@pytest.mark.parametrize(
    ("cost", "said"),
    [(None, "unknown"), (Decimal(0), "$0.00"), (Decimal("0.0004"), "$0.0004"), (Decimal(12), "$12.00")],
)
def test_a_cost_is_never_rounded_to_nothing(cost: Decimal | None, said: str):
    run = ReviewerRun("llm", calls=(replace(CALLS[0], cost_usd=cost),))

    assert f"- Cost: {said}" in check(Round(review(runs=(run,)), Outline())).text


def test_a_reviewer_that_failed_is_named_with_its_words():
    report = check(FAILED)

    assert "- llm failed: the provider answered 529" in report.text
    assert report.conclusion == "neutral"


def test_notices_stand_before_the_findings():
    facts = replace(FACTS, notices=("this pull request edits `REVIEW.md`", "second."))

    summary = check_of_round(TWO_FINDINGS, Policy(), facts).summary

    assert "- This pull request edits `REVIEW.md`\\.\n- Second\\.\n" in summary
    assert summary.index("REVIEW.md") < summary.index("### Findings")


def annotated(count: int) -> CheckReport:
    findings = tuple(replace(CHARGED_TWICE, title=f"{number}") for number in range(count))
    return check(replace(TWO_FINDINGS, to_say=findings))


def test_annotations_stand_at_lines_that_the_head_has():
    removed = replace(CHARGED_TWICE, location=Location("a.py", 3, 3, Side.LEFT))
    placeless = replace(CHARGED_TWICE, location=None)

    (one,) = check(replace(TWO_FINDINGS, to_say=(CHARGED_TWICE, removed, placeless))).annotations

    assert (one.path, one.start_line, one.end_line, one.level) == ("shop/payment.py", 39, 41, "failure")
    assert one.title == "Critical: A retry after a timeout charges the order twice"
    assert one.message.startswith("`charge` no longer gets `key=order.id`, so the payment provider")


@pytest.mark.parametrize("severity", list(Severity))
def test_annotations_tell_the_severity_in_githubs_words(severity: Severity):
    levels = {"critical": "failure", "high": "failure", "medium": "warning", "low": "notice"}

    (one,) = check(replace(TWO_FINDINGS, to_say=(replace(CHARGED_TWICE, severity=severity),))).annotations

    assert one.level == levels[severity.value]


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (50, [50]), (51, [50, 1]), (120, [50, 50, 20])])
def test_f46_annotations_go_in_portions_of_fifty(count: int, sizes: list[int]):
    assert [len(batch) for batch in batches(annotated(count).annotations)] == sizes


@given(st.integers(0, 130), st.integers(0, 140))
def test_f47_what_github_has_already_is_not_appended_again(count: int, already: int):
    annotations = annotated(count).annotations

    left = [one for batch in batches(annotations, already) for one in batch]

    assert left == list(annotations[already:])
    assert all(0 < len(batch) <= 50 for batch in batches(annotations, already))
