"""One review as SARIF 2.1.0, for code scanning and editors."""

from __future__ import annotations

import json
from urllib.parse import quote

from reviewbot import __version__
from reviewbot.domain.diff import Side
from reviewbot.domain.finding import Category, Finding, Location, Severity
from reviewbot.domain.review import Outcome, Review
from reviewbot.domain.text import printable
from reviewbot.report.review_outcome import outcome_line, unread_lines

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_SECURITY_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "3.0"}


def sarif_review(review: Review) -> str:
    """The findings as results; a review that is not complete says so in its invocation, as SARIF has it."""
    ids = sorted({_rule_id(finding) for finding in review.findings})
    document = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "reviewbot", "version": __version__, "rules": _rules(review, ids)}},
                "columnKind": "unicodeCodePoints",
                "invocations": [_invocation(review)],
                "results": [_result(finding, ids) for finding in review.findings],
            }
        ],
    }
    return json.dumps(document, indent=2, allow_nan=False)


def _rule_id(finding: Finding) -> str:
    return printable(finding.rule or f"{finding.reviewer}/{finding.category.value}")


def _rules(review: Review, ids: list[str]) -> list[dict[str, object]]:
    """One rule per id; security rules carry the score of their gravest finding, as GitHub reads it."""
    rules: list[dict[str, object]] = []
    for rule_id in ids:
        findings = [finding for finding in review.findings if _rule_id(finding) == rule_id]
        rule: dict[str, object] = {"id": rule_id, "shortDescription": {"text": rule_id}}
        grave = max((one.severity for one in findings if one.category is Category.SECURITY), key=_weight, default=None)
        if grave is not None:
            rule["properties"] = {"tags": ["security"], "security-severity": _SECURITY_SCORES[grave]}
        rules.append(rule)
    return rules


def _weight(severity: Severity) -> int:
    return severity.weight


def _result(finding: Finding, ids: list[str]) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": _rule_id(finding),
        "ruleIndex": ids.index(_rule_id(finding)),
        "level": _LEVELS[finding.severity],
        "message": {"text": printable(f"{finding.title}\n\n{finding.explanation}")},
        "partialFingerprints": {"reviewbot/v1": finding.fingerprint},
        "properties": {
            "severity": finding.severity.value,
            "confidence": finding.confidence,
            "category": finding.category.value,
        },
    }
    if finding.location is not None:
        result["locations"] = [_location(finding.location)]
    return result


def _location(place: Location) -> dict[str, object]:
    """A removed line has no place in the file as it is now, so only its file is named."""
    physical: dict[str, object] = {"artifactLocation": {"uri": quote(printable(place.path)), "uriBaseId": "%SRCROOT%"}}
    if place.side is Side.RIGHT:
        physical["region"] = {"startLine": place.first_line, "endLine": place.last_line}
    return {"physicalLocation": physical}


def _invocation(review: Review) -> dict[str, object]:
    is_whole = review.outcome in (Outcome.COMPLETE, Outcome.SKIPPED)
    invocation: dict[str, object] = {"executionSuccessful": is_whole}
    if not is_whole:
        said = [outcome_line(review), *unread_lines(review.coverage.gaps), *_failures(review)]
        level = "error" if review.outcome is Outcome.FAILED else "warning"
        invocation["toolExecutionNotifications"] = [
            {"level": level, "message": {"text": printable(text)}} for text in dict.fromkeys(said)
        ]
    return invocation


def _failures(review: Review) -> list[str]:
    return [f"{run.reviewer}: {run.failure}" for run in review.runs if run.failure]
