"""Deciding which findings survive a second look, and how sure and how grave the survivors are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from time import monotonic

from reviewbot.dialogue import Asked, load_prompt, stand_ins
from reviewbot.domain.finding import Finding, Origin, Severity
from reviewbot.domain.remark import Remark
from reviewbot.domain.review import HeldBack, ReviewerRun, Stage
from reviewbot.domain.text import printable, shortened
from reviewbot.engine.anchor import SourceLines
from reviewbot.engine.refuting import AlreadySaid, Check, Harm, Reach, Ruling, Worth, refute
from reviewbot.errors import ReviewCancelled
from reviewbot.ports import Model, ReviewTask
from reviewbot.telemetry import carried

VERIFIER = "verifier"
"""The name of its run among those of the reviewers."""

_AT_ONCE = 6
_MOST_SHARED_LOOKS = 2
_UNCHECKED = 0.8
"""What is left of a reviewer's own confidence where no second look could be taken."""

_SEVERITY = {
    Harm.DATA_LOSS: (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM),
    Harm.SECURITY: (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM),
    Harm.OUTAGE: (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM),
    Harm.FAILURE: (Severity.HIGH, Severity.MEDIUM, Severity.LOW),
    Harm.DEGRADED: (Severity.MEDIUM, Severity.MEDIUM, Severity.LOW),
    Harm.COSMETIC: (Severity.LOW, Severity.LOW, Severity.LOW),
}
"""The rubric: by harm, for those who meet it being most, some, or few."""


@dataclass(frozen=True)
class Verifier:
    """A model that checks at most `limit` findings, each with so much material and so many looks around.

    Where few are to be checked, they share the `calls` that are left over as further looks. What `remarks` say is not
    said again.
    """

    model: Model
    limit: int
    tokens: int
    looks: int = 0
    calls: int = 0
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Verified:
    """The survivors, the others with the reason, and the run that checked them."""

    findings: tuple[Finding, ...]
    held_back: tuple[HeldBack, ...]
    run: ReviewerRun | None


def verify(
    task: ReviewTask,
    findings: Sequence[Finding],
    verifier: Verifier,
    source_lines: SourceLines,
    cancelled: Callable[[], bool] | None = None,
) -> Verified:
    """Gives the strongest findings a refuter each; what has none is held back, what a refuter fails on stands.

    What one of our rules found stands in any case as it is, less sure where it was refuted: a text in the change can
    talk a model out of a finding, but not a rule (FAULTS.md S11).
    A finding that a failed refuter leaves unchecked keeps most of its reviewer's confidence, and the run says so.
    ReviewCancelled once `cancelled` is true before a refuter is asked; BudgetExhausted and StoreError pass through.
    """
    if not findings:
        return Verified((), (), None)
    started = monotonic()
    ranked = sorted(findings, key=_rank)
    checked, rest = ranked[: verifier.limit], [one for one in ranked[verifier.limit :] if not one.is_of_a_rule]
    unchecked = [one for one in ranked[verifier.limit :] if one.is_of_a_rule]
    looks = max(verifier.looks, min(_MOST_SHARED_LOOKS, verifier.calls // len(checked) - 1))
    with ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(checked))) as pool:
        ask = carried(lambda one: _asked(task, one, checked, verifier, looks, cancelled))
        asked = list(pool.map(ask, checked))
    rulings = [_ruled(finding, one, source_lines) for finding, one in zip(checked, asked, strict=True)]
    survivors, held = _sorted_out(checked, rulings, verifier.remarks)
    faint = _faint(survivors, {one.fingerprint for one, reply in zip(checked, asked, strict=True) if reply.answer})
    held += [HeldBack(one, Stage.VERIFY, "minor, and seen by one reading alone") for one in faint]
    reason = f"was not checked: a review of this effort checks {verifier.limit} findings, the gravest and surest first"
    held += [HeldBack(finding, Stage.VERIFY, reason) for finding in rest]
    return Verified(
        (*(one for one in survivors if one not in faint), *unchecked),
        tuple(held),
        _run(asked, verifier, monotonic() - started),
    )


def calibrated(finding: Finding, check: Check, quotes_found: int) -> float:
    """How sure a confirmed finding is, 0 to 1, from what was observed of it.

    Weighs what a machine or another reader has seen more than what its reviewer said of itself.
    """
    confidence = 0.7 + 0.2 * (finding.confidence - 0.5)
    confidence += 0.1 if len(finding.agreed_by) > 1 else 0.0
    confidence += 0.05 if check.is_argued else -0.2
    confidence -= 0.15 if quotes_found < len(check.quotes) else 0.0
    confidence -= 0.15 if check.origin is Origin.UNKNOWN else 0.0
    confidence -= 0.1 if check.reach is Reach.FEW else 0.0
    return round(min(0.98, max(0.05, confidence)), 2)


def severity_of(harm: Harm, reach: Reach) -> Severity:
    """The severity by the rubric, whatever the reviewer called it."""
    return _SEVERITY[harm][list(Reach).index(reach)]


