from __future__ import annotations

from datetime import date
from decimal import Decimal

from reviewbot.domain.incident import CaseKind, LocationClass, Verdict
from reviewbot.domain.replay import CaseVerdict, Replay
from reviewbot.domain.review import Funnel, ModelCall, Outcome, ReviewerRun, Stage, Usage
from reviewbot.domain.scorecard import Denominators, JudgeCard, Scorecard
from reviewbot.retro.score import ArmFacts, CaseFacts, Tally, score
from tests.engine.builders import finding

CAUGHT, PARTIAL, MISSED, UNJUDGED = Verdict.CAUGHT, Verdict.PARTIAL, Verdict.MISSED, Verdict.UNJUDGED


def replay(
    case: str, arm: str = "llm", trial: int = 1, findings: int = 1, kind=CaseKind.INCIDENT, cost="0.10", failed=False
):
    price = Decimal(cost) if cost is not None else None
    call = ModelCall("m-1", "review", "1", "hash", Usage(1_000, 100), price, 1.0)
    return Replay(
        case=case,
        kind=kind,
        arm=arm,
        trial=trial,
        repo="acme/shop",
        base="" if failed else "b" * 40,
        head="" if failed else "a" * 40,
        outcome=Outcome.FAILED if failed else Outcome.COMPLETE,
        reason="no such commit" if failed else "",
        findings=(finding(),) * findings,
        runs=(ReviewerRun(arm, calls=(call,)),),
        funnel=Funnel(findings, findings, findings, findings, findings),
    )


def verdict(case: str, what: Verdict, arm: str = "llm", trial: int = 1, **more):
    return CaseVerdict(case, arm, trial, what, more.pop("location", LocationClass.ELSEWHERE), **more)


def facts(*cases: str, severity: str = "sev1", since: date | None = date(2026, 5, 1)):
    return {case: CaseFacts(case, case.partition("#")[0], severity, "logic", since) for case in cases}


ONE_ARM = (ArmFacts("llm", "llm", "m-1"),)


def scored(known, replays, verdicts, arms=ONE_ARM, incidents=10) -> Scorecard:
    judge = JudgeCard("j", "judge@1", 1, 0, Decimal(0), "")
    linked = len({one.incident for one in known.values()})
    return score(Tally({}, arms, known, replays, verdicts, Denominators(incidents, linked, linked, linked), judge))


def test_the_ladder_of_rates_counts_what_its_rungs_say():
    cases = ("A", "B", "C", "D")
    verdicts = [
        verdict("A", CAUGHT, location=LocationClass.EXACT),
        verdict("B", PARTIAL, location=LocationClass.SAME_FUNCTION),
        verdict("C", MISSED, location=LocationClass.SAME_FILE),
        verdict("D", MISSED),
    ]

    arm = scored(facts(*cases), [replay(case) for case in cases], verdicts).arms[0]

    assert {name: (rate.k, rate.n) for name, rate in arm.rates.items()} == {
        "strict": (1, 4),
        "strict_uncontaminated": (None, 0),
        "strict_or_partial": (2, 4),
        "located": (2, 4),
        "of_all_incidents": (1, 10),
    }
    assert (arm.caught, arm.partial, arm.missed, arm.failed) == (1, 1, 2, 0)


def test_a_failed_review_is_counted_apart_and_as_not_caught():
    verdicts = [verdict("A", CAUGHT), verdict("B", MISSED, review_failed=True)]

    card = scored(facts("A", "B"), [replay("A"), replay("B", failed=True)], verdicts)

    assert (card.arms[0].cases, card.arms[0].missed, card.arms[0].failed) == (2, 0, 1)
    assert (card.arms[0].rates["strict"].k, card.arms[0].rates["strict"].n) == (1, 2)
    assert card.not_replayed == {"B": "no such commit"}


def test_without_a_judge_only_the_place_is_known():
    verdicts = [verdict("A", UNJUDGED, location=LocationClass.EXACT), verdict("B", UNJUDGED)]

    rates = scored(facts("A", "B"), [replay("A"), replay("B")], verdicts).arms[0].rates

    assert (rates["strict"].rate, rates["of_all_incidents"].rate) == (None, None)
    assert rates["located"].rate == 0.5


