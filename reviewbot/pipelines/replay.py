"""Replays historical changes through the engine, with nothing later than the change in sight.

This pipeline never learns what a change caused: it sees exposures, not answers (an import contract holds it to that).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random
from threading import Event
from time import monotonic

from reviewbot.domain.change import Change
from reviewbot.domain.diff_text import parse_diff
from reviewbot.domain.finding import Finding
from reviewbot.domain.incident import CaseKind, Exposure
from reviewbot.domain.policy import Policy
from reviewbot.domain.replay import Replay
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.domain.review import Outcome, Review
from reviewbot.engine.review import Reviewable, SecondLook, review
from reviewbot.engine.runs import REVIEWER_SECONDS
from reviewbot.errors import BudgetExhausted, GitError, InputError
from reviewbot.git.merges import pull_of_commit
from reviewbot.git.repository import Repository
from reviewbot.git.snapshot import RevisionSnapshot
from reviewbot.ports import Reviewer

MAX_DIFF_BYTES = 64 * 2**20
"""A larger diff is no change that anybody reviews; the case is marked and the others go on."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One way of reviewing that is measured: a name, its reviewers, and how often each case is put to it."""

    name: str
    label: str
    reviewers: tuple[Reviewer, ...]
    model: str | None
    trials: int
    second_look: SecondLook | None = None
    is_untitled: bool = False
    """Whether the title and the description of each change are kept from it."""
    said_then: Callable[[RepoName, int], Sequence[Finding] | None] | None = None
    """In place of a review: what was said on the pull request at the time; None where it was not reviewed."""


@dataclass(frozen=True)
class ReplayPlan:
    """What is to be replayed. `find_repository` opens a repository by name or raises; `done` are keys to leave out.

    Arms and trials of a case follow each other over one opened change, or are all begun at once (`at_once`), which is
    worth it where each of them waits for long.
    """

    exposures: Sequence[Exposure]
    kinds: dict[str, CaseKind]
    arms: Sequence[Arm]
    find_repository: Callable[[RepoName], Repository]
    policy: Policy = field(default_factory=Policy)
    done: frozenset[tuple[str, str, int]] = frozenset()
    concurrency: int = 4
    seed: str = ""
    reviewer_seconds: float = REVIEWER_SECONDS
    at_once: bool = False

    def pieces(self, exposure: Exposure) -> list[list[tuple[Arm, int]]]:
        """What is still to be replayed of a case, as it is handed to the threads."""
        pending = self.pending(exposure)
        return [[one] for one in pending] if self.at_once else [pending]

    def pending(self, exposure: Exposure) -> list[tuple[Arm, int]]:
        """Arms and trials of one case that are still to be replayed."""
        return [
            (arm, trial)
            for arm in self.arms
            for trial in range(1, arm.trials + 1)
            if (exposure.case, arm.name, trial) not in self.done
        ]

    @property
    def total(self) -> int:
        return sum(arm.trials for arm in self.arms) * len(self.exposures)


def replay(plan: ReplayPlan, record: Callable[[Replay], None]) -> str | None:
    """Replays every case of the plan, in random order, and records each result as soon as it is there.

    The reason why it stopped early ("interrupted", or what exhausted the budget), or None. A case that cannot be
    replayed is recorded as failed and the others go on.
    """
    exposures = list(plan.exposures)
    Random(plan.seed).shuffle(exposures)  # noqa: S311 - an order, not a secret
    stop = Event()
    pool = ThreadPoolExecutor(max_workers=max(1, plan.concurrency), thread_name_prefix="replay")
    try:
        pieces = [(one, piece) for one in exposures for piece in plan.pieces(one)]
        if plan.at_once:
            pieces.sort(key=lambda piece: [trial for _, trial in piece[1]])  # first trials first
        return _drain(pool, (pool.submit(_replay_case, plan, *piece, record, stop) for piece in pieces), stop)
    except KeyboardInterrupt:
        return "interrupted"
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


def _drain(pool: ThreadPoolExecutor, futures: Iterator[Future[None]], stop: Event) -> str | None:
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
        for future in done:
            try:
                future.result()
            except BudgetExhausted as error:
                stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                return str(error)
    return None


def _replay_case(
    plan: ReplayPlan,
    exposure: Exposure,
    pending: Sequence[tuple[Arm, int]],
    record: Callable[[Replay], None],
    stop: Event,
) -> None:
    if not pending or stop.is_set():
        return
    try:
        with opened_change(plan.find_repository(exposure.repo), exposure) as (reviewable, notes):
            for arm, trial in pending:
                if stop.is_set():
                    return
                if arm.said_then is not None:
                    record(_said_then(plan, exposure, arm, trial, reviewable.change, notes))
                    continue
                started = monotonic()
                result = review(
                    _untitled(reviewable) if arm.is_untitled else reviewable,
                    arm.reviewers,
                    plan.policy,
                    trial,
                    timeout_seconds=plan.reviewer_seconds,
                    second_look=arm.second_look,
                )
                made = _replay(plan, exposure, arm, trial, result, notes, monotonic() - started)
                record(replace(made, changed_lines=reviewable.change.diff.changed_line_count))
    except (InputError, GitError) as error:
        for arm, trial in pending:
            record(_failed(plan, exposure, arm, trial, str(error)))


