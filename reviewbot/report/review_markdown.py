"""One review as GitHub Markdown."""

from __future__ import annotations

from reviewbot.domain.diff import Diff
from reviewbot.domain.finding import Finding
from reviewbot.domain.markdown_text import code, code_block, plain
from reviewbot.domain.review import Review
from reviewbot.report.review_outcome import cost_line, outcome_line, unread_lines


def markdown_review(review: Review, diff: Diff) -> str:
    """The findings, the outcome, and what was not read."""
    parts = [f"**{plain(outcome_line(review))}**", ""]
    for finding in review.findings:
        parts += _finding(finding, diff)
    if unread := unread_lines(review.coverage.gaps):
        parts += ["Not read:", "", *(f"- {plain(line)}" for line in unread), ""]
    if cost := cost_line(review):
        parts.append(plain(cost))
    return "\n".join(parts).rstrip()


def _finding(finding: Finding, diff: Diff) -> list[str]:
    place = finding.location
    file = diff.file(place.path) if place else None
    shown = file.line_at(place.first_line, place.side) if file and place else None
    parts = [
        f"### {plain(finding.title)}",
        "",
        f"{finding.severity.value}, {code(str(place)) if place else 'no place'}",
        "",
    ]
    if shown is not None:
        parts += [*code_block([f"{shown.kind.value}{shown.text}"], "diff"), ""]
    parts += [plain(finding.explanation), ""]
    if finding.suggestion:
        parts += [f"Suggestion: {plain(finding.suggestion)}", ""]
    return parts
