"""Reviews and rounds as people get them, one for each kind of end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from reviewbot.domain.diff import Diff, Side
from reviewbot.domain.finding import Category, Finding, Location, Origin, Severity
from reviewbot.domain.policy import Gate, PathInstructions, Policy
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.domain.review import (
    Coverage,
    FileCoverage,
    HeldBack,
    ModelCall,
    Outcome,
    Review,
    ReviewerRun,
    SkipReason,
    Stage,
    Usage,
)
from reviewbot.domain.round import Fate, KnownFinding, Outline, Round
from reviewbot.github.comments import Facts
from tests.engine.builders import diff, file_diff

REPO = RepoName("acme", "shop")
BASE, FIRST, SECOND = Sha("b" * 40), Sha("1f" * 20), Sha("2e" * 20)
FACTS = Facts("reviewbot", "`.reviewbot.yml` at b0b0b0b0b0", "5d41402abc4b2a76", (), "https://github.com")

CHANGE: Diff = diff(
    file_diff(
        "shop/payment.py",
        38,
        " def pay(order):",
        "-    charge(order, key=order.id)",
        "+    for attempt in range(3):",
        "+        if charge(order):",
        "+            return",
        " ",
    ),
    file_diff("shop/report.py", 7, " def total(orders):", "-    return sum(orders) or 0", "+    return sum(orders)"),
    file_diff("README.md", 1, "+Shop", " "),
)

CHARGED_TWICE = Finding(
    title="A retry after a timeout charges the order twice",
    explanation=(
        "`charge` no longer gets `key=order.id`, so the payment provider cannot tell a retry from a new payment. When "
        "the first call times out after the money was taken, the loop calls `charge(order)` again and the customer "
        "pays twice.\n\nThis happens on every timeout of the provider, not only in rare races."
    ),
    severity=Severity.CRITICAL,
    confidence=0.9,
    category=Category.DATA,
    location=Location("shop/payment.py", 39, 41),
    reviewer="llm",
    evidence=("charge(order, key=order.id)",),
    suggestion="Keep passing `key=order.id` to `charge` inside the loop.",
    origin=Origin.INTRODUCED,
    anchor_text="        if charge(order):",
)
WRONG_TOTAL = Finding(
    title="total() fails where the sum is None",
    explanation="The removed `or 0` turned a missing sum into zero; `format_total` now gets `None` and raises.",
    severity=Severity.MEDIUM,
    confidence=0.6,
    category=Category.ERROR_HANDLING,
    location=Location("shop/report.py", 8, 8, Side.LEFT),
    reviewer="llm",
    agreed_by=("static",),
    origin=Origin.INTRODUCED,
    anchor_text="    return sum(orders) or 0",
)
ELSEWHERE = Finding(
    title="The nightly job still calls pay() with two arguments",
    explanation="`jobs/nightly.py` passes a key as the second argument, which `pay` no longer takes.",
    severity=Severity.HIGH,
    confidence=0.7,
    category=Category.COMPATIBILITY,
    location=Location("shop/jobs/nightly.py", 12, 12),
    reviewer="llm",
    origin=Origin.INTRODUCED,
)
HELD = (
    HeldBack(replace(WRONG_TOTAL, confidence=0.1), Stage.CHOOSE, "confidence 0.10 is below 0.30"),
    HeldBack(replace(WRONG_TOTAL, confidence=0.2), Stage.CHOOSE, "confidence 0.20 is below 0.30"),
    HeldBack(WRONG_TOTAL, Stage.MERGE, "says the same as “total() fails where the sum is None”"),
)
CALLS = tuple(
    ModelCall("claude-sonnet-4-5", "review", "3", "h", Usage(21_400, 1_150, 12_000), Decimal("0.0815"), 11.0)
    for _ in range(2)
)


def read(path: str, hunks: int = 1) -> FileCoverage:
    return FileCoverage(path, hunks, hunks)


def runs(*paths: str) -> tuple[ReviewerRun, ...]:
    return (
        ReviewerRun("llm", paths_read=frozenset(paths), calls=CALLS, model="claude-sonnet-4-5", prompt_version="3"),
        ReviewerRun("static", paths_read=frozenset(paths)),
    )


def review(outcome: Outcome = Outcome.COMPLETE, files: tuple[FileCoverage, ...] = (), **more) -> Review:
    files = files or (read("shop/payment.py", 2), read("shop/report.py"), read("README.md"))
    more = {"head": FIRST, "runs": runs(*(file.path for file in files if file.hunks_read)), **more}
    return Review(outcome, repo=REPO, base=BASE, coverage=Coverage(files), **more)


TWO_FINDINGS = Round(
    review(findings=(CHARGED_TWICE, WRONG_TOTAL), held_back=HELD), Outline(), to_say=(CHARGED_TWICE, WRONG_TOTAL)
)
ONE_WITHOUT_LINE = Round(review(findings=(CHARGED_TWICE, ELSEWHERE)), Outline(), to_say=(CHARGED_TWICE, ELSEWHERE))
NOTHING = Round(
    review(
        files=(
            read("shop/payment.py", 2),
            read("shop/report.py"),
            FileCoverage("poetry.lock", 0, 3, SkipReason.LOCK_FILE),
        )
    ),
    Outline(),
)
PARTIAL = Round(
    review(
        Outcome.PARTIAL,
        files=(
            *(read(f"shop/part_{number:02}.py") for number in range(12)),
            *(FileCoverage(f"shop/views/page_{number:02}.py", 0, 2, SkipReason.BUDGET) for number in range(38)),
            FileCoverage("shop/data.py", 1, 9, SkipReason.TOO_LARGE, "more than 20,000 changed lines"),
            FileCoverage("shop/old.cob", 0, 1, SkipReason.NOT_SUPPORTED),
        ),
        reason="not read: 38 × did not fit the reviewers' budget, 1 × over the size limit, 1 × no reviewer reads this",
    ),
    Outline(),
)
SECOND_ROUND = Round(
    review(
        head=SECOND,
        findings=(ELSEWHERE,),
        files=(
            read("shop/jobs/nightly.py"),
            read("shop/report.py"),
            FileCoverage("shop/payment.py", 0, 2, SkipReason.REVIEWED_BEFORE),
            FileCoverage("README.md", 0, 1, SkipReason.REVIEWED_BEFORE),
        ),
        held_back=(
            HeldBack(WRONG_TOTAL, Stage.ROUND, f"was said at {FIRST[:10]}"),
            HeldBack(
                replace(WRONG_TOTAL, severity=Severity.LOW),
                Stage.ROUND,
                "severity low is below high, which later rounds ask for",
            ),
        ),
    ),
    Outline(),
    number=2,
    to_say=(ELSEWHERE,),
    fixed=(KnownFinding(CHARGED_TWICE, FIRST, comment_id=1),),
    still_open=(KnownFinding(WRONG_TOTAL, FIRST, comment_id=2),),
)
FAILED = Round(
    Review(
        Outcome.FAILED,
        "llm failed: the provider answered 529 (overloaded) three times; it is worth trying again later",
        REPO,
        BASE,
        FIRST,
        coverage=Coverage((FileCoverage("shop/payment.py", 0, 2, SkipReason.REVIEWER_FAILED),)),
        runs=(ReviewerRun("llm", failure="the provider answered 529 (overloaded) three times"),),
    ),
    Outline(),
)
STRICT = Policy(gate=Gate(fail_from=Severity.HIGH))
OWN_POLICY = Policy(
    reviewers=("llm", "static"),
    ignored_paths=("docs/**", "*.svg"),
    instructions=(PathInstructions("migrations/**", "Every migration has to run on a table that is in use."),),
    budget_per_day_usd=Decimal("20.00"),
    gate=Gate(fail_from=Severity.HIGH),
    language="German",
)
IGNORED = KnownFinding(WRONG_TOTAL, FIRST, Fate.IGNORED, "the sum is never None: see the schema")


@dataclass(frozen=True)
class Settled:
    """A finding as `config` lists it."""

    fingerprint: str
    title: str
    reason: str


def settled(known: KnownFinding) -> Settled:
    return Settled(known.fingerprint, known.finding.title, known.fate_note)