def _said_then(
    plan: ReplayPlan, exposure: Exposure, arm: Arm, trial: int, change: Change, notes: tuple[str, ...]
) -> Replay:
    """What the record holds of the pull request of a change."""
    repository = plan.find_repository(exposure.repo)
    number = exposure.pull or pull_of_commit(repository, repository.commit(Sha(str(change.head))))
    said = arm.said_then(exposure.repo, number) if number is not None and arm.said_then is not None else None
    reason = "" if said is not None else "no review of its pull request is in the record"
    if number is None:
        reason = "nothing tells which pull request the commit came from"
    return Replay(
        case=exposure.case,
        kind=plan.kinds[exposure.case],
        arm=arm.name,
        trial=trial,
        repo=str(exposure.repo),
        base=str(change.base),
        head=str(change.head),
        outcome=Outcome.FAILED if said is None else Outcome.COMPLETE,
        reason=reason,
        findings=tuple(said or ()),
        notes=notes,
        changed_lines=change.diff.changed_line_count,
    )


def _untitled(reviewable: Reviewable) -> Reviewable:
    return replace(reviewable, change=replace(reviewable.change, title="", description=""))


@contextmanager
def opened_change(repository: Repository, exposure: Exposure) -> Iterator[tuple[Reviewable, tuple[str, ...]]]:
    """The change of an exposure with its two trees, and notes on how it was read.

    Raises GitError or InputError, naming the thing and the remedy, where there is no change to review.
    """
    head, notes = head_of(repository, exposure)
    commit = repository.commit(head)
    if not commit.parents:
        raise InputError(
            f"{exposure.case}: {head.short} is the first commit of {exposure.repo}: there is nothing before it to "
            "compare with; name the commit that brought the defect, or exclude the case"
        )
    if len(commit.parents) > 1:
        notes = (*notes, f"{head.short} is a merge commit: compared with its first parent")
    base = commit.parents[0]
    raw = repository.diff(base, head, max_bytes=MAX_DIFF_BYTES)
    diff = parse_diff(raw.content)
    if diff.is_empty and not raw.is_cut:
        raise InputError(
            f"{exposure.case}: {head.short} changes nothing against its parent {base.short}; name the commit that "
            "holds the change"
        )
    change = Change(
        diff=diff,
        repo=exposure.repo,
        base=base,
        head=head,
        title=commit.subject,
        description=commit.body,
        author=commit.author,
        as_of=commit.committer_date,
        is_cut=raw.is_cut,
    )
    with RevisionSnapshot(repository, base) as before, RevisionSnapshot(repository, head) as after:
        yield Reviewable(change, before, after), notes


def head_of(repository: Repository, exposure: Exposure) -> tuple[Sha, tuple[str, ...]]:
    """The commit of an exposure, and notes on how it was found; raises GitError or InputError where there is none."""
    if exposure.commit is not None:
        return repository.resolve(exposure.commit), ()
    assert exposure.pull is not None, "an exposure names a commit or a pull request"
    found = repository.commit_of_pull(exposure.pull)
    if found is None:
        raise InputError(
            f"{exposure.case}: no commit of {exposure.repo} says that it merged #{exposure.pull}; "
            "add `commit:` with the sha of the merge"
        )
    return found, (f"#{exposure.pull} was found by its merge commit {found.short}",)


def _replay(
    plan: ReplayPlan,
    exposure: Exposure,
    arm: Arm,
    trial: int,
    result: Review,
    notes: tuple[str, ...],
    seconds: float,
) -> Replay:
    return Replay(
        case=exposure.case,
        kind=plan.kinds[exposure.case],
        arm=arm.name,
        trial=trial,
        repo=str(exposure.repo),
        base=result.base or "",
        head=result.head or "",
        # a miss has to have looked: where nothing was read, nothing was missed
        outcome=Outcome.FAILED if result.looked_at_nothing else result.outcome,
        reason=result.reason,
        findings=result.findings,
        held_back=result.held_back,
        coverage=result.coverage,
        # findings and paths stand in the fields above, after anchoring; here they would only be said twice
        runs=tuple(replace(run, findings=(), paths_read=frozenset(), paths_unread=()) for run in result.runs),
        funnel=result.funnel,
        notes=notes,
        seconds=round(seconds, 3),
    )


def _failed(plan: ReplayPlan, exposure: Exposure, arm: Arm, trial: int, reason: str) -> Replay:
    return Replay(
        case=exposure.case,
        kind=plan.kinds[exposure.case],
        arm=arm.name,
        trial=trial,
        repo=str(exposure.repo),
        base="",
        head="",
        outcome=Outcome.FAILED,
        reason=reason,
    )
