"""How a check run ends: `success` is for complete reviews with nothing open, and for nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from reviewbot.domain.finding import Finding
from reviewbot.domain.policy import Conclusion, Gate, Policy
from reviewbot.domain.review import Outcome
from reviewbot.github.limits import counted


def conclusion_of(outcome: Outcome, findings: Sequence[Finding], gate: Gate) -> str:
    """In GitHub's words. `findings` are all that are open, new or not.

    A head that was not reviewed does not open the gate to findings of an earlier one: `skipped` would satisfy it.
    """
    if outcome is Outcome.SUPERSEDED:
        return Conclusion.NEUTRAL.value
    if gating(findings, gate):
        return Conclusion.FAILURE.value
    match outcome:
        case Outcome.COMPLETE:
            return Conclusion.NEUTRAL.value if findings else "success"
        case Outcome.SKIPPED:
            return Conclusion.NEUTRAL.value if findings else "skipped"
        case Outcome.PARTIAL | Outcome.FAILED:
            return gate.incomplete.value
        case Outcome.DEFERRED:
            return Conclusion.NEUTRAL.value
        case _:
            assert_never(outcome)


def gating(findings: Sequence[Finding], gate: Gate) -> tuple[Finding, ...]:
    """The findings that fail the check run."""
    bar = gate.fail_from
    return () if bar is None else tuple(finding for finding in findings if finding.severity.at_least(bar))


def why_it_fails(outcome: Outcome, findings: Sequence[Finding], policy: Policy) -> str:
    """A sentence for whoever finds the check run red; "" where it is not."""
    gate = policy.gate
    if conclusion_of(outcome, findings, gate) != Conclusion.FAILURE:
        return ""
    failing = gating(findings, gate)
    if failing and gate.fail_from is not None:
        bar = gate.fail_from.value
        graver = "" if bar == "critical" else " or graver"
        return (
            f"The check fails because {counted(len(failing), 'open finding')} "
            f"{'is' if len(failing) == 1 else 'are'} {bar}{graver} (`gate.fail_from` of the policy)."
        )
    return "The check fails because the review is not complete (`gate.incomplete` of the policy)."
