"""The forms in which one review can be written."""

from __future__ import annotations

from reviewbot.domain.diff import Diff
from reviewbot.domain.review import Review
from reviewbot.errors import InputError


def render_review(review: Review, diff: Diff, form: str) -> str:
    """The review as `terminal`, `json`, `sarif`, `rdjson` or `markdown`; raises InputError for another form.

    Each form is imported only when it is asked for.
    """
    match form:
        case "terminal":
            from reviewbot.report.review_terminal import terminal_review

            return terminal_review(review, diff)
        case "json":
            from reviewbot.report.review_json import json_review

            return json_review(review)
        case "sarif":
            from reviewbot.report.sarif import sarif_review

            return sarif_review(review)
        case "rdjson":
            from reviewbot.report.rdjson import rdjson_review

            return rdjson_review(review)
        case "markdown":
            from reviewbot.report.review_markdown import markdown_review

            return markdown_review(review, diff)
    raise InputError(f"no review format {form!r}: use terminal, json, sarif, rdjson or markdown")
