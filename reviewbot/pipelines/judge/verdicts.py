"""Verdicts on the replays of a run: each finding against the answer key of its incident."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from reviewbot.domain.diff import Side
from reviewbot.domain.diff_text import parse_diff
from reviewbot.domain.finding import Finding
from reviewbot.domain.incident import LocationClass, Verdict
from reviewbot.domain.replay import CaseVerdict, Judgement, Label, Replay
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.domain.review import ModelCall, Outcome, Stage, total_cost
from reviewbot.errors import BudgetExhausted, GitError, InputError
from reviewbot.git.repository import Repository
from reviewbot.git.snapshot import RevisionSnapshot
from reviewbot.pipelines.judge.material import material_of
from reviewbot.pipelines.judge.misses import traits_of
from reviewbot.pipelines.judge.places import NEARNESS, Places
from reviewbot.retro.answers import AnswerKey, load_answers
from reviewbot.retro.judge import CaseMaterial
from reviewbot.retro.overlap import borrowed_words
from reviewbot.retro.panel import Decision, Panel, decided

NO_JUDGE = "no judge was asked"
_JUDGED_STAGES = (Stage.ANCHOR, Stage.VERIFY, Stage.CHOOSE)
"""Where a hit can be lost. What was merged lives on in the finding it was merged into."""


@dataclass(frozen=True)
class JudgePlan:
    """What is to be judged, against which incident file, by whom.

    `panel` None: only places are compared, and every verdict is UNJUDGED.
    """

    incidents: Path
    replays: Sequence[Replay]
    find_repository: Callable[[RepoName], Repository]
    panel: Panel | None
    concurrency: int = 4
    at_once: bool = False
    """Whether all trials of a case are judged at once, which is worth it where answers take hours."""


def judge(plan: JudgePlan, case_done: Callable[[Decimal | None], None]) -> tuple[tuple[CaseVerdict, ...], str | None]:
    """A verdict for each replay of an incident's change, in the order of the replays, and why it stopped early or None.

    `case_done` is told what the judging of each case cost, in US dollars. What could not be judged before a budget or a
    person ended it is UNJUDGED, never missing. Raises FileProblems for a bad incident file.
    """
    answers = load_answers(plan.incidents).by_case
    cases: dict[str, list[Replay]] = {}
    for one in plan.replays:
        if one.case in answers:
            cases.setdefault(one.case, []).append(one)
    pool = ThreadPoolExecutor(max_workers=max(1, plan.concurrency), thread_name_prefix="judge")
    asking = ThreadPoolExecutor(max_workers=max(1, plan.concurrency), thread_name_prefix="ask")
    pending = [
        pool.submit(_readable_case_verdicts, plan, replays, answers[case], asking) for case, replays in cases.items()
    ]
    verdicts: dict[tuple[str, str, int], CaseVerdict] = {}
    stopped_by = None
    try:
        for future in as_completed(pending):
            made = future.result()
            verdicts |= {verdict.key: verdict for verdict in made}
            case_done(total_cost(tuple(call for verdict in made for call in verdict.calls)))
    except BudgetExhausted as error:
        stopped_by = str(error)
    except KeyboardInterrupt:
        stopped_by = "interrupted"
    finally:
        for threads in (pool, asking):
            threads.shutdown(wait=False, cancel_futures=True)
    ordered = (one for one in plan.replays if one.case in answers)
    return tuple(verdicts.get(one.key) or _unjudged(one) for one in ordered), stopped_by


def _readable_case_verdicts(
    plan: JudgePlan, replays: Sequence[Replay], answer: AnswerKey, asking: Executor
) -> list[CaseVerdict]:
    """The verdicts of a case; where its repository cannot be read any more they stay open, those of others do not."""
    try:
        return _case_verdicts(plan, replays, answer, asking)
    except (GitError, InputError) as error:
        return [_unjudged(one, str(error)) for one in replays]


def _case_verdicts(
    plan: JudgePlan, replays: Sequence[Replay], answer: AnswerKey, asking: Executor
) -> list[CaseVerdict]:
    alive = next((one for one in replays if one.head), None)
    if alive is None:
        return [_failed(one) for one in replays]
    repository = plan.find_repository(RepoName.parse(alive.repo))
    material = material_of(plan.find_repository, repository, alive, answer)
    with (
        RevisionSnapshot(repository, Sha(alive.base)) as before,
        RevisionSnapshot(repository, Sha(alive.head)) as after,
    ):
        places = Places(answer.locations, {Side.LEFT: before, Side.RIGHT: after})
        diff = parse_diff(material.culprit_diff.encode("utf-8", "surrogateescape"))
        chance, traits = places.chance_in(diff), traits_of(diff, answer.locations)

        def judged(one: Replay) -> CaseVerdict:
            failed = one.outcome is Outcome.FAILED
            made = _failed(one) if failed else _verdict(one, material, places, plan.panel, asking)
            return replace(made, chance=chance, traits=traits)

        with ThreadPoolExecutor(len(replays) if plan.at_once else 1) as trials:
            return list(trials.map(judged, replays))


def _unjudged(replay: Replay, failure: str = "") -> CaseVerdict:
    if replay.outcome is Outcome.FAILED:
        return _failed(replay)
    place = LocationClass.UNKNOWN
    judgements = tuple(Judgement(one, Label.UNJUDGED, place, failure=failure) for one in replay.findings if failure)
    return CaseVerdict(replay.case, replay.arm, replay.trial, Verdict.UNJUDGED, place, judgements=judgements)


def _failed(replay: Replay) -> CaseVerdict:
    return CaseVerdict(replay.case, replay.arm, replay.trial, Verdict.MISSED, LocationClass.UNKNOWN, review_failed=True)


def _verdict(
    replay: Replay, material: CaseMaterial, places: Places, panel: Panel | None, asking: Executor
) -> CaseVerdict:
    """Judges what was said; where that holds no hit, also what was held back, to learn which stage lost it."""
    judgements, calls = _judged([(finding, None) for finding in replay.findings], material, places, panel, asking)
    lost_at = None
    if panel is not None and not any(one.label is Label.HIT for one in judgements):
        held = [(one.finding, one.stage) for one in replay.held_back if one.stage in _JUDGED_STAGES]
        held_judgements, held_calls = _judged(held, material, places, panel, asking)
        lost_at = next((one.stage for one in held_judgements if one.label is Label.HIT), None)
        judgements, calls = judgements + held_judgements, calls + held_calls
    said = [one for one in judgements if one.stage is None]
    return CaseVerdict(
        case=replay.case,
        arm=replay.arm,
        trial=replay.trial,
        verdict=overall(said, is_judged=panel is not None),
        location=min((one.location for one in said), key=NEARNESS.index, default=LocationClass.ELSEWHERE),
        decisive=min(said, key=decisiveness, default=None),
        judgements=tuple(judgements),
        lost_at=lost_at,
        calls=tuple(calls),
    )


def overall(said: Sequence[Judgement], is_judged: bool) -> Verdict:
    """CAUGHT by one hit; MISSED needs every finding judged. Without a judge nothing is missed."""
    labels = {one.label for one in said}
    if Label.HIT in labels:
        return Verdict.CAUGHT
    if not is_judged or Label.UNJUDGED in labels:
        return Verdict.UNJUDGED
    return Verdict.PARTIAL if Label.PARTIAL in labels else Verdict.MISSED


def decisiveness(one: Judgement) -> tuple[int, int]:
    """The judgement with the least of these settles a case."""
    order = (Label.HIT, Label.PARTIAL, Label.UNJUDGED, Label.MISS)
    return (order.index(one.label), NEARNESS.index(one.location))


def _judged(
    findings: Iterable[tuple[Finding, Stage | None]],
    material: CaseMaterial,
    places: Places,
    panel: Panel | None,
    asking: Executor,
) -> tuple[list[Judgement], list[ModelCall]]:
    blanks = [
        Judgement(
            finding,
            Label.UNJUDGED,
            places.class_of(finding.location),
            stage,
            failure=NO_JUDGE,
            shares_with_fix=_borrowed(finding, material),
        )
        for finding, stage in findings
    ]
    if panel is None:
        return blanks, []
    decisions = decided([one.finding for one in blanks], material, panel, asking)
    judgements = [_with_decision(one, decision, panel) for one, decision in zip(blanks, decisions, strict=True)]
    return judgements, [call for decision in decisions for call in decision.calls]


def _borrowed(finding: Finding, material: CaseMaterial) -> str:
    said = f"{finding.title}\n{finding.explanation}\n{finding.suggestion or ''}"
    return borrowed_words(said, f"{material.fix_diff}\n{material.fix_message}", material.culprit_diff)


def _with_decision(blank: Judgement, decision: Decision, panel: Panel) -> Judgement:
    opinion = decision.opinion
    if opinion is None:
        judge = panel.judges[0].name
        return replace(blank, judge=judge, failure=decision.failure, votes=decision.votes)
    return replace(
        blank,
        label=decision.label,
        incident_mechanism=opinion.incident_mechanism,
        finding_mechanism=opinion.finding_mechanism,
        counter_argument=opinion.counter_argument,
        quote=opinion.quote,
        judge=next((vote.judge for vote in decision.votes if vote.label is decision.label), decision.votes[0].judge),
        failure="",
        votes=decision.votes,
    )
