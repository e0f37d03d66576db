"""The review that a round puts on a pull request: comments on lines, and a body for what has no line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reviewbot.domain.diff import Diff
from reviewbot.domain.finding import Finding
from reviewbot.domain.policy import Policy
from reviewbot.domain.review import Outcome
from reviewbot.domain.round import Round
from reviewbot.github.facts import Facts
from reviewbot.github.finding_text import body_text, inline_text
from reviewbot.github.headline import coverage_words, found_words, sentence
from reviewbot.github.limits import BODY_ROOM, counted, fitted
from reviewbot.github.places import Anchor, anchor_of, place_text

__all__ = ["Facts", "InlineComment", "RenderedReview", "all_in_body", "render_review"]

_RULE = "\n\n---\n\n"


@dataclass(frozen=True, slots=True)
class InlineComment:
    """A comment on lines of the diff, in GitHub's words; `start_line` and `start_side` are None for a single line."""

    fingerprint: str
    path: str
    line: int
    side: str
    start_line: int | None
    start_side: str | None
    body: str


@dataclass(frozen=True, slots=True)
class RenderedReview:
    """What is sent, without its marks. `in_body` are the comments once more, as they would stand in the body."""

    body: str
    comments: tuple[InlineComment, ...]
    in_body: tuple[str, ...] = ()


def render_review(round_: Round, diff: Diff, policy: Policy, facts: Facts) -> RenderedReview | None:
    """The new findings of a round; None where there are none, because then there is nothing to say.

    Findings on lines that GitHub takes no comment for stand in the body (FAULTS.md F44).
    """
    if not round_.to_say:
        return None
    comments, in_body, without_line = [], [], []
    for finding in round_.to_say:
        place = place_text(finding.location, facts, round_.review.repo, round_.review.head)
        cited = next((one for one in round_.citations if one.fingerprint == finding.fingerprint), None)
        section = body_text(finding, place, diff, facts, cited)
        anchor = anchor_of(finding.location, diff)
        if anchor is None:
            without_line.append(section)
        else:
            comments.append(_comment(finding, anchor, inline_text(finding, diff, anchor, policy, facts, cited)))
            in_body.append(section)
    parts = [_opening(round_, len(without_line)), *without_line]
    return RenderedReview(_joined(parts), tuple(comments), tuple(in_body))


def all_in_body(rendered: RenderedReview) -> RenderedReview:
    """The same review without comments on lines, for when GitHub refuses one of them and does not say which."""
    if not rendered.comments:
        return rendered
    note = "GitHub did not take comments on these lines, so all findings stand here."
    return RenderedReview(_joined([rendered.body, note, *rendered.in_body]), ())


def _opening(round_: Round, without_line: int) -> str:
    """What a reader has to know before the findings: how many, and whether there may be more."""
    review = round_.review
    said = sentence(found_words(round_))
    read = sentence(coverage_words(review.coverage))
    if review.outcome is not Outcome.COMPLETE:
        gaps = f": {read[:1].lower()}{read[1:]}" if review.coverage.gaps else "."
        read = f"**This review is not complete**{gaps} The check run says why."
    return f"**{said}** {read}{_elsewhere(without_line)}"


def _elsewhere(without_line: int) -> str:
    """Why findings stand in the body; "" where none does."""
    match without_line:
        case 0:
            return ""
        case 1:
            return " 1 finding is on no line of the diff and stands below."
        case _:
            return f" {counted(without_line, 'finding')} are on no line of the diff and stand below."


def _comment(finding: Finding, anchor: Anchor, body: str) -> InlineComment:
    side = anchor.side.value
    start_side = None if anchor.start_line is None else side
    return InlineComment(finding.fingerprint, anchor.path, anchor.line, side, anchor.start_line, start_side, body)


def _joined(parts: Sequence[str]) -> str:
    return _RULE.join(fitted(parts, BODY_ROOM, _more, _RULE))


def _more(count: int) -> str:
    return f"{counted(count, 'more finding')} had no room here; the check run names {'it' if count == 1 else 'them'}."
