"""Deciding which findings are worth somebody's attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reviewbot.domain.finding import Finding, Origin
from reviewbot.domain.policy import Policy
from reviewbot.domain.review import HeldBack, Stage


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is said, gravest first, and what is held back and why."""

    findings: tuple[Finding, ...]
    held_back: tuple[HeldBack, ...]


def choose(findings: Sequence[Finding], policy: Policy) -> Chosen:
    """Holds back what is older than the change, below a threshold, or beyond the cap."""
    chosen: list[Finding] = []
    held: list[HeldBack] = []
    for finding in sorted(findings, key=_urgency):
        reason = _reason_against(finding, policy)
        if reason is None and len(chosen) >= policy.max_findings:
            reason = f"beyond the cap of {policy.max_findings} findings"
        if reason is None:
            chosen.append(finding)
        else:
            held.append(HeldBack(finding, Stage.CHOOSE, reason))
    return Chosen(tuple(chosen), tuple(held))


def _urgency(finding: Finding) -> tuple[int, float]:
    return (-finding.severity.weight, -finding.confidence)


def _reason_against(finding: Finding, policy: Policy) -> str | None:
    if finding.origin is Origin.PRE_EXISTING:
        return "was there before this change"
    if not finding.severity.at_least(policy.min_severity):
        return f"severity {finding.severity} is below {policy.min_severity}"
    if finding.confidence < policy.min_confidence:
        return f"confidence {finding.confidence:.2f} is below {policy.min_confidence:.2f}"
    return None
