"""`reviewbot retro`: what would the review have caught?"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    invoke_without_command=True,
    help="Replays the changes behind past incidents, judges what the review said of them, and reports the rates.",
    rich_markup_mode=None,
)

_Incidents = Annotated[Path | None, typer.Option("--incidents", help="The incident file (docs/incidents.md).")]
_Reviewers = Annotated[
    list[str] | None,
    typer.Option(
        "--reviewer",
        help="llm, static, command:PROGRAM, scripted:FILE or a plug-in; each one given is an arm of the comparison.",
    ),
]
_Model = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        help="anthropic:NAME, openai:NAME, compatible:NAME@URL or scripted:FILE; may be repeated, and be for one stage "
        "alone, as find=SPEC, verify=SPEC or judge=SPEC; A|B is A, and B while A is out.",
    ),
]
_Judge = Annotated[
    list[str] | None,
    typer.Option("--judge", help="A model that judges; by default that of --model. Two given are two judges."),
]
_Judges = Annotated[
    int | None,
    typer.Option(
        "--judges",
        min=1,
        max=2,
        help="2, the default: two blind opinions on each finding, a third on disagreement, and planted remarks that "
        "measure the judges; 1: one opinion, at half the cost.",
    ),
]
_Repos = Annotated[
    Path | None, typer.Option("--repos", help="Where clones or bare mirrors stand, as DIR/owner/name[.git].")
]
_Out = Annotated[Path | None, typer.Option("--out", help="The run's folder; by default retro-runs/<time>.")]
_NeededOut = Annotated[Path, typer.Option("--out", help="The run's folder.")]
_Trials = Annotated[
    int | None, typer.Option("--trials", min=1, max=100, help="Times each case is put to a model; by default 3.")
]
_Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run in --out; nothing is paid twice.")]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be asked and what it would cost.")]
_Budget = Annotated[
    str | None,
    typer.Option("--budget", metavar="USD", help="Stop before spending more; a partial report is written."),
]
_Concurrency = Annotated[
    int | None,
    typer.Option("--concurrency", min=1, max=256, help="Cases at once; by default REVIEWBOT_CONCURRENCY."),
]
_Batch = Annotated[
    bool,
    typer.Option(
        "--batch", help="Ask through the vendors' batch interfaces: half the price, within a day instead of minutes."
    ),
]
_BatchDeadline = Annotated[
    str | None,
    typer.Option("--batch-deadline", metavar="TIME", help="Ask one by one for what a batch has not done by then: 2h."),
]
_FailUnder = Annotated[
    list[str] | None,
    typer.Option("--fail-under", metavar="[ARM:]RATE=SHARE", help="Exit with 1 below it, as strict=0.3; repeatable."),
]
_FailIfWorse = Annotated[
    Path | None,
    typer.Option(
        "--fail-if-worse-than",
        metavar="RUN",
        help="Exit with 1 where fewer of the same incidents are caught than in this run, or more is said of controls.",
    ),
]
_Policy = Annotated[
    Path | None,
    typer.Option(
        "--policy", metavar="FILE", help="Review under this policy (docs/policy.md) in place of the defaults."
    ),
]
_Untitled = Annotated[
    bool,
    typer.Option(
        "--untitled-arms",
        help="Run each arm with a model a second time, without title and description of the changes: a paired test of "
        "how much these lead it, or what it remembers by them.",
    ),
]
_Record = Annotated[
    Path | None,
    typer.Option("--record", metavar="FILE", help="Keep every answer in FILE, to replay the run by scripted:FILE."),
]


@app.callback()
def retro(
    context: typer.Context,
    incidents: _Incidents = None,
    reviewer: _Reviewers = None,
    model: _Model = None,
    judge: _Judge = None,
    judges: _Judges = None,
    repos: _Repos = None,
    out: _Out = None,
    trials: _Trials = None,
    resume: _Resume = False,
    dry_run: _DryRun = False,
    budget: _Budget = None,
    concurrency: _Concurrency = None,
    batch: _Batch = False,
    batch_deadline: _BatchDeadline = None,
    record: _Record = None,
    fail_under: _FailUnder = None,
    fail_if_worse_than: _FailIfWorse = None,
    policy: _Policy = None,
    untitled_arms: _Untitled = False,
) -> None:
    """Replays the changes behind past incidents, judges what the review said of them, and reports the rates."""
    if context.invoked_subcommand is not None:
        return
    from reviewbot.cli import retro_steps as steps
    from reviewbot.cli.retro_setup import Pace, RetroOptions

    options = RetroOptions(
        incidents=_needed(incidents),
        reviewers=tuple(reviewer or ()),
        models=tuple(model or ()),
        judges=tuple(judge or ()),
        opinions=judges,
        repos=repos,
        out=out,
        trials=trials,
        resume=resume,
        pace=Pace(_dollars(budget), concurrency, batch, batch_deadline),
        record=record,
        gates=tuple(fail_under or ()),
        worse_than=fail_if_worse_than,
        policy=policy,
        untitled=untitled_arms,
    )
    if dry_run:
        from reviewbot.cli.retro_dry_run import dry_run as say_what_it_takes

        say_what_it_takes(options)
        return
    raise typer.Exit(steps.whole_run(options))


# `retro run` says out loud what `retro` does by itself.
app.command("run", help="The same as `reviewbot retro` without a subcommand.")(retro)


@app.command("replay")
def replay(
    incidents: _Incidents = None,
    reviewer: _Reviewers = None,
    model: _Model = None,
    repos: _Repos = None,
    out: _Out = None,
    trials: _Trials = None,
    resume: _Resume = False,
    budget: _Budget = None,
    concurrency: _Concurrency = None,
    batch: _Batch = False,
    batch_deadline: _BatchDeadline = None,
    policy: _Policy = None,
    untitled_arms: _Untitled = False,
) -> None:
    """Only the first step: reviews each change and writes replays.jsonl; sees no answer."""
    from reviewbot.cli import retro_steps as steps
    from reviewbot.cli.retro_setup import Pace, RetroOptions

    options = RetroOptions(
        incidents=_needed(incidents),
        reviewers=tuple(reviewer or ()),
        models=tuple(model or ()),
        judges=(),
        opinions=None,
        repos=repos,
        out=out,
        trials=trials,
        resume=resume,
        pace=Pace(_dollars(budget), concurrency, batch, batch_deadline),
        policy=policy,
        untitled=untitled_arms,
    )
    raise typer.Exit(steps.replay_only(options))


@app.command("judge")
def judge_command(
    out: _NeededOut,
    judge: _Judge = None,
    judges: _Judges = None,
    incidents: _Incidents = None,
    repos: _Repos = None,
    budget: _Budget = None,
    concurrency: _Concurrency = None,
    batch: _Batch = False,
    batch_deadline: _BatchDeadline = None,
) -> None:
    """Only the second step: judges the replays in --out and writes verdicts.jsonl."""
    from reviewbot.cli import retro_steps as steps
    from reviewbot.cli.retro_setup import Pace

    by = steps.JudgeChoice(tuple(judge or ()), judges)
    pace = Pace(_dollars(budget), concurrency, batch, batch_deadline)
    raise typer.Exit(steps.judge_only(out, by, incidents, repos, pace))


@app.command("report")
def report(
    out: _NeededOut,
    incidents: _Incidents = None,
    repos: _Repos = None,
    fail_under: _FailUnder = None,
    fail_if_worse_than: _FailIfWorse = None,
) -> None:
    """Only the last step: scores the verdicts in --out and writes the report; asks no model."""
    from reviewbot.cli import retro_steps as steps

    raise typer.Exit(steps.report_only(out, incidents, repos, tuple(fail_under or ()), fail_if_worse_than))


@app.command("label")
def label_command(
    out: _NeededOut,
    incidents: _Incidents = None,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Whose labels these are.")] = None,
) -> None:
    """Label findings by hand: all hits and a third of the misses, blind; can be stopped and taken up at any time."""
    from reviewbot.cli.retro_label import label

    label(out, incidents, by)


@app.command("learn")
def learn_command(
    out: _NeededOut,
    arm: Annotated[str | None, typer.Option("--arm", metavar="NAME", help="By default the first with a model.")] = None,
    miss_class: Annotated[
        str | None,
        typer.Option("--class", metavar="WORDS", help="A class of misses by some of its words: the largest."),
    ] = None,
    repos: _Repos = None,
    budget: _Budget = None,
    concurrency: _Concurrency = None,
    batch: _Batch = False,
    batch_deadline: _BatchDeadline = None,
) -> None:
    """Propose a general rule for a class of misses, and replay with and without it; nothing is adopted."""
    from reviewbot.cli.retro_learn import LearnOptions, learn
    from reviewbot.cli.retro_setup import Pace

    pace = Pace(_dollars(budget), concurrency, batch, batch_deadline)
    raise typer.Exit(learn(LearnOptions(out, arm, miss_class, repos, pace)))


class _Format(StrEnum):
    TEXT = "text"
    JSON = "json"


@app.command("compare")
def compare(
    first: Annotated[Path, typer.Argument(metavar="RUN_A", help="The folder of the run before.")],
    second: Annotated[Path, typer.Argument(metavar="RUN_B", help="The folder of the run after.")],
    output: Annotated[_Format, typer.Option("--format", help="text, or json for machines.")] = _Format.TEXT,
) -> None:
    """What the second run catches that the first did not, and the reverse, on the incidents that both have reviewed."""
    from reviewbot.cli.retro_compare import compare as compare_runs

    compare_runs(first, second, output is _Format.JSON)


def _needed(incidents: Path | None) -> Path:
    if incidents is None:
        raise typer.BadParameter("give the incident file: --incidents FILE (see `reviewbot incidents schema`)")
    return incidents


def _dollars(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        amount = Decimal(text.removeprefix("$"))
    except ArithmeticError:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0:
        raise typer.BadParameter(f"--budget is {text!r}; expected US dollars above 0, such as 2.50")
    return amount
