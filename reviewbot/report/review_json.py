"""One review as JSON, version 1: everything that is known of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from decimal import Decimal

from reviewbot.domain.finding import Finding
from reviewbot.domain.review import HeldBack, Review, ReviewerRun
from reviewbot.domain.text import printable


def json_review(review: Review) -> str:
    """The review with what was held back, what was read and what it cost; keys in a fixed order."""
    document = {
        "version": 1,
        "outcome": review.outcome.value,
        "reason": review.reason,
        "repo": str(review.repo) if review.repo else None,
        "base": review.base,
        "head": review.head,
        "findings": [finding_object(finding) for finding in review.findings],
        "held_back": [_held_back(held) for held in review.held_back],
        "coverage": {
            "files": [{**asdict(file), "is_gap": file in review.coverage.gaps} for file in review.coverage.files]
        },
        "runs": [_run(run) for run in review.runs],
        "usage": asdict(review.usage),
        "cost_usd": _amount(review.cost_usd),
        "funnel": asdict(review.funnel),
    }
    return json.dumps(_clean(document), indent=2, allow_nan=False)


def finding_object(finding: Finding) -> dict[str, object]:
    """A finding as JSON shows it everywhere."""
    place = finding.location
    return {
        "fingerprint": finding.fingerprint,
        "title": finding.title,
        "explanation": finding.explanation,
        "severity": finding.severity.value,
        "confidence": finding.confidence,
        "category": finding.category.value,
        "path": place.path if place else None,
        "first_line": place.first_line if place else None,
        "last_line": place.last_line if place else None,
        "side": place.side.value if place else None,
        "line_text": finding.anchor_text or None,
        "evidence": list(finding.evidence),
        "suggestion": finding.suggestion,
        "origin": finding.origin.value,
        "rule": finding.rule,
        "reviewer": finding.reviewer,
        "agreed_by": list(finding.agreed_by),
    }


def _held_back(held: HeldBack) -> dict[str, object]:
    return {"stage": held.stage.value, "reason": held.reason, "finding": finding_object(held.finding)}


def _run(run: ReviewerRun) -> dict[str, object]:
    return {
        "reviewer": run.reviewer,
        "model": run.model,
        "prompt_version": run.prompt_version,
        "failure": run.failure,
        "findings": len(run.findings),
        "paths_read": sorted(run.paths_read),
        "paths_unread": [{"path": path, "reason": reason.value} for path, reason in run.paths_unread],
        "calls": [{**asdict(call), "cost_usd": _amount(call.cost_usd)} for call in run.calls],
        "usage": asdict(run.usage),
        "cost_usd": _amount(run.cost_usd),
        "seconds": run.seconds,
        "notes": list(run.notes),
    }


def _amount(cost: Decimal | None) -> float | None:
    return None if cost is None else float(cost)


def _clean(value: object) -> object:
    """The same value with its text free of lone surrogates."""
    if isinstance(value, str):
        return printable(str(value))
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value
