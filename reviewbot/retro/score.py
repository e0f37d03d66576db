"""From replays and verdicts to a scorecard; pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import combinations

from reviewbot.domain.incident import CaseKind, LocationClass, Verdict
from reviewbot.domain.miss import Miss
from reviewbot.domain.replay import CaseVerdict, Label, Replay
from reviewbot.domain.review import Funnel, Outcome, Usage, total_cost
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
from reviewbot.retro.baselines import located_by_chance, random_remarks, size_gates
from reviewbot.retro.curve import operating_curve
from reviewbot.retro.statistics import clustered_rate, mcnemar_p, minimum_detectable, most_possible, rate_of

_LOCATED = (LocationClass.EXACT, LocationClass.SAME_FUNCTION)
_LESSER_FIRST = (Verdict.MISSED, Verdict.UNJUDGED, Verdict.PARTIAL, Verdict.CAUGHT)


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What scoring has to know of an incident's case: which incident and repository, how grave, what, since when."""

    case: str
    incident: str
    severity: str
    category: str
    known_since: date | None
    repo: str = ""


@dataclass(frozen=True, slots=True)
class ArmFacts:
    """An arm as it was run; `knowledge_cutoff` is None where the model has none or it is not known."""

    name: str
    label: str
    model: str | None = None
    knowledge_cutoff: date | None = None


@dataclass(frozen=True)
class Tally:
    """Everything that a scorecard is made of."""

    run: Mapping[str, object]
    arms: Sequence[ArmFacts]
    facts: Mapping[str, CaseFacts]
    replays: Sequence[Replay]
    verdicts: Sequence[CaseVerdict]
    denominators: Denominators
    judge: JudgeCard
    misses: Mapping[str, tuple[Miss, ...]] = field(default_factory=dict)


def score(tally: Tally) -> Scorecard:
    """The scorecard of a run. Every linked incident is in every denominator; a failed review counts as not caught."""
    shares = {arm.name: _shares(arm.name, tally) for arm in tally.arms}
    return Scorecard(
        run=dict(tally.run),
        denominators=tally.denominators,
        arms=tuple(_arm_score(arm, tally, shares[arm.name]) for arm in tally.arms),
        comparisons=tuple(_comparison(a.name, b.name, shares) for a, b in combinations(tally.arms, 2)),
        judge=tally.judge,
        contamination={arm.name: _contamination(arm, list(tally.facts.values())) for arm in tally.arms},
        not_replayed=_not_replayed(tally.replays),
        baselines=_baselines(tally),
    )


def _baselines(tally: Tally) -> tuple[Baseline, ...]:
    incidents = {facts.case: facts.incident for facts in tally.facts.values()}
    return (*random_remarks(tally.verdicts, tally.replays, incidents), *size_gates(tally.replays, incidents))


@dataclass(frozen=True, slots=True)
class _Share:
    """Of the trials of one incident under one arm, the shares with each result."""

    incident: str
    repo: str
    caught: float
    partial_or_better: float
    located: float
    caught_any: bool
    caught_all: bool
    verdict: Verdict
    is_failed: bool


def _shares(arm: str, tally: Tally) -> dict[str, _Share]:
    """By incident; one with several causes is caught in a trial where any of its causes is."""
    by_incident: dict[str, dict[int, list[CaseVerdict]]] = defaultdict(lambda: defaultdict(list))
    repos = {facts.incident: facts.repo for facts in tally.facts.values()}
    for verdict in tally.verdicts:
        if verdict.arm == arm and verdict.case in tally.facts:
            by_incident[tally.facts[verdict.case].incident][verdict.trial].append(verdict)
    return {
        incident: _share(incident, repos[incident], list(trials.values()))
        for incident, trials in sorted(by_incident.items())
    }


def _share(incident: str, repo: str, trials: list[list[CaseVerdict]]) -> _Share:
    best = [max((row.verdict for row in rows), key=_LESSER_FIRST.index) for rows in trials]
    caught = [verdict is Verdict.CAUGHT for verdict in best]
    located = [any(row.location in _LOCATED for row in rows) for rows in trials]
    partial = [verdict in (Verdict.CAUGHT, Verdict.PARTIAL) for verdict in best]
    counts = Counter(best)
    most = max(counts.values())
    typical = next(verdict for verdict in _LESSER_FIRST if counts[verdict] == most)
    return _Share(
        incident=incident,
        repo=repo,
        caught=sum(caught) / len(trials),
        partial_or_better=sum(partial) / len(trials),
        located=sum(located) / len(trials),
        caught_any=any(caught),
        caught_all=all(caught),
        verdict=typical,
        is_failed=all(row.review_failed for rows in trials for row in rows),
    )


