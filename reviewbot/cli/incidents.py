"""`reviewbot incidents`: is an incidents file fit for a replay, and what may stand in one?"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from reviewbot.retro.answers import AnswerFile

BAD_INPUT = 2

app = typer.Typer(help="Check, link and import files of past incidents.", no_args_is_help=True)


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


class _Format(StrEnum):
    TEXT = "text"
    JSON = "json"


class _AcceptTier(StrEnum):
    NAMED = "named"
    SINGLE = "single"


@app.command()
def link(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The incidents file.")],
    repos: Annotated[
        Path | None, typer.Option("--repos", help="Where clones or bare mirrors stand, as DIR/owner/name[.git].")
    ] = None,
    accept_tier: Annotated[
        _AcceptTier | None,
        typer.Option(help="Ask nothing: write the best candidate where it is of this tier, or is named outright."),
    ] = None,
    output: Annotated[
        _Format, typer.Option("--format", help="json: print the candidates of every incident, ask and write nothing.")
    ] = _Format.TEXT,
) -> None:
    """Propose the changes that caused incidents, from their fixes, and write those that you confirm into the file."""
    from reviewbot.cli.incidents_link import link as link_file
    from reviewbot.domain.text import revealed
    from reviewbot.errors import InputError
    from reviewbot.retro.linking import Tier

    try:
        link_file(file, repos, None if accept_tier is None else Tier(accept_tier), output is _Format.JSON)
    except InputError as error:
        typer.echo(revealed(str(error)), err=True)
        raise typer.Exit(BAD_INPUT) from error


@app.command("import")
def import_(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="github, osv, pagerduty, incident.io, rootly, firehydrant, statuspage, csv, or git for a history.",
        ),
    ],
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE...", help="Exports, or folders of them; for git a repository.")
    ] = None,
    repo: Annotated[
        str | None, typer.Option("--repo", metavar="OWNER/NAME", help="The repository of all changes that name none.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="The incidents file to write; by default it is printed.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="git: only fixes from this day on, as 2025-01-31.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="git: at most so many, the newest.")] = 200,
) -> None:
    """Make an incidents file out of what another tool exports, or out of a repository's own history."""
    from reviewbot.cli.incidents_import import ImportOptions, import_incidents
    from reviewbot.domain.text import revealed
    from reviewbot.errors import InputError

    try:
        code = import_incidents(ImportOptions(source, tuple(files or ()), repo, out, since, limit))
    except InputError as error:
        typer.echo(revealed(str(error)), err=True)
        raise typer.Exit(BAD_INPUT) from error
    raise typer.Exit(code)


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
