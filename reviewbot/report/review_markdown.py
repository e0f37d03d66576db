"""One review as GitHub Markdown."""

from __future__ import annotations

from reviewbot.domain.diff import Diff
from reviewbot.domain.review import Review
from reviewbot.report.review_terminal import terminal_review


def markdown_review(review: Review, diff: Diff) -> str:
    """The review in a code block."""
    return "\n".join(f"    {line}" for line in terminal_review(review, diff).splitlines())
