"""An invented retro run: twelve incidents, two arms, six controls; and the same with hostile words in every field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from reviewbot.domain.diff import Side
from reviewbot.domain.finding import Category, Finding, Location, Severity
from reviewbot.domain.incident import LocationClass, Verdict
from reviewbot.domain.miss import LostBy, Miss, Trait
from reviewbot.domain.replay import Judgement, Label, Vote
from reviewbot.domain.review import HeldBack, Outcome, Stage
from reviewbot.domain.scorecard import (
    ArmContamination,
    ArmScore,
    Baseline,
    Comparison,
    ControlScore,
    Denominators,
    JudgeCard,
    OperatingPoint,
    Precision,
    Rate,
    Scorecard,
)
from reviewbot.report.values import ArmEvidence, ControlEvidence, CulpritHunk, IncidentEvidence, RetroReport

ARMS = (("llm", "llm (anthropic:model-x)"), ("static", "static (ruff, ast-grep, zizmor)"))
HEAD = "9f1c2ab7" * 5
START = datetime(2025, 9, 3, 9, 30, tzinfo=UTC)

STORIES = (
    ("Checkout charges twice on retry", "sev1", "concurrency", "payments/charge.py"),
    ("Orders of closed accounts are shipped", "sev2", "correctness", "orders/shipping.py"),
    ("Search index loses documents on restart", "sev2", "data", "search/indexer.py"),
    ("Session token readable by other tenants", "sev1", "security", "auth/session.py"),
    ("Nightly export runs out of file handles", "sev3", "resource", "export/nightly.py"),
    ("Prices rounded down after currency change", "sev3", "correctness", "catalog/prices.py"),
    ("Webhook retries never stop", "sev2", "error-handling", "hooks/delivery.py"),
    ("Old clients rejected after API rename", "sev3", "compatibility", "api/v2/orders.py"),
    ("Report page takes 40 seconds", "sev3", "performance", "reports/views.py"),
    ("Deadlock between refund and capture", "sev1", "concurrency", "payments/refund.py"),
)
LLM = ("caught", "missed", "caught", "partial", "missed", "caught", "lost", "missed", "failed", "caught")
STATIC = ("missed", "missed", "missed", "caught", "partial", "missed", "missed", "missed", "missed", "missed")

HUNK = (
    "@@ -84,9 +84,14 @@ def charge(intent):",
    " def charge(intent):",
    '     """Charges a payment intent."""',
    "-    key = intent.idempotency_key",
    "-    if gateway.seen(key):",
    "-        return gateway.result(key)",
    "+    for attempt in range(RETRIES):",
    "+        key = new_idempotency_key()",
    "+        try:",
    "+            return gateway.charge(intent.amount, intent.currency, key=key)",
    "+        except GatewayTimeout:",
    "+            log.warning('attempt %d timed out', attempt)",
    "+            continue",
    "+    raise PaymentFailed(intent)",
    "     ",
    "     # the caller marks the order as paid",
)


def finding(title: str, path: str, line: int, severity: Severity = Severity.HIGH, text: str = "") -> Finding:
    explanation = text or (
        "Each attempt makes a new idempotency key, so the gateway cannot tell a retry from a second charge. "
        "A timeout after the charge went through leads to a second one."
    )
    place = Location(path, line, line + 1, Side.RIGHT)
    return Finding(
        title, explanation, severity, 0.82, Category.CONCURRENCY, place, "llm", ("key = new_idempotency_key()",)
    )


def report(incidents: int = 12, word: str = "", complete: bool = True, judged: bool = True) -> RetroReport:
    """`word` is put into every text that comes from outside; without a judge nothing is called caught."""
    evidence = tuple(_incident(index, word, judged) for index in range(incidents))
    return RetroReport(
        scorecard=scorecard(word, judged),
        incidents=evidence,
        controls=tuple(_control(index, word) for index in range(6)),
        limits=(
            f"Incidents are a selection: what was never noticed is not among them.{word}",
            "A finding on a control is counted as a false alarm; it may be a bug that nobody has met yet.",
        ),
        generated_at=datetime(2026, 5, 4, 12, 0, tzinfo=UTC),
        complete=complete,
        stopped_by="" if complete else f"the budget of $5.00 is spent{word}",
    )


def _incident(index: int, word: str, judged: bool) -> IncidentEvidence:
    name, severity, category, path = STORIES[index % len(STORIES)]
    introduced = START + timedelta(days=17 * (index % 12))
    is_replayed = index < 10 or index > 11
    case = f"INC-{101 + index}"
    states = (LLM[index % 10], STATIC[index % 10])
    return IncidentEvidence(
        incident=case + word,
        case=case + word,
        name=name + word,
        severity=severity + word,
        category=category + word,
        cause_type="code" if is_replayed else "external",
        repo="acme/shop",
        head=HEAD if is_replayed else "",
        summary=f"{name} for 41 minutes; 312 customers wrote to support.{word}",
        root_cause=f"charge() makes a new idempotency key on every retry, so the gateway sees a new charge.{word}",
        fixed_by=("77d0e3c1" + word, "#4907"),
        introduced_at=introduced if is_replayed else None,
        started_at=introduced + timedelta(days=4 + 3 * (index % 5), hours=5),
        resolved_at=introduced + timedelta(days=5 + 4 * (index % 5), hours=9),
        locations=(Location(path, 88, 92),),
        hunks=(CulpritHunk(path + word, tuple(line + word for line in HUNK), (6, 7, 8, 9)),) if is_replayed else (),
        arms=tuple(_arm(arm, state, path, word, judged) for arm, state in zip(ARMS, states, strict=True))
        if is_replayed
        else (),
        notes=(f"title and description are left out{word}",) if index % 3 == 0 else (),
        not_replayed=("not a code cause (external)", "its cause is not linked to a change")[index % 2] + word
        if not is_replayed
        else "",
    )


def _arm(arm: tuple[str, str], state: str, path: str, word: str, judged: bool) -> ArmEvidence:
    main = finding("Retry makes a new idempotency key" + word, path, 87, Severity.CRITICAL)
    other = finding("Timeout is logged without the intent" + word, path, 91, Severity.LOW)
    told = {"caught": (main, other), "partial": (other, main), "missed": (other,), "lost": (other,)}.get(state, ())
    labels = {"caught": Label.HIT, "partial": Label.PARTIAL}
    verdict = {"caught": Verdict.CAUGHT, "partial": Verdict.PARTIAL}.get(state, Verdict.MISSED)
    label = labels.get(state, Label.MISS)
    judgements = [_judgement(one, label if one is main else Label.MISS, word, judged) for one in told]
    held = (HeldBack(main, Stage.CHOOSE, "confidence 0.25 is below the threshold of 0.30" + word),)
    if state == "lost":
        judgements.append(_judgement(main, Label.HIT, word, judged, Stage.CHOOSE))
    return ArmEvidence(
        arm=arm[0],
        label=arm[1] + word,
        outcome=Outcome.FAILED if state == "failed" else Outcome.COMPLETE,
        reason="the model could not be reached after 4 tries" + word if state == "failed" else "",
        verdict=verdict if judged else Verdict.UNJUDGED,
        verdicts_by_trial=(verdict, verdict, Verdict.MISSED) if judged else (Verdict.UNJUDGED,) * 3,
        location=LocationClass.EXACT if state in ("caught", "partial") else LocationClass.SAME_FILE,
        findings=told,
        judgements=tuple(judgements),
        held_back=held if state == "lost" else (),
        lost_at=Stage.CHOOSE if state == "lost" and judged else None,
    )


def _judgement(one: Finding, label: Label, word: str, judged: bool, stage: Stage | None = None) -> Judgement:
    if not judged:
        return Judgement(one, Label.UNJUDGED, LocationClass.EXACT, stage, failure="no judge" + word)
    return Judgement(
        finding=one,
        label=label,
        location=LocationClass.EXACT,
        stage=stage,
        incident_mechanism="A retry after a timeout carries a new key, so one payment is made twice." + word,
        finding_mechanism="New key for each attempt; the gateway cannot recognise the retry." + word,
        counter_argument="The gateway may deduplicate by order number; the incident shows that it did not." + word,
        quote="the gateway cannot tell a retry from a second charge" + word,
        judge="anthropic:judge-y" + word,
        votes=(Vote("anthropic:judge-y" + word, label), Vote("openai:other", Label.MISS), Vote("anthropic:z", label)),
        labelled_by=("ada" + word) if label is Label.PARTIAL else "",
        shares_with_fix=("key intent idempotency key before each attempt" + word) if label is Label.HIT else "",
    )


def _control(index: int, word: str) -> ControlEvidence:
    path = STORIES[index][3]
    noise = (finding("Variable shadows a module name" + word, path, 12, Severity.LOW),) if index in (1, 4) else ()
    arms = tuple(
        ArmEvidence(
            name,
            label + word,
            Outcome.COMPLETE,
            "",
            None,
            (),
            LocationClass.UNKNOWN,
            noise if name == "llm" else (),
            (),
            (),
            None,
        )
        for name, label in ARMS
    )
    return ControlEvidence(f"quiet-{index + 1}{word}", "acme/shop", HEAD, f"Rename the settings module{word}", arms)


def scorecard(word: str = "", judged: bool = True) -> Scorecard:
    return Scorecard(
        run={
            "incidents_file": "incidents.yaml" + word,
            "judge": "anthropic:judge-y",
            "trials": {"llm": 3, "static": 1},
            "reviewbot_version": "0.1.0",
            "started_at": "2026-05-04T10:00:00Z",
            "complete": True,
            "stopped_by": None,
        },
        denominators=Denominators(12, 11, 10, 10),
        arms=(_score(0, 3.7, 4.7, 6.3, word, judged), _score(1, 1, 2, 2, word, judged)),
        comparisons=(Comparison("llm", "static", 1, 4, 0.375, 0.6),),
        judge=_judge_card(word, judged),
        contamination={
            "llm": ArmContamination("anthropic:model-x" + word, "2025-12-31", 6, 4),
            "static": ArmContamination(None, None, 0, 0),
        },
        baselines=(Baseline("the largest 20 % of changes (from 120 changed lines)" + word, rate(4, 10), rate(1, 6)),),
    )


def _judge_card(word: str, judged: bool) -> JudgeCard:
    name = "anthropic:judge-y" + word
    if not judged:
        return JudgeCard(name, "judge@3", 46, 1, Decimal("0.8123"), "one judge" + word)
    planted = {"positive": rate(9, 10), "near_miss": rate(8, 10), "decoy": rate(10, 10)}
    note = "two opinions on each finding" + word
    return JudgeCard(
        name, "judge@3", 46, 1, Decimal("0.8123"), note, (name, "openai:other"), 5, 0.81, planted, 12, 0.74
    )


def _score(index: int, caught: float, partial: float, located: float, word: str, judged: bool) -> ArmScore:
    name, label = ARMS[index]
    strict = rate(caught, 10) if judged else Rate(None, 10, None, None, None)
    by = rate(caught / 3, 3) if judged else Rate(None, 3, None, None, None)
    return ArmScore(
        name=name,
        label=label + word,
        cases=10,
        caught=(4, 1)[index] if judged else 0,
        partial=1 if judged else 0,
        missed=(4, 8)[index] if judged else 0,
        unjudged=0 if judged else 10 - (1, 0)[index],
        failed=(1, 0)[index],
        rates={
            "strict": strict,
            "strict_uncontaminated": rate(2, 6) if judged and index == 0 else Rate(None, 0, None, None, None),
            "strict_or_partial": rate(partial, 10) if judged else strict,
            "located": rate(located, 10),
            "of_all_incidents": rate(caught, 12) if judged else Rate(None, 12, None, None, None),
        },
        controls=ControlScore(
            6, (2, 0)[index], (2.33, 0)[index], (0.39, 0)[index], (0.1, 0)[index], (0.7, 0.39)[index]
        ),
        findings_per_change=(1.7, 0.4)[index],
        cost_usd=(Decimal("4.1731"), Decimal(0))[index],
        cost_per_catch_usd=(Decimal("0.3759"), Decimal(0))[index],
        tokens={"input": (1_204_331, 0)[index], "output": (88_120, 0)[index], "cache_read": (410_000, 0)[index]},
        funnel={
            "generated": (96, 9)[index],
            "anchored": (88, 9)[index],
            "merged": (61, 9)[index],
            "verified": (41, 9)[index],
            "chosen": (33, 9)[index],
        },
        by_severity={"sev1": by, "sev2": by, "sev3" + word: rate(1, 4)},
        by_category={
            "concurrency": rate((2, 0)[index], 2),
            "correctness" + word: rate((1, 0)[index], 2),
            "security": by,
        },
        lost_at={"choose": (3, 0)[index]} if index == 0 else {},
        trials=(3, 1)[index],
        operating_curve=_curve(index) if judged else (),
        precision=Precision((7, 2)[index], (20, 5)[index], 0.35, 0.9) if judged else None,
        located_by_chance=(3.2, 1.1)[index],
        controls_at_most=(None, 0.393)[index],
        with_fix_words=(1, 0)[index],
        misses=_misses(word) if judged else (),
    )


def _misses(word: str) -> tuple[Miss, ...]:
    return (
        Miss("INC-102", LostBy.NEVER_SURFACED, traits=(Trait.REMOVED_CODE, Trait.FEW_LINES)),
        Miss("INC-107", LostBy.HELD_BACK, "choose" + word, "confidence 0.25 is below 0.30" + word),
        Miss("INC-109", LostBy.REVIEW_FAILED),
    )


def _curve(index: int) -> tuple[OperatingPoint, ...]:
    steps = [step / 20 for step in range(21)]
    return tuple(
        OperatingPoint(at, rate(round((1 - at) * (6, 2)[index]), 10), round((1 - at) ** 2 * (2, 0.5)[index], 2))
        for at in steps
    )


def rate(k: float, n: int) -> Rate:
    """With a rough interval: good enough to be drawn."""
    share = k / n
    return Rate(k, n, share, max(0.0, share - 0.22), min(1.0, share + 0.27))
