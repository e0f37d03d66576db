"""One review as reviewdog's DiagnosticResult (rdjson)."""

from __future__ import annotations

import json

from reviewbot.domain.diff import Side
from reviewbot.domain.finding import Finding, Severity
from reviewbot.domain.review import Review
from reviewbot.domain.text import printable

_SEVERITIES = {
    Severity.CRITICAL: "ERROR",
    Severity.HIGH: "ERROR",
    Severity.MEDIUM: "WARNING",
    Severity.LOW: "INFO",
}


def rdjson_review(review: Review) -> str:
    """The findings that have a file; the format has no word for an incomplete review, so exit codes tell that."""
    document = {
        "source": {"name": "reviewbot"},
        "diagnostics": [_diagnostic(finding) for finding in review.findings if finding.location is not None],
    }
    return json.dumps(document, indent=2, allow_nan=False)


def _diagnostic(finding: Finding) -> dict[str, object]:
    place = finding.location
    assert place is not None, "only findings with a place are written"
    location: dict[str, object] = {"path": printable(place.path)}
    if place.side is Side.RIGHT:
        location["range"] = {"start": {"line": place.first_line}, "end": {"line": place.last_line}}
    return {
        "message": printable(f"{finding.title}\n\n{finding.explanation}"),
        "location": location,
        "severity": _SEVERITIES[finding.severity],
        "code": {"value": printable(finding.rule or finding.category.value)},
    }
