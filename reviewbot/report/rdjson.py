"""One review as rdjson."""

from __future__ import annotations

from reviewbot.domain.review import Review
from reviewbot.report.review_json import json_review


def rdjson_review(review: Review) -> str:
    """Not there yet in its own form."""
    return json_review(review)
