"""One review on a terminal: plain text, readable in a log as well."""

from __future__ import annotations

import textwrap

from reviewbot.domain.diff import Diff
from reviewbot.domain.finding import Finding
from reviewbot.domain.review import Review
from reviewbot.domain.text import revealed
from reviewbot.report.review_outcome import cost_line, outcome_line, unread_lines
from reviewbot.report.words import one_line

_WIDTH = 100


def terminal_review(review: Review, diff: Diff) -> str:
    """The findings, then one honest line about how far the review went."""
    parts = [_finding(one, diff) for one in review.findings]
    end = [outcome_line(review), *(f"  {line}" for line in unread_lines(review.coverage.gaps)), cost_line(review)]
    return revealed("\n\n".join([*parts, "\n".join(line for line in end if line)]))


def _finding(finding: Finding, diff: Diff) -> str:
    place = finding.location
    lines = [one_line(f"{place or 'the whole change'}: {finding.severity.value}: {finding.title}")]
    file = diff.file(place.path) if place else None
    shown = file.line_at(place.first_line, place.side) if file and place else None
    if shown is not None:
        lines.append(f"    {shown.kind.value} {one_line(shown.text)}")
    elif finding.anchor_text:
        lines.append(f"      {one_line(finding.anchor_text)}")
    lines.append(_wrapped(finding.explanation))
    if finding.suggestion:
        lines.append(_wrapped(f"Suggestion: {finding.suggestion}"))
    by = ", ".join(finding.agreed_by) or finding.reviewer
    rule = finding.rule or finding.category.value
    lines.append("  " + one_line(f"[{rule}, confidence {finding.confidence:.1f}, by {by}]"))
    return "\n".join(lines)


def _wrapped(text: str) -> str:
    paragraphs = text.strip().splitlines()
    return "\n".join(textwrap.fill(line, _WIDTH, initial_indent="  ", subsequent_indent="  ") for line in paragraphs)
