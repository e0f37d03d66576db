"""One review on a terminal: plain text, readable in a log as well."""

from __future__ import annotations

from reviewbot.domain.diff import Diff
from reviewbot.domain.review import Review
from reviewbot.domain.text import revealed
from reviewbot.report.review_outcome import cost_line, outcome_line, unread_lines


def terminal_review(review: Review, diff: Diff) -> str:
    """The findings, then one honest line about how far the review went."""
    lines = [
        f"{one.location or 'whole change'}: {one.severity.value}: {one.title}\n{one.explanation}\n"
        for one in review.findings
    ]
    return revealed("\n".join([*lines, outcome_line(review), *unread_lines(review.coverage.gaps), cost_line(review)]))
