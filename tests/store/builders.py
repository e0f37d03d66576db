"""Short ways to write the values that the store's tests talk about."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from reviewbot.domain.finding import Finding, Severity
from reviewbot.domain.pull import PullRef, ReviewKey
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.domain.review import (
    Coverage,
    FileCoverage,
    Funnel,
    HeldBack,
    ModelCall,
    Outcome,
    Review,
    ReviewerRun,
    SkipReason,
    Stage,
    Usage,
)
from reviewbot.domain.round import Outline, Round
from reviewbot.store.pulls import Hold, Pulls
from reviewbot.store.transactions import Transactions
from reviewbot.store.workers import Workers
from tests.engine.builders import finding
from tests.store.conftest import run_sql

REPO_ID = 5_000_000_000
REF = PullRef(REPO_ID, 7)
OTHER = PullRef(REPO_ID, 8)
REPO = RepoName("acme", "shop")
INSTALLATION = 9_000_000_001
HEAD, NEXT_HEAD = Sha("a" * 40), Sha("b" * 40)
DOUBLE_CHARGE = finding(title="Retry charges twice", severity=Severity.CRITICAL)
LEAK = finding(title="Handle is never closed", path="io.py")


def held(transactions: Transactions, ref: PullRef = REF, worker: str = "w1") -> Hold:
    """A hold of a worker that lives."""
    pulls = Pulls(transactions)
    Workers(transactions).beat(worker, f"executor of {worker}")
    pulls.want(ref, INSTALLATION, REPO)
    hold = pulls.take(ref, worker)
    assert hold is not None
    return hold


def silence(transactions: Transactions, worker: str, seconds: float = 60.0) -> None:
    """The worker was last heard so long ago."""
    run_sql(
        transactions,
        "UPDATE worker SET beat_at = beat_at - :seconds WHERE worker_id = :worker",
        seconds=seconds,
        worker=worker,
    )


def key(head: Sha = HEAD, ref: PullRef = REF, request: int = 0) -> ReviewKey:
    return ReviewKey(77, ref, head, "policyhash", request)


def call(cost_usd: str | None = "0.01234567") -> ModelCall:
    cost = None if cost_usd is None else Decimal(cost_usd)
    return ModelCall("m-1", "review", "1", "h" * 32, Usage(1_000, 50, 800, 0), cost, 2.5)


def review(*findings: Finding, costs: tuple[str | None, ...] = ("0.01234567",), head: Sha = HEAD) -> Review:
    run = ReviewerRun(
        reviewer="llm",
        findings=findings,
        paths_read=frozenset({"app.py", "io.py"}),
        paths_unread=(("y.lock", SkipReason.LOCK_FILE),),
        calls=tuple(call(cost) for cost in costs),
        model="m-1",
        prompt_version="review@1",
        notes=("a note",),
        seconds=1.5,
    )
    return Review(
        outcome=Outcome.PARTIAL,
        reason="not read: 1 × lock file",
        repo=REPO,
        base=Sha("0" * 40),
        head=head,
        findings=findings,
        held_back=(HeldBack(finding(title="Unsure", path=None), Stage.CHOOSE, "confidence 0.10 is below 0.30"),),
        coverage=Coverage((FileCoverage("app.py", 2, 2), FileCoverage("y.lock", 0, 1, SkipReason.LOCK_FILE))),
        runs=(run,),
        funnel=Funnel(2, 2, 2, 2, 1),
    )


def made_round(*to_say: Finding, head: Sha = HEAD, **changes: object) -> Round:
    outline = Outline({"app.py": ("d1", "d2"), "io.py": ()}, frozenset({"big.bin"}))
    whole = Round(review=review(*to_say, head=head), outline=outline, to_say=to_say)
    return replace(whole, **changes)