def _arm_score(arm: ArmFacts, tally: Tally, shares: Mapping[str, _Share]) -> ArmScore:
    replays = [replay for replay in tally.replays if replay.arm == arm.name]
    alive = [share for share in shares.values() if not share.is_failed]
    counts = Counter(share.verdict for share in alive)
    trials = max((replay.trial for replay in replays), default=0)
    rates = _rates(arm, tally, shares, trials)
    calls = tuple(call for replay in replays for call in replay.calls)
    cost = total_cost(calls)
    caught = rates["strict"].k
    controls = _control_score(replays)
    on_changes = [replay for replay in replays if replay.outcome is not Outcome.FAILED]
    verdicts = [row for row in tally.verdicts if row.arm == arm.name and row.case in tally.facts]
    return ArmScore(
        name=arm.name,
        label=arm.label,
        cases=len(shares),
        caught=counts[Verdict.CAUGHT],
        partial=counts[Verdict.PARTIAL],
        missed=counts[Verdict.MISSED],
        unjudged=counts[Verdict.UNJUDGED],
        failed=len(shares) - len(alive),
        rates=rates,
        controls=controls,
        findings_per_change=_mean([len(replay.findings) for replay in on_changes if replay.kind is CaseKind.INCIDENT]),
        cost_usd=cost,
        cost_per_catch_usd=_per_catch(cost, caught, trials),
        tokens=_tokens([call.usage for call in calls]),
        funnel=_funnel(replays),
        by_severity=_by(lambda facts: facts.severity or "not given", tally, shares),
        by_category=_by(lambda facts: facts.category or "not given", tally, shares),
        lost_at=_lost_at(arm.name, tally.verdicts),
        trials=trials,
        operating_curve=_curve(tally, replays, verdicts, is_judged=rates["strict"].k is not None),
        precision=_precision(on_changes, verdicts) if rates["strict"].k is not None else None,
        misses=tally.misses.get(arm.name, ()),
        located_by_chance=_by_chance(on_changes, verdicts),
        controls_at_most=most_possible(controls.n) if controls.n and not controls.with_findings else None,
        with_fix_words=sum(
            one.label is Label.HIT and one.stage is None and bool(one.shares_with_fix)
            for row in verdicts
            for one in row.judgements
        ),
    )


def _curve(
    tally: Tally, replays: Sequence[Replay], verdicts: Sequence[CaseVerdict], is_judged: bool
) -> tuple[OperatingPoint, ...]:
    def of_incidents(shares: Mapping[str, float]) -> Rate:
        best: dict[str, tuple[str, float]] = {}
        for case, share in shares.items():
            facts = tally.facts[case]
            best[facts.incident] = facts.repo, max(share, best.get(facts.incident, ("", 0.0))[1])
        groups: dict[str, list[float]] = defaultdict(list)
        for repo, share in best.values():
            groups[repo].append(share)
        return clustered_rate(groups)

    return operating_curve(replays, verdicts, of_incidents) if is_judged else ()


def _precision(replays: Sequence[Replay], verdicts: Sequence[CaseVerdict]) -> Precision:
    said = sum(len(replay.findings) for replay in replays)
    false = sum(len(replay.findings) for replay in replays if replay.kind is CaseKind.CONTROL)
    labels = [one.label for row in verdicts for one in row.judgements if one.stage is None]
    named = sum(label in (Label.HIT, Label.PARTIAL) for label in labels)
    return Precision(named, said, *((named / said, 1 - false / said) if said else (None, None)))


def _by_chance(replays: Sequence[Replay], verdicts: Sequence[CaseVerdict]) -> float | None:
    if not any(row.chance for row in verdicts):
        return None
    return round(located_by_chance(verdicts, {replay.key: len(replay.findings) for replay in replays}), 6)


def _rates(arm: ArmFacts, tally: Tally, shares: Mapping[str, _Share], trials: int) -> dict[str, Rate]:
    """The ladder. Without any judgement only `located` is known; the others are None, never 0."""
    is_judged = not shares or any(
        share.verdict is not Verdict.UNJUDGED for share in shares.values() if not share.is_failed
    )
    clean = _incidents_after(arm.knowledge_cutoff, tally.facts.values())
    others = tally.denominators.incidents - len(shares)
    rates = {
        "strict": _rate(shares, lambda share: share.caught, is_judged),
        "strict_uncontaminated": _clean_rate(shares, clean, is_judged),
        "strict_or_partial": _rate(shares, lambda share: share.partial_or_better, is_judged),
        "located": _rate(shares, lambda share: share.located),
        "of_all_incidents": _rate(shares, lambda share: share.caught, is_judged, others),
    }
    if trials > 1:
        rates["strict_in_any_trial"] = _rate(shares, lambda share: float(share.caught_any), is_judged)
        rates["strict_in_every_trial"] = _rate(shares, lambda share: float(share.caught_all), is_judged)
    return rates


