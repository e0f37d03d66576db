"""The steps of a retro run as the command line takes them: replay, judge, report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from reviewbot import __version__
from reviewbot.bootstrap import (
    DETERMINISTIC,
    Workshop,
    chosen_reviewers,
    load_prices,
    model_label,
    repository_finder,
)
from reviewbot.cli.output import error_line, line
from reviewbot.cli.progress import progress
from reviewbot.cli.retro_shortfall import failure_lines, judge_never_answered, nothing_was_reviewed, open_work
from reviewbot.config import Settings, load_settings
from reviewbot.domain.incident import CaseKind
from reviewbot.domain.replay import CaseVerdict, Replay
from reviewbot.domain.repository import RepoName
from reviewbot.domain.review import Outcome
from reviewbot.errors import FileProblems, InputError, StoreError
from reviewbot.git.repository import Repository
from reviewbot.llm.measure import Estimate
from reviewbot.llm.recording import Recorder
from reviewbot.pipelines.judge.evidence import RunRecord, report_of
from reviewbot.pipelines.judge.verdicts import JudgePlan, judge
from reviewbot.pipelines.replay import Arm, ReplayPlan
from reviewbot.pipelines.replay import replay as replay_plan
from reviewbot.report.retro_html import html_report
from reviewbot.report.retro_markdown import markdown_report
from reviewbot.report.retro_terminal import terminal_summary
from reviewbot.report.scorecard import scorecard_json
from reviewbot.report.values import RetroReport
from reviewbot.retro.exposures import ExposureFile, load_exposures
from reviewbot.retro.incident_schema import check_incidents
from reviewbot.retro.log import RunLog, RunSettings
from reviewbot.store.store import Store, open_store

DONE, BAD_INPUT, STOPPED = 0, 2, 3
DEFAULT_TRIALS = 3


@dataclass(frozen=True, slots=True)
class RetroOptions:
    """What was asked for on the command line; None where nothing was said."""

    incidents: Path
    reviewers: tuple[str, ...]
    model: str | None
    judge: str | None
    repos: Path | None
    out: Path | None
    trials: int | None
    resume: bool
    budget_usd: Decimal | None
    concurrency: int | None
    record: Path | None = None


@dataclass(frozen=True)
class _Run:
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


def whole_run(options: RetroOptions) -> int:
    """All steps; the exit code (RETRO.md section 5)."""
    run = _started(options)
    with _resumable(run.log):
        stopped = _replay(run)
        # a run that was stopped asks nobody any more; its report still says what stands where
        stopped = _judge(run, None if stopped else run.run.judge) or stopped
        _report(run, stopped or "")
    _say_stopped(stopped, f"--resume --out {run.log.folder}")
    if run.workshop.recorder is not None and not stopped:
        # a resumed run does not ask again for what is in its log, so its recording is only added to
        dropped = 0 if options.resume else run.workshop.recorder.prune()
        line(f"Recorded: {options.record} ({dropped} old answers dropped)")
    return _exit_code(run, stopped)


def replay_only(options: RetroOptions) -> int:
    run = _started(options)
    with _resumable(run.log):
        stopped = _replay(run)
    line(f"Replays: {run.log.folder / 'replays.jsonl'}")
    line(f"Next: reviewbot retro judge --out {run.log.folder}")
    _say_failures(run.log.replays(), ())
    _say_stopped(stopped, f"--resume --out {run.log.folder}")
    return _exit_code(run, stopped)


def judge_only(
    out: Path, model: str | None, incidents: Path | None, repos: Path | None, budget: Decimal | None, jobs: int | None
) -> int:
    run = _taken_up(out, incidents, repos, budget, jobs)
    if not run.log.replays():
        raise InputError(f"{out} holds no replays: make them with reviewbot retro replay --resume --out {out}")
    specification = model or run.run.judge or run.settings.judge or run.settings.model
    run = replace(run, run=replace(run.run, judge=specification))
    run.log.save_settings(run.run)
    stopped = _judge(run, run.run.judge)
    line(f"Verdicts: {run.log.folder / 'verdicts.jsonl'}")
    line(f"Next: reviewbot retro report --out {run.log.folder}")
    _say_failures((), run.log.verdicts())
    _say_stopped(stopped, f"reviewbot retro judge --out {run.log.folder}")
    return _exit_code(run, stopped)


def report_only(out: Path, incidents: Path | None, repos: Path | None) -> int:
    run = _taken_up(out, incidents, repos, None, None)
    replays, verdicts = run.log.replays(), run.log.verdicts()
    planned = sum(run.run.trials) * len(run.exposure_file.exposures)
    left = open_work(replays, verdicts, planned, run.run.judge is not None)
    _report(run, left)
    if left:
        steps = [f"--resume --out {out}"] if len(replays) < planned else []
        error_line(f"Go on with {', then '.join([*steps, f'reviewbot retro judge --out {out}'])}.")
    return DONE


def dry_run(options: RetroOptions) -> int:
    """Builds every prompt of the real run, asks nothing, and says what it would take."""
    from reviewbot.llm.measure import MeasuringModel

    settings = load_settings()
    catalogue = load_prices(settings)
    meters: dict[str, MeasuringModel] = {}

    def meter(specification: str) -> MeasuringModel:
        return meters.setdefault(specification, MeasuringModel(specification, catalogue))

    exposure_file = _checked_exposures(options.incidents)
    choice = chosen_reviewers(settings, options.reviewers, options.model)
    line(choice.said)
    workshop = Workshop(settings, replace_model=meter)
    arms = _arms(options, settings, workshop)
    finder = _finder(options.repos, settings, exposure_file)
    problems: list[Replay] = []
    once = tuple(replace(arm, trials=1) for arm in arms if arm.model)
    plan = ReplayPlan(exposure_file.exposures, dict(exposure_file.kinds), once, finder, concurrency=2)
    replay_plan(plan, lambda one: problems.append(one) if one.outcome is Outcome.FAILED else None)
    line(f"{len(exposure_file.exposures)} cases, arms: {', '.join(f'{arm.label} × {arm.trials}' for arm in arms)}")
    for specification, measured in meters.items():
        trials = sum(arm.trials for arm in arms if arm.model == specification)
        line(f"{specification}: {_estimate_words(measured.estimate(), trials)}")
    if options.judge or settings.judge or choice.model:
        line("The judge comes on top: about one call for each finding on an incident's change.")
    for one in problems:
        error_line(f"{one.case}: cannot be replayed: {one.reason}")
    return DONE


def _estimate_words(once: Estimate, trials: int) -> str:
    words = (
        f"{once.calls * trials} calls, {once.input_tokens * trials:,} tokens in, "
        f"at most {once.output_tokens_ceiling * trials:,} out"
    )
    if once.cost_range_usd is None:
        return f"{words}; cost unknown: no price is known for this model (REVIEWBOT_PRICES_FILE can give one)"
    low, high = once.cost_range_usd
    return f"{words}; ${low * trials:.2f} to ${high * trials:.2f}"


def _started(options: RetroOptions) -> _Run:
    settings = load_settings()
    exposure_file = _checked_exposures(options.incidents)
    choice = chosen_reviewers(settings, options.reviewers, options.model)
    line(choice.said)
    if exposure_file.auto_controls is not None:
        line("controls.auto is not read yet: only the changes under controls.include are replayed as controls.")
    log = RunLog(options.out or Path("retro-runs") / datetime.now(UTC).strftime("%Y%m%d-%H%M%S"))
    recorder = _recorder(options.record, choice.model) if options.record else None
    workshop = Workshop(settings, log.ledger, options.budget_usd, log.spent_usd(), recorder=recorder)
    arms = _arms(options, settings, workshop)
    judge_model = options.judge or settings.judge or choice.model
    if judge_model is None:
        line("No judge: without a model nothing is called caught, and the report compares places only.")
    else:
        workshop.model(judge_model)
    repos = options.repos or settings.repos
    store = open_store(settings.database_url)
    run = log.start(
        RunSettings(
            incidents_file=str(options.incidents),
            repos=str(repos) if repos else None,
            cases_sha256=_digest(exposure_file),
            arms=tuple(arm.name for arm in arms),
            labels=tuple(arm.label for arm in arms),
            models=tuple(arm.model for arm in arms),
            trials=tuple(arm.trials for arm in arms),
            judge=judge_model,
            reviewbot_version=__version__,
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        ),
        options.resume,
    )
    finder = _finder(options.repos, settings, exposure_file)
    concurrency = options.concurrency or settings.concurrency
    return _Run(log, settings, workshop, run, exposure_file, arms, finder, store, concurrency)


@contextmanager
def _resumable(log: RunLog) -> Iterator[None]:
    """Tells whoever has to make room on a disk that nothing has to be paid again."""
    try:
        yield
    except StoreError as error:
        raise StoreError(f"{error}\nWhat was answered is kept: go on with --resume --out {log.folder}.") from error


def _recorder(file: Path, model: str | None) -> Recorder:
    return Recorder(file, f"{model or 'a model'}, {datetime.now(UTC):%Y-%m-%d}")


def _taken_up(
    out: Path, incidents: Path | None, repos: Path | None, budget: Decimal | None, concurrency: int | None
) -> _Run:
    log = RunLog(out)
    run = log.settings()
    if run is None:
        raise InputError(f"{out} holds no run; start one with reviewbot retro --incidents FILE --out {out}")
    settings = load_settings()
    if incidents is not None:
        run = replace(run, incidents_file=str(incidents))
    exposure_file = _checked_exposures(Path(run.incidents_file))
    workshop = Workshop(settings, log.ledger, budget, log.spent_usd())
    finder = _finder(repos or (Path(run.repos) if run.repos else None), settings, exposure_file)
    store = open_store(settings.database_url)
    return _Run(log, settings, workshop, run, exposure_file, (), finder, store, concurrency or settings.concurrency)


def _checked_exposures(path: Path) -> ExposureFile:
    """The cases of a file that is right as a whole: it is better to hear of a bad answer key before the replay."""
    problems = check_incidents(path)
    if problems:
        raise FileProblems(path, problems)
    exposure_file = load_exposures(path)
    if not exposure_file.exposures:
        raise InputError(f"{path}: no incident names the change that introduced it: there is nothing to replay")
    return exposure_file


def _arms(options: RetroOptions, settings: Settings, workshop: Workshop) -> tuple[Arm, ...]:
    choice = chosen_reviewers(settings, options.reviewers, options.model)
    if len(set(choice.names)) != len(choice.names):
        raise InputError(f"--reviewer: {', '.join(choice.names)} names one reviewer twice; each is one arm")
    arms = []
    for name in choice.names:
        model = choice.model if name == "llm" else None
        trials = 1 if name.startswith(DETERMINISTIC) else options.trials or DEFAULT_TRIALS
        label = f"{name} ({model_label(model)})" if model else name
        arms.append(Arm(name, label, (workshop.reviewer(name, choice.model),), model, trials))
    return tuple(arms)


def _finder(repos: Path | None, settings: Settings, exposure_file: ExposureFile) -> Callable[[RepoName], Repository]:
    return repository_finder(repos or settings.repos, exposure_file.repositories)


def _digest(exposure_file: ExposureFile) -> str:
    """Of the cases alone, so that a corrected root cause does not end a run."""
    cases = [(one.case, str(one.repo), one.commit, one.pull) for one in exposure_file.exposures]
    return hashlib.sha256(repr(cases).encode()).hexdigest()


def _replay(run: _Run) -> str | None:
    earlier = run.log.replays()
    done = frozenset(one.key for one in earlier if _is_settled(one))
    plan = ReplayPlan(
        exposures=run.exposure_file.exposures,
        kinds=dict(run.exposure_file.kinds),
        arms=run.arms,
        find_repository=run.find_repository,
        done=done,
        concurrency=run.concurrency,
        seed=run.run.cases_sha256,
    )
    run_id = _run_id(run)
    for one in earlier:
        # what ended the earlier start may have come between the log and the database
        run.store.save_replay(run_id, one)
    with progress("Replaying", plan.total, len(done)) as shown:

        def record(one: Replay) -> None:
            run.log.append(one)
            run.store.save_replay(run_id, one)
            shown.advance(one.outcome is Outcome.FAILED, one.cost_usd)

        return replay_plan(plan, record)


def _is_settled(replay: Replay) -> bool:
    """Whether it is not to be tried again: a reviewer that failed may do better the next time."""
    return replay.outcome is not Outcome.FAILED and not any(one.failure for one in replay.runs)


def _run_id(run: _Run) -> int:
    return run.store.start_run(run.run.started_at, str(run.log.folder.absolute()), run.run.incidents_file)


def _judge(run: _Run, specification: str | None) -> str | None:
    replays = [one for one in run.log.replays() if one.kind is CaseKind.INCIDENT]
    model = run.workshop.model(specification) if specification else None
    plan = JudgePlan(Path(run.run.incidents_file), replays, run.find_repository, model, run.concurrency)
    with progress("Judging", len({one.case for one in replays})) as shown:
        verdicts, stopped_by = judge(plan, lambda cost: shown.advance(cost_usd=cost))
    run.log.write_verdicts(verdicts)
    run.store.save_verdicts(_run_id(run), verdicts)
    return stopped_by


def _report(run: _Run, stopped_by: str) -> RetroReport:
    record = RunRecord(
        settings=run.run,
        replays=run.log.replays(),
        verdicts=run.log.verdicts(),
        knowledge_cutoff=load_prices(run.settings).knowledge_cutoff,
        find_repository=run.find_repository,
        generated_at=datetime.now(UTC),
        stopped_by=stopped_by,
    )
    report = report_of(record)
    run.log.write_text("scorecard.json", scorecard_json(report.scorecard))
    run.log.write_text("report.md", markdown_report(report))
    page = run.log.write_text("report.html", html_report(report))
    line(terminal_summary(report))
    for case, reason in report.scorecard.not_replayed.items():
        error_line(f"{case}: could not be replayed: {reason}")
    _say_failures(record.replays, record.verdicts)
    line(f"Report: {page}")
    if stopped_by:
        error_line(f"The report is partial: {stopped_by}.")
    return report


def _say_failures(replays: Sequence[Replay], verdicts: Sequence[CaseVerdict]) -> None:
    for failure in failure_lines(replays, verdicts):
        error_line(failure)


def _say_stopped(stopped: str | None, remedy: str) -> None:
    if stopped:
        error_line(f"Stopped early: {stopped}. Go on with {remedy}.")


def _exit_code(run: _Run, stopped: str | None) -> int:
    if stopped:
        return STOPPED
    if nothing_was_reviewed(run.log.replays()) or judge_never_answered(run.log.verdicts()):
        return BAD_INPUT
    return DONE