def _faint(survivors: Sequence[Finding], checked: Set[str]) -> list[Finding]:
    """Those that are no reason to interrupt: little hangs on them, and one reading saw them, which was no tool."""
    return [
        one
        for one in survivors
        if one.fingerprint in checked and one.severity is Severity.LOW and len(one.agreed_by) < 2 and not one.rule
    ]


@dataclass(frozen=True, slots=True)
class _Ruled:
    """The finding as it goes on, or the reason why it does not."""

    finding: Finding | None
    reason: str = ""
    same_as: int = 0


def _rank(finding: Finding) -> tuple[object, ...]:
    return (
        finding.origin is Origin.PRE_EXISTING,
        -finding.severity.weight * finding.confidence,
        -len(finding.agreed_by),
        finding.fingerprint,
    )


def _asked(
    task: ReviewTask,
    finding: Finding,
    all_of_them: Sequence[Finding],
    verifier: Verifier,
    looks: int,
    cancelled: Callable[[], bool] | None,
) -> Asked[Check]:
    if cancelled is not None and cancelled():
        raise ReviewCancelled("the review was given up: its change is no longer the one that is wanted")
    others = [one for one in all_of_them if one is not finding]
    said = AlreadySaid(tuple(others), verifier.remarks)
    return refute(task, finding, said, verifier.model, verifier.tokens, looks)


def _ruled(finding: Finding, asked: Asked[Check], source_lines: SourceLines) -> _Ruled:
    check = asked.answer
    doubted = replace(finding, confidence=round(finding.confidence * _UNCHECKED, 2))
    if check is None:
        return _Ruled(doubted)
    reason = _reason_against(check, source_lines)
    if reason:
        return _Ruled(doubted) if finding.is_of_a_rule else _Ruled(None, reason)
    confirmed = replace(
        finding,
        severity=severity_of(check.harm, check.reach),
        confidence=calibrated(finding, check, check.quotes_found(source_lines)),
        origin=check.origin,
    )
    if finding.is_of_a_rule:
        return _Ruled(replace(finding, confidence=max(confirmed.confidence, doubted.confidence)))
    return _Ruled(confirmed, same_as=check.same_as)


def _reason_against(check: Check, source_lines: SourceLines) -> str:
    """Why a finding does not survive a check; "" where it does."""
    if check.ruling is not Ruling.CONFIRMED:
        return f"{check.ruling}: {check.reason}"
    if not check.quotes_found(source_lines):
        return "unproven: not one line that the check rests on stands in the files it names"
    return f"not worth an interruption: {check.reason}" if check.worth is Worth.NOTHING else ""


def _sorted_out(
    checked: Sequence[Finding], rulings: Sequence[_Ruled], remarks: Sequence[Remark]
) -> tuple[list[Finding], list[HeldBack]]:
    """The survivors without those that a refuter knew again in a survivor before them, or in what others said."""
    survivors: dict[int, Finding] = {}
    held: list[HeldBack] = []
    for at, (finding, ruling) in enumerate(zip(checked, rulings, strict=True)):
        twin = _position(ruling.same_as, at)
        if ruling.finding is None:
            held.append(HeldBack(finding, Stage.VERIFY, ruling.reason))
        elif len(checked) <= twin < len(checked) + len(remarks):
            said = shortened(printable(remarks[twin - len(checked)].words), 300)
            held.append(HeldBack(ruling.finding, Stage.MERGE, f"was said already: {said}"))
        elif twin in survivors:
            kept = survivors[twin]
            survivors[twin] = replace(kept, agreed_by=tuple(sorted({*kept.agreed_by, *finding.agreed_by})))
            held.append(HeldBack(ruling.finding, Stage.MERGE, f"says the same as “{kept.title}”"))
        else:
            survivors[at] = ruling.finding
    return list(survivors.values()), held


def _position(same_as: int, at: int) -> int:
    """Where in the whole list a claim stands that was numbered without the one at `at`; -1 for none."""
    return -1 if not same_as else same_as - 1 if same_as - 1 < at else same_as


def _run(asked: Sequence[Asked[Check]], verifier: Verifier, seconds: float) -> ReviewerRun:
    calls = tuple(call for one in asked for call in one.calls)
    failures = [one.failure for one in asked if one.failure]
    counted = Counter(one.answer.ruling for one in asked if one.answer is not None)
    said = ", ".join(f"{counted[ruling]} {ruling}" for ruling in Ruling if counted[ruling])
    failure = None
    if failures:
        failure = f"{len(failures)} of {len(asked)} findings could not be checked: {failures[0]}"
    return ReviewerRun(
        reviewer=VERIFIER,
        calls=calls,
        model=calls[-1].model if calls else verifier.model.name,
        prompt_version=f"verify@{load_prompt('verify').version}",
        failure=failure,
        seconds=seconds,
        notes=(*((f"{len(asked)} checked: {said}",) if said else ()), *stand_ins(verifier.model.name, calls)),
    )
