"""`reviewbot review`: reviews a local change before anybody else has to."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How a review is written."""

    TERMINAL = "terminal"
    JSON = "json"
    SARIF = "sarif"
    RDJSON = "rdjson"
    MARKDOWN = "markdown"


class Threshold(StrEnum):
    """The severities, worst first, as `--fail-on` takes them."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Work(StrEnum):
    """The tiers of effort, as `--effort` takes them."""

    AUTO = "auto"
    QUICK = "quick"
    STANDARD = "standard"
    DEEP = "deep"


DONE, GATE_FAILED, BAD_INPUT, NOT_REVIEWED = 0, 1, 2, 3


_Base = Annotated[
    str | None, typer.Option("--base", help="Review what changed since REV; by default since the default branch.")
]
_Diff = Annotated[str | None, typer.Option("--diff", metavar="FILE", help="Review this diff; - reads it.")]
_Staged = Annotated[bool, typer.Option("--staged", help="Review what is staged.")]
_Output = Annotated[Format, typer.Option("--format", help="How the review is written.")]
_Reviewers = Annotated[
    list[str] | None,
    typer.Option(
        "--reviewer",
        help="llm, static, command:PROGRAM, scripted:FILE, findings:FILE or a plug-in; may be repeated.",
    ),
]
_Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        help="anthropic:NAME, openai:NAME, compatible:NAME@URL or scripted:FILE; may be repeated, and be for one "
        "stage alone, as find=SPEC or verify=SPEC; A|B is A, and B while A is out.",
    ),
]
_Effort = Annotated[
    Work | None, typer.Option("--effort", help="How much work llm makes of it; by default REVIEWBOT_EFFORT, else auto.")
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Ask nothing; say what each effort would take.")]
_Written = Annotated[
    list[str] | None,
    typer.Option("--write", metavar="FORMAT=FILE", help="Writes the same review into a file, too; may be repeated."),
]
_FailOn = Annotated[Threshold | None, typer.Option("--fail-on", help="Exit with 1 on a finding this grave or graver.")]


def review(
    base: _Base = None,
    diff: _Diff = None,
    staged: _Staged = False,
    output: _Output = Format.TERMINAL,
    written: _Written = None,
    reviewer: _Reviewers = None,
    model: _Models = None,
    effort: _Effort = None,
    fail_on: _FailOn = None,
    is_dry_run: _DryRun = False,
) -> None:
    """Reviews the change of this working copy.

    Exit codes: 0 reviewed, 1 a finding reached --fail-on, 2 bad input, 3 the review failed.
    """
    from reviewbot.bootstrap import Workshop, chosen_reviewers
    from reviewbot.cli.output import error_line, line
    from reviewbot.config import load_settings
    from reviewbot.domain.effort import Effort
    from reviewbot.domain.finding import Severity
    from reviewbot.errors import BudgetExhausted
    from reviewbot.pipelines.review_local import LocalChoice, opened_local_change, review_local
    from reviewbot.report.review_formats import render_review

    if sum((base is not None, diff is not None, staged)) > 1:
        raise typer.BadParameter("--base, --diff and --staged exclude each other: give one of them")
    files = _wanted_files(written or [])
    settings = load_settings()
    choice = chosen_reviewers(settings, reviewer or (), model or ())
    error_line(choice.said)
    workshop = Workshop(settings, budget_usd=settings.budget_per_review_usd)
    wanted = Effort(effort.value) if effort else None
    reviewers = workshop.reviewers(choice.names, choice.models, wanted)
    second_look = workshop.second_look(choice.names, choice.models, wanted)
    with opened_local_change(Path.cwd(), LocalChoice(base, _diff_bytes(diff), staged)) as (reviewable, notes):
        for note in notes:
            error_line(note)
        if is_dry_run:
            from reviewbot.cli.review_dry_run import dry_run

            dry_run(settings, choice, reviewable, wanted)
            return
        try:
            result = review_local(reviewable, reviewers, second_look=second_look)
        except BudgetExhausted as error:
            error_line(f"FAILED: nothing was reviewed: {error}.")
            raise typer.Exit(NOT_REVIEWED) from error
    for form, path in files:
        _write(path, render_review(result, reviewable.change.diff, form))
    line(render_review(result, reviewable.change.diff, output.value))
    if result.looked_at_nothing:
        raise typer.Exit(NOT_REVIEWED)
    gate = Severity(fail_on.value) if fail_on else None
    if gate is not None and any(finding.severity.at_least(gate) for finding in result.findings):
        raise typer.Exit(GATE_FAILED)


def _wanted_files(written: list[str]) -> list[tuple[str, Path]]:
    """Format and file of each `--write`, checked before anything is paid for."""
    found = []
    for one in written:
        form, _, path = one.partition("=")
        if form not in {known.value for known in Format} or not path:
            raise typer.BadParameter(f"--write {one}: expected FORMAT=FILE, with one of {', '.join(Format)}")
        found.append((form, Path(path)))
    return found


def _write(path: Path, text: str) -> None:
    from reviewbot.errors import InputError

    try:
        path.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write to {path}: {error.strerror}; give --write another file") from error


def _diff_bytes(source: str | None) -> bytes | None:
    """The diff of a file, or of standard input for `-`."""
    if source is None:
        return None
    if source == "-":
        import sys

        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"--diff {source}: {error.strerror}") from error
