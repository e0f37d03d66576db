"""The check run of a head: what the review found and whether it read everything, in words and as a conclusion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from reviewbot.domain.finding import Finding
from reviewbot.domain.markdown_text import code, plain, prose_line
from reviewbot.domain.policy import Policy
from reviewbot.domain.repository import Sha
from reviewbot.domain.review import Coverage, HeldBack, Outcome, SkipReason, Stage
from reviewbot.domain.round import KnownFinding, Round
from reviewbot.github.annotations import Annotation, annotations_of, batches
from reviewbot.github.conclusion import conclusion_of, why_it_fails
from reviewbot.github.facts import Facts
from reviewbot.github.finding_text import TITLE_ROOM, severity_word, short_id
from reviewbot.github.headline import headline_of, headline_without, open_findings, open_known, sentence
from reviewbot.github.limits import counted, cut, fitted
from reviewbot.github.places import place_text
from reviewbot.github.receipt import gap_list, joined, policy_line, receipt

__all__ = ["Annotation", "CheckReport", "batches", "check_of_round", "check_without_review"]

_REASON_ROOM = 1_500
_NOTICE_ROOM = 700
_NOTICES_ROOM = 8_000
_FINDINGS_ROOM = 10_000


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check run is completed with; `summary` and `text` are Markdown, the title is not."""

    conclusion: str
    title: str
    summary: str
    text: str
    annotations: tuple[Annotation, ...] = ()


def check_of_round(round_: Round, policy: Policy, facts: Facts) -> CheckReport:
    """The report of a head that was looked at: the result first, then what is open, then the receipt."""
    review, headline = round_.review, headline_of(round_)
    findings = open_findings(round_)
    reason = review.reason if not headline.reason else ""
    blocks = [
        headline.markdown,
        *_paragraph(f"Why: {cut(reason.rstrip('. '), _REASON_ROOM, prose_line)}." if reason.strip() else ""),
        *_paragraph(_what_next(review.outcome, review.reason, facts, review.coverage)),
        *_paragraph(why_it_fails(review.outcome, findings, policy)),
        *_notices(facts),
        *_new(round_, facts),
        *_known("Still open", open_known(round_), round_, facts),
        *_known("Fixed", round_.fixed, round_, facts),
        *([gap_list(review.coverage.gaps)] if review.coverage.gaps else ()),
        *_paragraph(_held_back(review.held_back)),
        _ask(facts),
    ]
    return CheckReport(
        conclusion=conclusion_of(review.outcome, findings, policy.gate),
        title=headline.title,
        summary=joined(blocks),
        text=receipt(round_, facts),
        annotations=annotations_of(round_.to_say),
    )


def check_without_review(
    outcome: Outcome, reason: str, facts: Facts, policy: Policy, still_open: Sequence[KnownFinding] = ()
) -> CheckReport:
    """The report of a head that was not reviewed, and what can be done about that.

    `still_open` are findings of earlier heads, which go on failing a check run that they failed before.
    """
    headline = headline_without(outcome, reason)
    findings = [known.finding for known in still_open]
    blocks = [
        headline.markdown,
        *_paragraph(_what_next(outcome, reason, facts)),
        *_paragraph(why_it_fails(outcome, findings, policy)),
        *_notices(facts),
        *_known("Still open", still_open, None, facts),
        _ask(facts),
    ]
    conclusion = conclusion_of(outcome, findings, policy.gate)
    return CheckReport(conclusion, headline.title, joined(blocks), f"### Basis\n\n{policy_line(facts)}")


def _what_next(outcome: Outcome, reason: str, facts: Facts, coverage: Coverage | None = None) -> str:
    """What follows for a reader; where the reason tells what can be said to us, it is not said twice."""
    ask = code(f"@{facts.app_slug} review")
    verdict = "This is no verdict on the change."
    match outcome:
        case Outcome.COMPLETE | Outcome.SUPERSEDED:
            return ""
        case Outcome.PARTIAL if _is_too_much(coverage):
            return "What was not read needs the eyes of a person, or a smaller change."
        case Outcome.PARTIAL:
            return f"{ask} in a comment tries again; until then, what was not read needs the eyes of a person."
        case Outcome.DEFERRED:
            return f"{verdict} It is reviewed later, without anybody having to ask."
        case _ if f"@{facts.app_slug}" in reason:
            return verdict
        case Outcome.SKIPPED:
            return f"{verdict} As long as the pull request is open, {ask} in a comment asks for a review."
        case Outcome.FAILED:
            return f"{verdict} {ask} in a comment tries again. What fails twice is for whoever runs reviewbot to mend."
        case _:
            assert_never(outcome)


def _is_too_much(coverage: Coverage | None) -> bool:
    """Whether a further review would leave out the same, because there is too much of it."""
    gaps = coverage.gaps if coverage else ()
    return bool(gaps) and all(file.skipped is not SkipReason.REVIEWER_FAILED for file in gaps)


def _notices(facts: Facts) -> list[str]:
    if not facts.notices:
        return []
    lines = [f"- {cut(sentence(notice), _NOTICE_ROOM, prose_line)}" for notice in facts.notices]
    shown = fitted(lines, _NOTICES_ROOM, lambda count: f"- {count:,} more")
    return ["\n".join(("**Please note**", "", *shown))]


def _new(round_: Round, facts: Facts) -> list[str]:
    review = round_.review
    title = "New" if round_.number > 1 else "Findings"
    lines = [_finding_line(finding, review.head, round_, facts) for finding in round_.to_say]
    return _list(title, lines)


def _known(title: str, known: Sequence[KnownFinding], round_: Round | None, facts: Facts) -> list[str]:
    """Findings of earlier heads; their places are those of the head at which they were said."""
    lines = [
        f"{_finding_line(one.finding, one.said_at, round_, facts)}, said at {code(one.said_at.short)}" for one in known
    ]
    return _list(title, lines)


def _list(title: str, lines: Sequence[str]) -> list[str]:
    shown = fitted(lines, _FINDINGS_ROOM, lambda count: f"- {counted(count, 'more finding')}")
    return ["\n".join((f"### {title}", "", *shown))] if lines else []


def _finding_line(finding: Finding, head: Sha | None, round_: Round | None, facts: Facts) -> str:
    place = place_text(finding.location, facts, round_.review.repo if round_ else None, head)
    title = cut(finding.title.strip() or "a finding without a title", TITLE_ROOM, plain)
    return f"- **{severity_word(finding.severity)}** {place}: {title} ({code(short_id(finding))})"


def _held_back(held: Sequence[HeldBack]) -> str:
    """A duplicate is not counted: it was said, in other words."""
    count = sum(one.stage is not Stage.MERGE for one in held)
    was = "was" if count == 1 else "were"
    return f"{counted(count, 'finding')} {was} held back; the reasons are below." if count else ""


def _ask(facts: Facts) -> str:
    return f"<sub>{code(f'@{facts.app_slug} help')} in a comment lists what can be asked.</sub>"


def _paragraph(text: str) -> list[str]:
    return [text] if text.strip(". ") else []
