"""`reviewbot incidents`: is an incidents file fit for a replay, and what may stand in one?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from reviewbot.retro.answers import AnswerFile

BAD_INPUT = 2

app = typer.Typer(help="Check files of past incidents.", no_args_is_help=True)


@app.command()
def check(file: Annotated[Path, typer.Argument(metavar="FILE", help="The incidents file.")]) -> None:
    """List every problem of a file with line and column, or count what it holds."""
    from reviewbot.domain.text import revealed
    from reviewbot.errors import InputError
    from reviewbot.retro.incident_schema import incident_check

    try:
        result = incident_check(file)
    except InputError as error:
        typer.echo(revealed(str(error)), err=True)
        raise typer.Exit(BAD_INPUT) from error
    for problem in result.problems:
        typer.echo(revealed(str(problem)))
    if result.problems:
        raise typer.Exit(BAD_INPUT)
    for note in result.notes:
        typer.echo(f"note: {revealed(str(note))}")
    typer.echo(_summary(result.answers))


@app.command()
def schema() -> None:
    """Print the JSON Schema of incidents files, for editors and other tools."""
    from reviewbot.retro.incident_schema import incident_json_schema

    typer.echo(json.dumps(incident_json_schema(), indent=2))


def _summary(answers: AnswerFile) -> str:
    counts = answers.denominators
    parts = [
        _counted(counts.incidents, "incident"),
        f"{counts.code_cause} with a code cause",
        f"{counts.linked} linked",
        _counted(len(answers.controls), "control"),
    ]
    splits = [key.split.value if key.split else "no split" for key in answers.incidents]
    by_split = [f"{splits.count(split)} {split}" for split in sorted(set(splits))]
    return ", ".join(parts) + (f"; split: {', '.join(by_split)}" if by_split else "")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