def test_several_trials_are_averaged_and_also_told_as_any_and_every():
    verdicts = [
        verdict("A", CAUGHT, trial=1),
        verdict("A", MISSED, trial=2),
        verdict("B", CAUGHT),
        verdict("B", CAUGHT, trial=2),
    ]
    replays = [replay(case, trial=trial) for case in "AB" for trial in (1, 2)]

    arm = scored(facts("A", "B"), replays, verdicts).arms[0]

    assert (arm.rates["strict"].k, arm.rates["strict"].rate) == (1.5, 0.75)
    assert (arm.rates["strict_in_any_trial"].k, arm.rates["strict_in_every_trial"].k) == (2, 1)
    assert (arm.caught, arm.missed) == (1, 1), "a tie goes to the lesser verdict"
    assert arm.cost_usd == Decimal("0.40")
    assert arm.cost_per_catch_usd == Decimal("0.1333"), "on the cost of one trial"


def test_an_incident_with_two_causes_is_one_incident_caught_by_either():
    known = facts("A", "A#2", "B")
    verdicts = [verdict("A", MISSED), verdict("A#2", CAUGHT), verdict("B", MISSED)]

    strict = scored(known, [replay("A"), replay("A#2"), replay("B")], verdicts).arms[0].rates["strict"]

    assert (strict.k, strict.n) == (1, 2)


def test_false_alarms_are_counted_on_controls_only():
    quiet = [replay(f"q{i}", findings=n, kind=CaseKind.CONTROL) for i, n in enumerate((0, 0, 2))]
    replays = [replay("A", findings=3), *quiet]

    arm = scored(facts("A"), replays, [verdict("A", CAUGHT)]).arms[0]

    assert (arm.controls.n, arm.controls.with_findings, arm.controls.findings) == (3, 1, 2)
    assert arm.controls.low is not None and arm.controls.low < 1 / 3 < (arm.controls.high or 0)
    assert arm.findings_per_change == 3


def test_an_unknown_price_is_unknown_and_never_zero():
    arm = scored(facts("A"), [replay("A", cost=None)], [verdict("A", CAUGHT)]).arms[0]

    assert (arm.cost_usd, arm.cost_per_catch_usd) == (None, None)


def test_only_incidents_after_the_models_cutoff_are_uncontaminated():
    known = {**facts("A", since=date(2026, 1, 1)), **facts("B", since=date(2026, 9, 1))}
    arms = (ArmFacts("llm", "llm", "m-1", date(2026, 3, 1)),)

    card = scored(known, [replay("A"), replay("B")], [verdict("A", CAUGHT), verdict("B", CAUGHT)], arms)

    assert (card.arms[0].rates["strict_uncontaminated"].k, card.arms[0].rates["strict_uncontaminated"].n) == (1, 1)
    assert (card.contamination["llm"].before_cutoff, card.contamination["llm"].after_cutoff) == (1, 1)


def test_arms_are_compared_on_the_same_incidents():
    known = facts("A", "B", "C")
    arms = (ArmFacts("static", "static"), ArmFacts("llm", "llm", "m-1"))
    verdicts = [verdict(case, MISSED, arm="static") for case in "AB"] + [verdict("C", CAUGHT, arm="static")]
    verdicts += [verdict("A", CAUGHT), verdict("B", CAUGHT), verdict("C", MISSED)]
    replays = [replay(case, arm=arm) for case in "ABC" for arm in ("static", "llm")]

    comparison = scored(known, replays, verdicts, arms).comparisons[0]

    assert (comparison.a, comparison.b, comparison.gained, comparison.lost, comparison.p_mcnemar) == (
        "static",
        "llm",
        2,
        1,
        1.0,
    )


def test_a_hit_that_a_stage_held_back_is_counted_with_the_stage():
    arm = scored(facts("A"), [replay("A")], [verdict("A", MISSED, lost_at=Stage.CHOOSE)]).arms[0]

    assert arm.lost_at == {"choose": 1}
