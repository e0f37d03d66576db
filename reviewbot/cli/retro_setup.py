"""Setting up a retro run: what was asked for, checked, and everything that its steps need."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from reviewbot import __version__
from reviewbot.bootstrap import (
    DETERMINISTIC,
    BatchChoice,
    Workshop,
    chosen_reviewers,
    is_llm,
    model_label,
    repository_finder,
)
from reviewbot.cli.output import error_line, line
from reviewbot.cli.retro_compare import check_run
from reviewbot.config import Settings, load_settings
from reviewbot.domain.finding import Finding
from reviewbot.domain.incident import CaseKind, Exposure
from reviewbot.domain.policy import Policy
from reviewbot.domain.repository import RepoName
from reviewbot.errors import FileProblems, InputError
from reviewbot.git.repository import Repository
from reviewbot.llm.recording import Recorder
from reviewbot.pipelines.controls import found_controls
from reviewbot.pipelines.replay import Arm
from reviewbot.policy_file import load_policy, policy_hash
from reviewbot.retro.exposures import ExposureFile, load_exposures, with_controls
from reviewbot.retro.gate import check_gates, parse_gate
from reviewbot.retro.incident_schema import check_incidents
from reviewbot.retro.log import RunLog, RunSettings
from reviewbot.store.store import Store, open_store

DEFAULT_TRIALS = 3
Record = Callable[[RepoName, int], Sequence[Finding] | None]
SAID_THEN = {"live": "what the App said at the time", "people": "what people said before the merge"}
"""The arms that are no reviews: they look up what was said on the pull requests."""
BATCH_CONCURRENCY = 100
"""Cases that wait for batches at once: each is a thread that sleeps, and a batch is the better the more it holds."""
_DURATION = re.compile(r"(\d{1,6})([smh])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Pace:
    """How much may be asked at once and spent, and whether through batches; the deadline is as a user writes it."""

    budget_usd: Decimal | None = None
    concurrency: int | None = None
    batch: bool = False
    batch_deadline: str | None = None

    def cases_at_once(self, settings: Settings) -> int:
        return self.concurrency or (BATCH_CONCURRENCY if self.batch else settings.concurrency)

    def batches(self, log: RunLog) -> BatchChoice | None:
        """Raises InputError for a deadline that is none, or one without batches."""
        if self.batch_deadline is not None and not self.batch:
            raise InputError("--batch-deadline is for --batch; give both, or neither")
        if not self.batch:
            return None
        deadline = None if self.batch_deadline is None else _seconds(self.batch_deadline)
        return BatchChoice(log.batches, deadline, error_line)


def _seconds(duration: str) -> float:
    found = _DURATION.fullmatch(duration.strip())
    if found is None:
        raise InputError(f"--batch-deadline {duration!r} is no duration; write it as 90m, 2h or 600s")
    return int(found[1]) * _SECONDS[found[2]]


@dataclass(frozen=True, slots=True)
class RetroOptions:
    """What was asked for on the command line; None where nothing was said."""

    incidents: Path
    reviewers: tuple[str, ...]
    models: tuple[str, ...]
    judges: tuple[str, ...]
    repos: Path | None
    out: Path | None
    trials: int | None
    resume: bool
    pace: Pace
    record: Path | None = None
    gates: tuple[str, ...] = ()
    worse_than: Path | None = None
    opinions: int | None = None
    policy: Path | None = None
    untitled: bool = False
    controls: tuple[Exposure, ...] | None = None
    """Quiet changes that an earlier run found by rule, to be taken again."""


@dataclass(frozen=True)
class RetroRun:
    """A run that is set up: its log, its arms and where its repositories are."""

    log: RunLog
    settings: Settings
    workshop: Workshop
    run: RunSettings
    exposure_file: ExposureFile
    arms: tuple[Arm, ...]
    find_repository: Callable[[RepoName], Repository]
    store: Store
    concurrency: int
    policy: Policy = field(default_factory=Policy)


def started_run(options: RetroOptions) -> RetroRun:
    """A new run, or with `resume` the one in its folder; says what it will do. InputError for whatever is wrong."""
    settings = load_settings()
    exposure_file = checked_exposures(options.incidents)
    policy = policy_of(options)
    choice = chosen_reviewers(settings, options.reviewers or policy.reviewers, options.models)
    line(choice.said)
    log = RunLog(options.out or Path("retro-runs") / datetime.now(UTC).strftime("%Y%m%d-%H%M%S"))
    recorder = _recorder(options.record, choice.model) if options.record else None
    batches = options.pace.batches(log)
    workshop = Workshop(
        settings, log.ledger, options.pace.budget_usd, log.spent_usd(), recorder=recorder, batches=batches
    )
    store = open_store(settings.database_url)
    arms = arms_of(options, settings, workshop, policy, _records(choice.names, settings, store))
    check_gates(map(parse_gate, options.gates), [arm.name for arm in arms])
    if options.worse_than is not None:
        check_run(options.worse_than)
    judges = judging_models(options.judges, settings, choice.models.judging)
    if not judges:
        line("No judge: without a model nothing is called caught, and the report compares places only.")
    for one in judges:
        workshop.model(one)
    repos = options.repos or settings.repos
    finder = finder_of(options.repos, settings, exposure_file)
    earlier = log.settings() if options.resume else None
    known = earlier.controls if earlier is not None else options.controls
    controls = known if known is not None else _quiet_changes(exposure_file, finder)
    exposure_file = with_controls(exposure_file, controls or ())
    run = log.start(
        RunSettings(
            incidents_file=str(options.incidents),
            repos=str(repos) if repos else None,
            cases_sha256=_digest(exposure_file),
            arms=tuple(arm.name for arm in arms),
            labels=tuple(arm.label for arm in arms),
            models=tuple(arm.model for arm in arms),
            trials=tuple(arm.trials for arm in arms),
            judge=next(iter(judges), None),
            reviewbot_version=__version__,
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            policy=str(options.policy) if options.policy else None,
            policy_hash=policy_hash(policy) if options.policy else "",
            controls=controls,
            judges=judges[1:],
            opinions=options.opinions or settings.judges,
        ),
        options.resume,
    )
    concurrency = options.pace.cases_at_once(settings)
    return RetroRun(log, settings, workshop, run, exposure_file, arms, finder, store, concurrency, policy)


def _quiet_changes(
    exposure_file: ExposureFile, finder: Callable[[RepoName], Repository]
) -> tuple[Exposure, ...] | None:
    """The controls that the file asks for by a rule; says how many were found, and for which culprits too few."""
    rule = exposure_file.auto_controls
    if rule is None:
        return None
    by_kind = {
        kind: [one for one in exposure_file.exposures if exposure_file.kinds[one.case] is kind] for kind in CaseKind
    }
    line("Looking for quiet changes beside the culprits (controls.auto) ...")
    found = found_controls(by_kind[CaseKind.INCIDENT], by_kind[CaseKind.CONTROL], rule, finder)
    line(f"{len(found.exposures)} found for {len(by_kind[CaseKind.INCIDENT])} culprits.")
    for note in found.notes:
        line(f"  {note}")
    return found.exposures


def judging_models(asked: tuple[str, ...], settings: Settings, default: str | None) -> tuple[str, ...]:
    """Who judges: those that were named, else the one of the settings, else the model of the run; perhaps nobody."""
    return asked or ((settings.judge,) if settings.judge else ()) or ((default,) if default else ())


def _recorder(file: Path, model: str | None) -> Recorder:
    return Recorder(file, f"{model or 'a model'}, {datetime.now(UTC):%Y-%m-%d}")


def taken_up_run(
    out: Path,
    incidents: Path | None,
    repos: Path | None,
    pace: Pace = Pace(),
) -> RetroRun:
    """The run that a folder holds, for one of its later steps."""
    log = RunLog(out)
    run = log.settings()
    if run is None:
        raise InputError(f"{out} holds no run; start one with reviewbot retro --incidents FILE --out {out}")
    settings = load_settings()
    if incidents is not None:
        run = replace(run, incidents_file=str(incidents))
    exposure_file = with_controls(checked_exposures(Path(run.incidents_file)), run.controls or ())
    workshop = Workshop(settings, log.ledger, pace.budget_usd, log.spent_usd(), batches=pace.batches(log))
    finder = finder_of(repos or (Path(run.repos) if run.repos else None), settings, exposure_file)
    store = open_store(settings.database_url)
    return RetroRun(log, settings, workshop, run, exposure_file, (), finder, store, pace.cases_at_once(settings))


def checked_exposures(path: Path) -> ExposureFile:
    """The cases of a file that is right as a whole: it is better to hear of a bad answer key before the replay."""
    problems = check_incidents(path)
    if problems:
        raise FileProblems(path, problems)
    exposure_file = load_exposures(path)
    if not exposure_file.exposures:
        raise InputError(f"{path}: no incident names the change that introduced it: there is nothing to replay")
    return exposure_file


def policy_of(options: RetroOptions) -> Policy:
    """The policy of the run: that of a file, laid over the defaults; InputError with line and column for a bad one."""
    return load_policy(options.policy, Policy()).policy if options.policy is not None else Policy()


def arms_of(
    options: RetroOptions, settings: Settings, workshop: Workshop, policy: Policy, records: Mapping[str, Record]
) -> tuple[Arm, ...]:
    """One arm for each reviewer that was named, with how often each case is put to it."""
    choice = chosen_reviewers(settings, options.reviewers or policy.reviewers, options.models)
    if len(set(choice.names)) != len(choice.names):
        raise InputError(f"--reviewer: {', '.join(choice.names)} names one reviewer twice; each is one arm")
    arms = []
    for name in choice.names:
        if name in SAID_THEN:
            arms.append(Arm(name, f"{name} ({SAID_THEN[name]})", (), None, 1, said_then=records[name]))
            continue
        model = str(choice.models) if is_llm(name) else None
        trials = 1 if name.startswith(DETERMINISTIC) else options.trials or DEFAULT_TRIALS
        asked = ", ".join(map(model_label, choice.models.find))
        label = f"{name} ({asked})" if model else name
        second_look = workshop.second_look((name,), choice.models, policy.effort)
        reviewers = workshop.reviewers((name,), choice.models, policy.effort)
        arms.append(Arm(name, label, reviewers, model, trials, second_look))
    twins = [_untitled(arm) for arm in arms if arm.model] if options.untitled else []
    return (*arms, *twins)


def _records(names: Sequence[str], settings: Settings, store: Store) -> Mapping[str, Record]:
    """Where each arm that is no review looks; raises InputError where people are asked for without the App's key."""
    found: dict[str, Record] = {"live": store.said_then.findings}
    if "people" in names:
        from reviewbot.bootstrap_live import open_github
        from reviewbot.cli.credentials import TO_WORK, require
        from reviewbot.pipelines.said_by_people import PeopleRecord

        require(settings, TO_WORK)
        found["people"] = PeopleRecord(open_github(settings, store.transactions)).findings
    return found


def _untitled(arm: Arm) -> Arm:
    """The same arm once more, with nothing of what the author wrote about the change."""
    words = "without title and description"
    return replace(arm, name=f"{arm.name}-untitled", label=f"{arm.label}, {words}", is_untitled=True)


def finder_of(repos: Path | None, settings: Settings, exposure_file: ExposureFile) -> Callable[[RepoName], Repository]:
    """Where the repositories of a run are looked for."""
    return repository_finder(repos or settings.repos, exposure_file.repositories)


def _digest(exposure_file: ExposureFile) -> str:
    """Of the cases alone, so that a corrected root cause does not end a run."""
    cases = [(one.case, str(one.repo), one.commit, one.pull) for one in exposure_file.exposures]
    return hashlib.sha256(repr(cases).encode()).hexdigest()
