"""The one door of the engine: a change and reviewers in, a review out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from reviewbot.domain.change import Change
from reviewbot.domain.diff import Side
from reviewbot.domain.effort import Effort
from reviewbot.domain.finding import Finding
from reviewbot.domain.policy import Policy
from reviewbot.domain.remark import Remark
from reviewbot.domain.review import (
    Coverage,
    FileCoverage,
    Funnel,
    Outcome,
    Review,
    ReviewerRun,
    SkipReason,
)
from reviewbot.domain.secret_text import without_secrets
from reviewbot.domain.text import printable
from reviewbot.engine.anchor import SourceLines, anchor
from reviewbot.engine.choose import choose
from reviewbot.engine.effort import plan_for
from reviewbot.engine.file_kinds import is_marked_generated
from reviewbot.engine.merge import merge
from reviewbot.engine.outline import NewPart
from reviewbot.engine.redacted import HiddenSecrets, RedactedSnapshot, redacted_change, redacted_finding
from reviewbot.engine.runs import REVIEWER_SECONDS, runs_of
from reviewbot.engine.select import Selection, pick_paths
from reviewbot.engine.verify import Verified, Verifier, verify
from reviewbot.ports import Model, Reviewer, ReviewTask, Snapshot

_MOST_REMARKS = 20


@dataclass(frozen=True)
class Reviewable:
    """A change together with the files around it, before (`base`) and after (`head`)."""

    change: Change
    base: Snapshot
    head: Snapshot


@dataclass(frozen=True)
class SecondLook:
    """The model that checks what reviewers found; the effort says how much of it.

    `remarks` tells, once there is something to check, what others have said of the change.
    """

    model: Model
    effort: Effort
    remarks: Callable[[], Sequence[Remark]] = tuple


def review(
    reviewable: Reviewable,
    reviewers: Sequence[Reviewer],
    policy: Policy | None = None,
    trial: int = 1,
    timeout_seconds: float = REVIEWER_SECONDS,
    part: NewPart | None = None,
    cancelled: Callable[[], bool] | None = None,
    second_look: SecondLook | None = None,
) -> Review:
    """Selects what to read, lets every reviewer read it, and anchors, merges, checks and chooses what they found.

    Never raises for what a reviewer does: one that raises, returns something else than a run, or takes longer than
    `timeout_seconds` has failed, and the findings of the others stand. A spent budget or a full disk (BudgetExhausted,
    StoreError) ends the review by exception, because it ends the whole run; so does ReviewCancelled, once `cancelled`
    is true. Of a change of which earlier rounds have read something, only `part` is read; findings may stand anywhere.
    """
    policy = policy or Policy()
    reviewable, part, secrets = _redacted(reviewable, part)
    change = reviewable.change
    selection = pick_paths(part.diff, policy, lambda path: _was_generated(reviewable, path))
    new_change = replace(change, diff=part.diff)
    task = ReviewTask(new_change, reviewable.head, reviewable.base, policy, selection.paths, trial)
    runs = runs_of(task, reviewers, timeout_seconds, cancelled) if selection.paths else ()
    runs = tuple(_redacted_run(run) for run in runs)
    generated = [finding for run in runs for finding in run.findings]
    anchored = anchor(generated, change.diff, _source_lines(reviewable))
    merged = merge(anchored.findings)
    verified = _verified(task, merged.findings, second_look, _source_lines(reviewable), cancelled)
    chosen = choose(verified.findings, policy)
    held_back = (*anchored.held_back, *merged.held_back, *verified.held_back, *chosen.held_back)
    coverage = _coverage(change, part, selection, runs)
    outcome, reason = _with_checks(_outcome(change, selection, runs, coverage, reviewers), verified.run)
    return Review(
        outcome=outcome,
        reason=reason,
        repo=change.repo,
        base=change.base,
        head=change.head,
        findings=chosen.findings,
        held_back=tuple(replace(held, reason=without_secrets(held.reason)) for held in held_back),
        coverage=coverage,
        runs=_noted(runs if verified.run is None else (*runs, verified.run), secrets),
        funnel=Funnel(
            generated=len(generated),
            anchored=len(anchored.findings),
            merged=len(merged.findings),
            verified=len(verified.findings),
            chosen=len(chosen.findings),
        ),
    )


def _redacted(reviewable: Reviewable, part: NewPart | None) -> tuple[Reviewable, NewPart, HiddenSecrets]:
    """The same without secrets, which of a redacted change are hidden already; and what is to be read of it."""
    change, base, head = reviewable.change, reviewable.base, reviewable.head
    if isinstance(head, RedactedSnapshot):
        return reviewable, part or NewPart(change.diff), head.secrets
    secrets = HiddenSecrets()
    shown = redacted_change(change, secrets)
    if part is not None:
        part = replace(part, diff=redacted_change(replace(change, diff=part.diff), secrets).diff)
    around = Reviewable(shown, RedactedSnapshot(base, secrets), RedactedSnapshot(head, secrets))
    return around, part or NewPart(shown.diff), secrets


def _redacted_run(run: ReviewerRun) -> ReviewerRun:
    """What a reviewer says, without secrets that it read by itself, as a program does."""
    return replace(
        run,
        findings=tuple(map(redacted_finding, run.findings)),
        failure=None if run.failure is None else without_secrets(run.failure),
        notes=tuple(map(without_secrets, run.notes)),
    )


def _noted(runs: Sequence[ReviewerRun], secrets: HiddenSecrets) -> tuple[ReviewerRun, ...]:
    """The runs, of which the first that asked a model says how many secrets it was not shown."""
    first = next((run for run in runs if run.calls), None)
    if first is None or not secrets.words:
        return tuple(runs)
    return tuple(replace(run, notes=(secrets.words, *run.notes)) if run is first else run for run in runs)


def _verified(
    task: ReviewTask,
    findings: Sequence[Finding],
    second_look: SecondLook | None,
    source_lines: SourceLines,
    cancelled: Callable[[], bool] | None,
) -> Verified:
    """What survives a second look; everything, where the effort has none."""
    if second_look is None:
        return Verified(tuple(findings), (), None)
    files = [file for file in task.change.diff.files if file.path in task.paths]
    plan = plan_for(second_look.effort, files, bool(task.change.title or task.change.description))
    if not plan.refuted or not findings:
        return Verified(tuple(findings), (), None)
    remarks = tuple(second_look.remarks()[:_MOST_REMARKS])
    verifier = Verifier(
        second_look.model, plan.refuted, plan.refuter_tokens, plan.refuter_looks, plan.refuter_calls, remarks
    )
    return verify(task, findings, verifier, source_lines, cancelled)


def _with_checks(outcome: tuple[Outcome, str], run: ReviewerRun | None) -> tuple[Outcome, str]:
    """A review whose findings could not all be checked is no complete one."""
    if run is None or run.failure is None:
        return outcome
    ended, reason = outcome
    said = f"{run.reviewer} failed: {run.failure}"
    return Outcome.PARTIAL if ended is Outcome.COMPLETE else ended, f"{reason}; {said}" if reason else said


def _was_generated(reviewable: Reviewable, path: str) -> bool:
    """Whether the file carries a marker, and not only since this change, which could hide behind one."""
    return is_marked_generated(reviewable.base.read_file(path)) and is_marked_generated(reviewable.head.read_file(path))


def _source_lines(reviewable: Reviewable) -> SourceLines:
    @cache
    def lines(path: str, side: Side) -> tuple[str, ...] | None:
        content = (reviewable.base if side is Side.LEFT else reviewable.head).read_file(path)
        return None if content is None else tuple(content.decode("utf-8", "surrogateescape").split("\n"))

    return lines


def _coverage(change: Change, part: NewPart, selection: Selection, runs: Sequence[ReviewerRun]) -> Coverage:
    """A file is read when one reviewer read it whole; otherwise the gravest reason says why not."""
    skipped = {file.path: file for file in (*part.reviewed_before, *selection.skipped)}
    read = frozenset(path for run in runs for path in run.paths_read)
    rows = []
    for file in change.diff.files:
        if file.path in skipped:
            rows.append(skipped[file.path])
        elif file.path in read:
            rows.append(FileCoverage(file.path, len(file.hunks), len(file.hunks)))
        else:
            rows.append(FileCoverage(file.path, 0, len(file.hunks), _reason_unread(file.path, runs)))
    return Coverage(tuple(replace(row, path=printable(row.path)) for row in rows))


def _reason_unread(path: str, runs: Sequence[ReviewerRun]) -> SkipReason:
    given = {reason for run in runs for unread, reason in run.paths_unread if unread == path}
    if any(run.failure for run in runs):
        given.add(SkipReason.REVIEWER_FAILED)
    for reason in (SkipReason.REVIEWER_FAILED, SkipReason.BUDGET, SkipReason.TOO_LARGE):
        if reason in given:
            return reason
    return SkipReason.NOT_SUPPORTED


def _outcome(
    change: Change,
    selection: Selection,
    runs: Sequence[ReviewerRun],
    coverage: Coverage,
    reviewers: Sequence[Reviewer],
) -> tuple[Outcome, str]:
    failures = [f"{run.reviewer} failed: {run.failure}" for run in runs if run.failure]
    if not reviewers:
        return Outcome.FAILED, "no reviewer was asked"
    if change.diff.is_empty and not change.is_cut:
        return Outcome.SKIPPED, "the change is empty"
    was_read_before = any(file.skipped is SkipReason.REVIEWED_BEFORE for file in coverage.files)
    if not selection.paths and not coverage.gaps and not change.is_cut:
        if was_read_before:
            return Outcome.COMPLETE, ""
        return Outcome.SKIPPED, f"nothing to review: {_counted(coverage.skipped)}"
    if runs and len(failures) == len(runs) and not coverage.read:
        return Outcome.FAILED, "; ".join(failures)
    if not runs:
        nothing = "nothing new" if was_read_before else "nothing"
        return Outcome.PARTIAL, f"{nothing} was read: {_first_gap(coverage)}; split it into smaller changes"
    shortfalls = [*failures, *_too_much(change, coverage)]
    return (Outcome.PARTIAL, "; ".join(shortfalls)) if shortfalls else (Outcome.COMPLETE, "")


def _too_much(change: Change, coverage: Coverage) -> list[str]:
    """What of the change was not read although somebody should."""
    gaps = [f"not read: {_counted(coverage.gaps)}"] if coverage.gaps else []
    cut = ["the diff is over the size limit: files at its end were left out"] if change.is_cut else []
    return [*gaps, *cut]


def _first_gap(coverage: Coverage) -> str:
    gaps = coverage.gaps
    if not gaps:
        return "the diff is over the size limit"
    first, more = gaps[0], f" and {len(gaps) - 1} more" if len(gaps) > 1 else ""
    why = first.detail or (first.skipped.words if first.skipped else "not read")
    return f"{first.path}{more}: {why}"


def _counted(files: Sequence[FileCoverage]) -> str:
    """`3 × lock file, 1 × generated file`."""
    counts = Counter(file.skipped for file in files if file.skipped)
    return ", ".join(f"{count} × {reason.words}" for reason, count in counts.most_common())
