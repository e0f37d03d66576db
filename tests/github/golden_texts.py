"""What people get, as files to read: `python -m tests.github.golden_texts` writes them anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reviewbot.domain.policy import Policy
from reviewbot.domain.review import Outcome
from reviewbot.domain.round import KnownFinding
from reviewbot.github import replies
from reviewbot.github.check_run import CheckReport, check_of_round, check_without_review
from reviewbot.github.comments import RenderedReview, all_in_body, render_review
from tests.github.rendered_samples import (
    CHANGE,
    CHARGED_TWICE,
    FACTS,
    FAILED,
    FIRST,
    IGNORED,
    NOTHING,
    ONE_WITHOUT_LINE,
    OWN_POLICY,
    PARTIAL,
    REPO,
    SECOND,
    SECOND_ROUND,
    STRICT,
    TWO_FINDINGS,
    WRONG_TOTAL,
    runs,
    settled,
)

GOLDEN = Path(__file__).parent / "golden"
NOTICED = replace(
    FACTS,
    notices=(
        "this pull request edits `REVIEW.md`, which tells the reviewers what to do; it was reviewed by the old text",
        "`.reviewbot.yml` on the default branch cannot be read (line 3: `severty` is no key); the last good one holds",
    ),
)


def golden_texts() -> dict[str, str]:
    """Each text by the name of its file."""
    return {
        "review-two-findings.md": _review(render_review(TWO_FINDINGS, CHANGE, Policy(), FACTS)),
        "review-without-line.md": _review(render_review(ONE_WITHOUT_LINE, CHANGE, Policy(), FACTS)),
        "review-all-in-body.md": _review(_moved(render_review(TWO_FINDINGS, CHANGE, Policy(), FACTS))),
        "review-second-round.md": _review(render_review(SECOND_ROUND, CHANGE, STRICT, FACTS)),
        "check-two-findings.md": _check(check_of_round(TWO_FINDINGS, STRICT, NOTICED)),
        "check-nothing-found.md": _check(check_of_round(NOTHING, STRICT, FACTS)),
        "check-partial.md": _check(check_of_round(PARTIAL, STRICT, FACTS)),
        "check-second-round.md": _check(check_of_round(SECOND_ROUND, STRICT, FACTS)),
        "check-failed.md": _check(check_of_round(FAILED, STRICT, FACTS)),
        "check-skipped-draft.md": _without(Outcome.SKIPPED, "the pull request is a draft"),
        "check-superseded.md": _without(Outcome.SUPERSEDED, f"superseded by {SECOND[:10]}"),
        "check-deferred-by-budget.md": _without(
            Outcome.DEFERRED, "the budget of $20.00 a day is used up; it is renewed at 00:00 UTC"
        ),
        "check-given-up.md": _without(Outcome.FAILED, "gave up after 5 attempts; say `@reviewbot review` to try again"),
        "reply-help.md": replies.help_text("reviewbot"),
        "reply-config.md": replies.config_text(OWN_POLICY, FACTS, (settled(IGNORED),)),
        "reply-explain.md": replies.explain_text(KnownFinding(CHARGED_TWICE, FIRST), FACTS, REPO, CHANGE, runs()[0]),
        "reply-fixed.md": replies.fixed_reply(KnownFinding(CHARGED_TWICE, FIRST), SECOND),
        "reply-ignored.md": replies.ignored_text(WRONG_TOTAL, "the sum is never None", FACTS),
        "reply-unclear.md": replies.unclear_text("reveiw please", "reviewbot"),
        "reply-unknown-finding.md": replies.unknown_finding_text("deadbeef", (IGNORED,), "reviewbot"),
    }


def _moved(rendered: RenderedReview | None) -> RenderedReview | None:
    return None if rendered is None else all_in_body(rendered)


def _review(rendered: RenderedReview | None) -> str:
    if rendered is None:
        return "(silence)"
    comments = [
        f"======== {one.path}, lines {one.start_line or one.line} to {one.line}, {one.side}\n\n{one.body}"
        for one in rendered.comments
    ]
    return "\n\n".join((rendered.body, *comments))


def _without(outcome: Outcome, reason: str) -> str:
    return _check(check_without_review(outcome, reason, FACTS, STRICT))


def _check(report: CheckReport) -> str:
    annotations = [
        f"======== {one.level} at {one.path}, lines {one.start_line} to {one.end_line}: {one.title}\n\n{one.message}"
        for one in report.annotations
    ]
    head = f"======== {report.conclusion}: {report.title}"
    return "\n\n".join((head, report.summary, "======== text", report.text, *annotations))


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, text in golden_texts().items():
        (GOLDEN / name).write_text(f"{text}\n", encoding="utf-8")
