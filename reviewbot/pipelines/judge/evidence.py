"""The report of a run: what was counted, and for every case the evidence behind it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from reviewbot.domain.diff import Diff, FileDiff, Hunk, Line
from reviewbot.domain.diff_text import parse_diff
from reviewbot.domain.finding import Location
from reviewbot.domain.incident import CaseKind, LocationClass, Verdict
from reviewbot.domain.miss import Miss
from reviewbot.domain.replay import CaseVerdict, Judgement, Label, PlantedVerdict, PlantKind, Replay
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.domain.review import Outcome, total_cost
from reviewbot.domain.scorecard import Denominators, JudgeCard, Rate
from reviewbot.domain.text import printable
from reviewbot.errors import GitError, InputError
from reviewbot.git.repository import Repository
from reviewbot.pipelines.judge.misses import misses_of
from reviewbot.report.values import ArmEvidence, ControlEvidence, CulpritHunk, IncidentEvidence, RetroReport
from reviewbot.retro.answers import AnswerFile, AnswerKey, load_answers
from reviewbot.retro.log import RunSettings
from reviewbot.retro.score import ArmFacts, CaseFacts, Tally, score
from reviewbot.retro.statistics import kappa, rate_of

_LESSER_FIRST = (Verdict.MISSED, Verdict.UNJUDGED, Verdict.PARTIAL, Verdict.CAUGHT)


@dataclass(frozen=True)
class RunRecord:
    """A run as its log holds it. `stopped_by` says why it ended early, "" where it did not."""

    settings: RunSettings
    replays: Sequence[Replay]
    verdicts: Sequence[CaseVerdict]
    knowledge_cutoff: Callable[[str], date | None]
    find_repository: Callable[[RepoName], Repository]
    generated_at: datetime
    stopped_by: str = ""
    planted: Sequence[PlantedVerdict] = ()

    @cached_property
    def answers(self) -> AnswerFile:
        return load_answers(Path(self.settings.incidents_file))


def report_of(record: RunRecord) -> RetroReport:
    """Scores the run and gathers the evidence; reads repositories, writes nothing."""
    arms = _arms(record)
    tally = Tally(
        run=_run_values(record),
        arms=arms,
        facts={case: _facts(case, key) for case, key in record.answers.by_case.items()},
        replays=record.replays,
        verdicts=record.verdicts,
        denominators=_denominators(record),
        judge=_judge_card(record),
        misses={arm.name: _misses(record, arm.name) for arm in arms},
    )
    return RetroReport(
        scorecard=score(tally),
        incidents=tuple(_incident(record, arms, case, key) for case, key in _cases(record)),
        controls=tuple(_controls(record, arms)),
        limits=tuple(_limits(record, arms)),
        generated_at=record.generated_at,
        complete=not record.stopped_by,
        stopped_by=record.stopped_by,
    )


def _arms(record: RunRecord) -> tuple[ArmFacts, ...]:
    settings = record.settings
    return tuple(
        ArmFacts(name, label, model, record.knowledge_cutoff(model) if model else None)
        for name, label, model in zip(settings.arms, settings.labels, settings.models, strict=True)
    )


def _facts(case: str, key: AnswerKey) -> CaseFacts:
    known = key.resolved_at or key.detected_at or key.started_at
    repo = next((str(change.repo) for change in key.introduced), str(key.repo or ""))
    return CaseFacts(case, key.id, key.severity or "", key.category or "", known.date() if known else None, repo)


def _run_values(record: RunRecord) -> dict[str, object]:
    settings = record.settings
    return {
        "incidents_file": settings.incidents_file,
        "cases_sha256": settings.cases_sha256,
        "judge": settings.judge,
        "trials": dict(zip(settings.arms, settings.trials, strict=True)),
        "reviewbot_version": settings.reviewbot_version,
        "started_at": settings.started_at,
        "complete": not record.stopped_by,
        "stopped_by": record.stopped_by or None,
        **({"policy": settings.policy, "policy_hash": settings.policy_hash} if settings.policy else {}),
        "title_and_description": "the commit message of the change; the model reviewer is not shown it",
    }


def _misses(record: RunRecord, arm: str) -> tuple[Miss, ...]:
    recorded = {case: key.locations for case, key in record.answers.by_case.items()}
    replays = [one for one in record.replays if one.arm == arm]
    return misses_of(replays, [one for one in record.verdicts if one.arm == arm and one.case in recorded], recorded)


def _denominators(record: RunRecord) -> Denominators:
    by_case, counted = record.answers.by_case, record.answers.denominators
    replayed = {by_case[one.case].id for one in record.replays if one.case in by_case and one.head}
    return Denominators(counted.incidents, counted.code_cause, counted.linked, len(replayed))


def _judge_card(record: RunRecord) -> JudgeCard:
    judgements = [one for verdict in record.verdicts for one in verdict.judgements]
    calls = tuple(call for verdict in record.verdicts for call in verdict.calls)
    calls += tuple(call for verdict in record.planted for call in verdict.calls)
    labelled = [one for one in judgements if one.labelled_by]
    if record.settings.judge is None:
        note = "no judge: findings are compared by place only" if not labelled else "labelled by people alone"
        return JudgeCard(None, None, 0, 0, total_cost(()), note, labelled=len(labelled))
    pairs = [_first_two(one) for one in judgements]
    by_person = [(one.votes[0].label.value, one.label.value) for one in labelled if one.votes]
    return JudgeCard(
        judge=next((one.judge for one in judgements if one.judge and not one.failure), record.settings.judge),
        prompt_version=next((f"{call.prompt}@{call.prompt_version}" for call in calls if call.prompt == "judge"), None),
        judged=sum(not one.failure for one in judgements),
        unusable=sum(bool(one.failure) for one in judgements),
        cost_usd=total_cost(calls),
        note=_judging_note(record),
        judges=(record.settings.judge, *record.settings.judges),
        disputed=sum(one.is_disputed for one in judgements),
        kappa=kappa([pair for pair in pairs if pair is not None]),
        planted={kind.value: _told_right(record.planted, kind) for kind in PlantKind} if record.planted else {},
        labelled=len(labelled),
        kappa_human=kappa(by_person),
    )


def _first_two(one: Judgement) -> tuple[str, str] | None:
    """The labels of the first two judges, where both gave one."""
    first = [vote.label.value for vote in one.votes[:2] if vote.label is not Label.UNJUDGED]
    return (first[0], first[1]) if len(first) == 2 else None


def _told_right(planted: Sequence[PlantedVerdict], kind: PlantKind) -> Rate:
    told = [one for one in planted if one.kind is kind and one.label is not Label.UNJUDGED]
    return rate_of(sum(one.is_right for one in told), len(told))


def _judging_note(record: RunRecord) -> str:
    if record.settings.opinions < 2:
        return "one judge; its error was not measured in this run"
    same = "the same model twice, each time afresh" if not record.settings.judges else "different models"
    return f"two opinions on each finding ({same}), a third where they differ"


def _cases(record: RunRecord) -> list[tuple[str, AnswerKey]]:
    """Every incident of the file at least once, in the order of the file."""
    by_incident: dict[str, list[str]] = defaultdict(list)
    for case, key in record.answers.by_case.items():
        by_incident[key.id].append(case)
    return [(case, key) for key in record.answers.incidents for case in by_incident.get(key.id, [key.id])]


def _incident(record: RunRecord, arms: Sequence[ArmFacts], case: str, key: AnswerKey) -> IncidentEvidence:
    replays = [one for one in record.replays if one.case == case]
    alive = next((one for one in replays if one.head), None)
    introduced_at, hunks = _change(record, alive, key.locations) if alive else (None, ())
    return IncidentEvidence(
        incident=key.id,
        case=case,
        name=key.name or key.id,
        severity=key.severity or "",
        category=key.category or "",
        cause_type=str(key.cause_type or "unknown"),
        repo=alive.repo if alive else "",
        head=alive.head if alive else "",
        summary=key.summary or "",
        root_cause=key.root_cause or "",
        fixed_by=tuple(fix.commit or f"#{fix.pull}" for fix in key.fixed),
        introduced_at=introduced_at,
        started_at=key.started_at,
        resolved_at=key.resolved_at,
        locations=key.locations,
        hunks=hunks,
        arms=tuple(_arm(record, arm, [one for one in replays if one.arm == arm.name]) for arm in arms if replays),
        notes=tuple(dict.fromkeys(note for one in replays for note in one.notes)),
        not_replayed="" if alive else _why_not(key, replays),
    )


def _why_not(key: AnswerKey, replays: Sequence[Replay]) -> str:
    if key.excluded:
        return f"excluded: {key.excluded}"
    if not key.has_code_cause:
        return f"not a code cause ({key.cause_type})"
    if replays:
        return replays[0].reason
    return "not replayed yet" if key.introduced else "its cause is not linked to a change"


def _arm(record: RunRecord, arm: ArmFacts, replays: Sequence[Replay]) -> ArmEvidence:
    """The first trial that ended as most of them did."""
    verdicts = {one.key: one for one in record.verdicts}
    found = [verdicts.get(one.key) for one in replays]
    usual = _usual([one.verdict for one in found if one is not None])
    shown = next(
        (index for index, one in enumerate(found) if one is not None and one.verdict is usual), 0 if replays else None
    )
    if shown is None:
        failed = "was not replayed before the run stopped"
        return ArmEvidence(
            arm.name, arm.label, Outcome.FAILED, failed, None, (), LocationClass.UNKNOWN, (), (), (), None
        )
    replay, verdict = replays[shown], found[shown]
    return ArmEvidence(
        arm=arm.name,
        label=arm.label,
        outcome=replay.outcome,
        reason=replay.reason,
        verdict=verdict.verdict if verdict else None,
        verdicts_by_trial=tuple(one.verdict for one in found if one is not None),
        location=verdict.location if verdict else LocationClass.UNKNOWN,
        findings=replay.findings,
        judgements=verdict.judgements if verdict else (),
        held_back=replay.held_back,
        lost_at=verdict.lost_at if verdict else None,
    )


def _usual(verdicts: Sequence[Verdict]) -> Verdict | None:
    """The most frequent verdict; of equally frequent ones the lesser."""
    counts = Counter(verdicts)
    return next((one for one in _LESSER_FIRST if counts and counts[one] == max(counts.values())), None)


def _controls(record: RunRecord, arms: Sequence[ArmFacts]) -> list[ControlEvidence]:
    by_case: dict[str, list[Replay]] = defaultdict(list)
    for one in record.replays:
        if one.kind is CaseKind.CONTROL:
            by_case[one.case].append(one)
    evidence = []
    for case, replays in sorted(by_case.items()):
        alive = next((one for one in replays if one.head), None)
        title = _title(record, alive) if alive else ""
        shown = tuple(_arm(record, arm, [one for one in replays if one.arm == arm.name]) for arm in arms)
        evidence.append(ControlEvidence(case, replays[0].repo, alive.head if alive else "", printable(title), shown))
    return evidence


def _title(record: RunRecord, replay: Replay) -> str:
    try:
        return record.find_repository(RepoName.parse(replay.repo)).commit(Sha(replay.head)).subject
    except (GitError, InputError):
        return ""


def _change(
    record: RunRecord, replay: Replay, locations: Sequence[Location]
) -> tuple[datetime | None, tuple[CulpritHunk, ...]]:
    """When the change was committed, and its hunks that hold a recorded cause (the first hunk where none does).

    A repository that is gone since the replay takes nothing but these from the report.
    """
    try:
        repository = record.find_repository(RepoName.parse(replay.repo))
        commit = repository.commit(Sha(replay.head))
        diff = parse_diff(repository.diff(Sha(replay.base), Sha(replay.head)).content)
    except (GitError, InputError):
        return None, ()
    found = [
        _culprit_hunk(file, hunk, locations)
        for file in diff.files
        for hunk in file.hunks
        if any(_holds(file, hunk, place) for place in locations)
    ]
    return commit.committer_date, tuple(found or _first_hunk(diff))


def _holds(file: FileDiff, hunk: Hunk, place: Location) -> bool:
    return place.path in (file.old_path, file.new_path) and any(_is_marked(line, place) for line in hunk.lines)


def _is_marked(line: Line, place: Location) -> bool:
    number = line.number(place.side)
    return number is not None and place.first_line <= number <= place.last_line


def _culprit_hunk(file: FileDiff, hunk: Hunk, locations: Sequence[Location]) -> CulpritHunk:
    here = [place for place in locations if place.path in (file.old_path, file.new_path)]
    heading = f"@@ -{hunk.old_start},{hunk.old_count} +{hunk.new_start},{hunk.new_count} @@ {hunk.section}".rstrip()
    lines = [heading, *(f"{line.kind.value}{line.text}" for line in hunk.lines)]
    marked = [
        index
        for index, line in enumerate(hunk.lines, start=1)
        if any(_is_marked(line, place) and line.number(place.side) is not None for place in here)
    ]
    return CulpritHunk(printable(file.path), tuple(printable(line) for line in lines), tuple(marked))


def _first_hunk(diff: Diff) -> list[CulpritHunk]:
    return [_culprit_hunk(file, file.hunks[0], ()) for file in diff.files if file.hunks][:1]


def _limits(record: RunRecord, arms: Sequence[ArmFacts]) -> list[str]:
    """What the figures cannot tell, said in the report itself."""
    said = []
    models = [arm for arm in arms if arm.model]
    unknown = [arm.label for arm in models if arm.knowledge_cutoff is None]
    if models:
        said.append(
            "A model may have seen a repository's later history in training; incidents fixed after its knowledge "
            "cutoff are counted apart as strict_uncontaminated."
        )
    if unknown:
        said.append(f"No knowledge cutoff is known for {', '.join(unknown)}: what it may remember cannot be bounded.")
    if any("recorded" in arm.label for arm in arms):
        said.append("Recorded answers are replayed: they show what one model said once, not how steady it is.")
    if record.settings.judge is None:
        said.append("No judge was asked, so nothing is called caught; only places are compared.")
    elif record.settings.judge in {arm.model for arm in arms}:
        said.append("The judge is the model that reviewed; it may look kindly on its own words.")
    tuned = sum(key.split == "tune" for key in record.answers.by_case.values())
    if tuned:
        said.append(f"{tuned} of the incidents are marked `tune`: prompts may have been fitted to them.")
    shared = sum(
        one.label is Label.HIT and one.stage is None and bool(one.shares_with_fix)
        for verdict in record.verdicts
        for one in verdict.judgements
    )
    if shared:
        said.append(
            f"{shared} of the hits share six or more words in a row with the fix that the change does not hold: they "
            "may be remembered. The evidence shows the words."
        )
    fooled = sum(one.kind is not PlantKind.POSITIVE and one.label is Label.HIT for one in record.planted)
    if fooled:
        said.append(
            f"The judges called {fooled} planted remarks a hit that were none: some of the catches may be none either."
        )
    said.append("Caught is not prevented: how often people act on a finding is not in these figures.")
    said.append("Incidents are a selection: what was never noticed, or never written down, is not among them.")
    said.append("A finding on a control is counted as a false alarm; it may be a bug that nobody has met yet.")
    return said
