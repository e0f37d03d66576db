"""The steps of a retro run as the command line takes them: replay, judge, report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from reviewbot.bootstrap import (
    load_prices,
)
from reviewbot.cli.output import error_line, line
from reviewbot.cli.progress import progress
from reviewbot.cli.retro_compare import worse_than
from reviewbot.cli.retro_setup import Pace, RetroOptions, RetroRun, judging_models, started_run, taken_up_run
from reviewbot.cli.retro_shortfall import failure_lines, judge_never_answered, nothing_was_reviewed, open_work
from reviewbot.domain.incident import CaseKind
from reviewbot.domain.replay import CaseVerdict, Replay
from reviewbot.domain.review import Outcome
from reviewbot.engine.runs import REVIEWER_SECONDS
from reviewbot.errors import InputError, StoreError
from reviewbot.pipelines.judge.evidence import RunRecord, report_of
from reviewbot.pipelines.judge.labelling import labels_of_others, with_labels
from reviewbot.pipelines.judge.planting import PlantingPlan, planted, planted_cases
from reviewbot.pipelines.judge.verdicts import JudgePlan, judge
from reviewbot.pipelines.replay import ReplayPlan
from reviewbot.pipelines.replay import replay as replay_plan
from reviewbot.report.retro_html import html_report
from reviewbot.report.retro_markdown import markdown_report
from reviewbot.report.retro_terminal import terminal_summary
from reviewbot.report.scorecard import scorecard_json
from reviewbot.report.values import RetroReport
from reviewbot.retro.gate import check_gates, failed_gates, parse_gate
from reviewbot.retro.labels import labels_file, load_labels
from reviewbot.retro.log import RunLog
from reviewbot.retro.panel import Panel

BATCH_REVIEWER_SECONDS = 7 * 24 * 3600.0
"""A reviewer that waits for batches may be a week at it: each of its waves may take a day."""
_SAVED_AT_ONCE = 50
"""The log has every replay at once; the database, which only copies it, gets them by the dozen."""
DONE, GATE_FAILED, BAD_INPUT, STOPPED = 0, 1, 2, 3


def whole_run(options: RetroOptions) -> int:
    """All steps; the exit code (RETRO.md section 5)."""
    run = started_run(options)
    with _resumable(run.log):
        stopped = _replay(run)
        # a run that was stopped asks nobody any more; its report still says what stands where
        stopped = _judge(run, asks=not stopped) or stopped
        report = _report(run, stopped or "")
    _say_stopped(stopped, f"--resume --out {run.log.folder}")
    if run.workshop.recorder is not None and not stopped:
        # a resumed run does not ask again for what is in its log, so its recording is only added to
        dropped = 0 if options.resume else run.workshop.recorder.prune()
        line(f"Recorded: {options.record} ({dropped} old answers dropped)")
    return _exit_code(run, stopped) or _gate_code(options.gates, report, options.worse_than, run.log.folder)


def replay_only(options: RetroOptions) -> int:
    run = started_run(options)
    with _resumable(run.log):
        stopped = _replay(run)
    line(f"Replays: {run.log.folder / 'replays.jsonl'}")
    line(f"Next: reviewbot retro judge --out {run.log.folder}")
    _say_failures(run.log.replays(), ())
    _say_stopped(stopped, f"--resume --out {run.log.folder}")
    return _exit_code(run, stopped)


@dataclass(frozen=True, slots=True)
class JudgeChoice:
    """Who is asked to judge, none for those of the run, and how many opinions each finding gets."""

    models: tuple[str, ...]
    opinions: int | None


def judge_only(out: Path, by: JudgeChoice, incidents: Path | None, repos: Path | None, pace: Pace) -> int:
    run = taken_up_run(out, incidents, repos, pace)
    if not run.log.replays():
        raise InputError(f"{out} holds no replays: make them with reviewbot retro replay --resume --out {out}")
    earlier = (run.run.judge, *run.run.judges) if run.run.judge else ()
    judges = judging_models(by.models or earlier, run.settings, run.settings.model)
    settings = replace(
        run.run, judge=next(iter(judges), None), judges=judges[1:], opinions=by.opinions or run.settings.judges
    )
    run = replace(run, run=settings)
    run.log.save_settings(run.run)
    stopped = _judge(run, asks=True)
    line(f"Verdicts: {run.log.folder / 'verdicts.jsonl'}")
    line(f"Next: reviewbot retro report --out {run.log.folder}")
    _say_failures((), run.log.verdicts())
    _say_stopped(stopped, f"reviewbot retro judge --out {run.log.folder}")
    return _exit_code(run, stopped)


def report_only(
    out: Path, incidents: Path | None, repos: Path | None, gates: Sequence[str], earlier: Path | None
) -> int:
    run = taken_up_run(out, incidents, repos)
    check_gates(map(parse_gate, gates), run.run.arms)
    replays, verdicts = run.log.replays(), run.log.verdicts()
    planned = sum(run.run.trials) * len(run.exposure_file.exposures)
    left = open_work(replays, verdicts, planned, run.run.judge is not None)
    report = _report(run, left)
    if left:
        steps = [f"--resume --out {out}"] if len(replays) < planned else []
        error_line(f"Go on with {', then '.join([*steps, f'reviewbot retro judge --out {out}'])}.")
    return _gate_code(gates, report, earlier, out)


@contextmanager
def _resumable(log: RunLog) -> Iterator[None]:
    """Tells whoever has to make room on a disk that nothing has to be paid again."""
    try:
        yield
    except StoreError as error:
        raise StoreError(f"{error}\nWhat was answered is kept: go on with --resume --out {log.folder}.") from error


def _replay(run: RetroRun) -> str | None:
    earlier = run.log.replays()
    done = frozenset(one.key for one in earlier if _is_settled(one))
    plan = ReplayPlan(
        exposures=run.exposure_file.exposures,
        kinds=dict(run.exposure_file.kinds),
        arms=run.arms,
        find_repository=run.find_repository,
        policy=run.policy,
        done=done,
        concurrency=run.concurrency,
        seed=run.run.cases_sha256,
        reviewer_seconds=BATCH_REVIEWER_SECONDS if run.workshop.batches else REVIEWER_SECONDS,
        at_once=run.workshop.batches is not None,
    )
    run_id = _run_id(run)
    unsaved, saving = list[Replay](), Lock()
    for at in range(0, len(earlier), _SAVED_AT_ONCE):
        # what ended the earlier start may have come between the log and the database
        run.store.save_replays(run_id, earlier[at : at + _SAVED_AT_ONCE])
    with progress("Replaying", plan.total, len(done)) as shown:

        def record(one: Replay) -> None:
            run.log.append(one)
            with saving:
                unsaved.append(one)
                if len(unsaved) >= _SAVED_AT_ONCE:
                    run.store.save_replays(run_id, unsaved)
                    unsaved.clear()
            shown.advance(one.outcome is Outcome.FAILED, one.cost_usd)

        stopped = _let_go(run, replay_plan(plan, record))
        with saving:
            run.store.save_replays(run_id, unsaved)
            unsaved.clear()
        return stopped


def _is_settled(replay: Replay) -> bool:
    """Whether it is not to be tried again: a reviewer that failed may do better the next time."""
    return replay.outcome is not Outcome.FAILED and not any(one.failure for one in replay.runs)


def _run_id(run: RetroRun) -> int:
    return run.store.start_run(run.run.started_at, str(run.log.folder.absolute()), run.run.incidents_file)


def _judge(run: RetroRun, asks: bool) -> str | None:
    """Judges what was found and, with two opinions each, planted remarks; nobody is asked where `asks` is False."""
    replays = [one for one in run.log.replays() if one.kind is CaseKind.INCIDENT]
    specifications = (run.run.judge, *run.run.judges) if asks and run.run.judge else ()
    judges = tuple(run.workshop.model(one) for one in specifications)
    panel = Panel(judges, run.run.opinions) if judges else None
    incidents = Path(run.run.incidents_file)
    at_once = run.workshop.batches is not None
    plan = JudgePlan(incidents, replays, run.find_repository, panel, run.concurrency, at_once)
    with progress("Judging", len({one.case for one in replays})) as shown:
        verdicts, stopped_by = judge(plan, lambda cost: shown.advance(cost_usd=cost))
        _let_go(run, stopped_by)
    run.log.write_verdicts(verdicts)
    run.store.save_verdicts(_run_id(run), verdicts)
    if panel is None or panel.opinions < 2 or stopped_by:
        return stopped_by
    with progress("Testing the judges", len(planted_cases(incidents, replays))) as shown:
        tests, stopped_by = planted(
            PlantingPlan(incidents, replays, run.find_repository, panel, run.concurrency),
            lambda cost: shown.advance(cost_usd=cost),
        )
    run.log.write_planted(tests)
    return _let_go(run, stopped_by)


def _let_go(run: RetroRun, stopped_by: str | None) -> str | None:
    """Where a step was stopped, nobody waits for a batch any more, or the process would not end."""
    if stopped_by:
        run.workshop.stop_waiting()
    return stopped_by


def _report(run: RetroRun, stopped_by: str) -> RetroReport:
    labels_path = labels_file(Path(run.run.incidents_file))
    labels = load_labels(labels_path)
    record = RunRecord(
        settings=run.run,
        replays=run.log.replays(),
        verdicts=with_labels(run.log.verdicts(), labels),
        planted=run.log.planted(),
        knowledge_cutoff=load_prices(run.settings).knowledge_cutoff,
        find_repository=run.find_repository,
        generated_at=datetime.now(UTC),
        stopped_by=stopped_by,
    )
    strangers = labels_of_others(record.verdicts, labels)
    if strangers:
        error_line(f"{strangers} labels in {labels_path} are of findings that this run does not hold.")
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


def _exit_code(run: RetroRun, stopped: str | None) -> int:
    if stopped:
        return STOPPED
    if nothing_was_reviewed(run.log.replays()) or judge_never_answered(run.log.verdicts()):
        return BAD_INPUT
    return DONE


def _gate_code(gates: Sequence[str], report: RetroReport, earlier: Path | None, run: Path) -> int:
    failures = failed_gates(map(parse_gate, gates), report.scorecard.arms)
    failures += worse_than(earlier, run) if earlier is not None else []
    for failure in failures:
        error_line(f"Gate failed: {failure}.")
    return GATE_FAILED if failures else DONE