def _rate(
    shares: Mapping[str, _Share], part: Callable[[_Share], float], is_judged: bool = True, others: int = 0
) -> Rate:
    """The mean of a part over the incidents, with an interval that knows which repository each comes from."""
    if not is_judged:
        return rate_of(None, len(shares) + others)
    groups: dict[str, list[float]] = defaultdict(list)
    for share in shares.values():
        groups[share.repo].append(part(share))
    return clustered_rate(groups, others)


def _clean_rate(shares: Mapping[str, _Share], clean: set[str] | None, is_judged: bool) -> Rate:
    if clean is None:
        return rate_of(None, 0)
    kept = {incident: share for incident, share in shares.items() if incident in clean}
    return _rate(kept, lambda share: share.caught, is_judged)


def _incidents_after(cutoff: date | None, facts: Iterable[CaseFacts]) -> set[str] | None:
    """Incidents that became known after the cutoff; None where no cutoff is known."""
    if cutoff is None:
        return None
    return {one.incident for one in facts if one.known_since is not None and one.known_since > cutoff}


def _control_score(replays: Sequence[Replay]) -> ControlScore:
    by_case: dict[tuple[str, str], list[int]] = defaultdict(list)
    for replay in replays:
        if replay.kind is CaseKind.CONTROL and replay.outcome is not Outcome.FAILED:
            by_case[replay.repo, replay.case].append(len(replay.findings))
    flagged: dict[str, list[float]] = defaultdict(list)
    for (repo, _), counts in by_case.items():
        flagged[repo].append(sum(count > 0 for count in counts) / len(counts))
    n, rate = len(by_case), clustered_rate(flagged)
    findings = sum(sum(counts) / len(counts) for counts in by_case.values())
    return ControlScore(n, rate.k or 0.0, round(findings, 6), findings / n if n else None, rate.low, rate.high)


def _mean(numbers: Sequence[int]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None


def _per_catch(cost: Decimal | None, caught: float | None, trials: int) -> Decimal | None:
    """Dollars per incident caught, on the cost of one trial."""
    if cost is None or not caught or not trials:
        return None
    return (cost / trials / Decimal(str(caught))).quantize(Decimal("0.0001"))


def _tokens(usages: Sequence[Usage]) -> dict[str, int]:
    usage = sum(usages, Usage())
    return {"input": usage.input_tokens, "output": usage.output_tokens, "cache_read": usage.cache_read_tokens}


def _funnel(replays: Sequence[Replay]) -> dict[str, int]:
    total = sum((replay.funnel for replay in replays), Funnel())
    return {name: getattr(total, name) for name in ("generated", "anchored", "merged", "verified", "chosen")}


def _by(key: Callable[[CaseFacts], str], tally: Tally, shares: Mapping[str, _Share]) -> dict[str, Rate]:
    """The strict rate of each group of incidents; without judgement k is None."""
    groups: dict[str, dict[str, _Share]] = defaultdict(dict)
    for facts in tally.facts.values():
        if facts.incident in shares:
            groups[key(facts)][facts.incident] = shares[facts.incident]
    return {
        name: _rate(
            group, lambda share: share.caught, any(share.verdict is not Verdict.UNJUDGED for share in group.values())
        )
        for name, group in sorted(groups.items())
    }


def _lost_at(arm: str, verdicts: Iterable[CaseVerdict]) -> dict[str, int]:
    """How many trials had a hit that a stage held back, by stage."""
    return dict(sorted(Counter(row.lost_at.value for row in verdicts if row.arm == arm and row.lost_at).items()))


def _comparison(a: str, b: str, shares: Mapping[str, Mapping[str, _Share]]) -> Comparison:
    both = sorted(shares[a].keys() & shares[b].keys())
    caught_a = {incident for incident in both if shares[a][incident].verdict is Verdict.CAUGHT}
    caught_b = {incident for incident in both if shares[b][incident].verdict is Verdict.CAUGHT}
    gained, lost = len(caught_b - caught_a), len(caught_a - caught_b)
    return Comparison(a, b, gained, lost, mcnemar_p(gained, lost), minimum_detectable(len(both)))


def _contamination(arm: ArmFacts, facts: Sequence[CaseFacts]) -> ArmContamination:
    incidents = {one.incident for one in facts}
    clean = _incidents_after(arm.knowledge_cutoff, facts)
    after = len(clean) if clean is not None else 0
    before = len(incidents) - after if clean is not None else 0
    cutoff = arm.knowledge_cutoff.isoformat() if arm.knowledge_cutoff else None
    return ArmContamination(arm.model, cutoff, after, before)


def _not_replayed(replays: Iterable[Replay]) -> dict[str, str]:
    return {replay.case: replay.reason for replay in replays if replay.outcome is Outcome.FAILED and not replay.head}
