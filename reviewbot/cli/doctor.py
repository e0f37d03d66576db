"""`reviewbot doctor`: says what is in order on this machine, what is missing and what to do about it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

_IN_ORDER, BROKEN = 0, 2
_COLOURS = {"OK": "green", "MISSING": "yellow", "UNKNOWN": "yellow", "PROBLEM": "red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
    online: Annotated[bool, typer.Option("--online", help="Ask GitHub, too, whether it knows the App.")] = False,
) -> None:
    """Checks what reviewbot needs: git, settings, keys, models, plug-ins, analysers, the GitHub App, database.

    Exit codes: 0 nothing that is needed is broken, 2 something is.
    """
    from reviewbot.cli.doctor_checks import Check, Status, checks
    from reviewbot.cli.output import line

    made: list[Check] = []
    for check in checks(online):
        made.append(check)
        if not as_json:
            _print(check)
    problems = sum(check.status is Status.PROBLEM for check in made)
    if as_json:
        import json

        line(json.dumps([asdict(check) for check in made], indent=2))
    else:
        line(f"\n{problems} problem{'s' * (problems != 1)}." if problems else "\nNothing that is needed is broken.")
    raise typer.Exit(BROKEN if problems else _IN_ORDER)


def _print(check: object) -> None:
    """One line, the remedy beneath; colour only on a terminal."""
    from reviewbot.cli.doctor_checks import Check
    from reviewbot.domain.text import revealed

    assert isinstance(check, Check)
    mark = typer.style(f"{check.status.value:<8}", fg=_COLOURS[check.status.value])
    first, *rest = revealed(check.said).splitlines() or [""]
    typer.echo(f"{mark} {check.name:<10} {first}".rstrip())
    for more in rest:
        typer.echo(f"{'':<20}{more}")
    if check.remedy:
        typer.echo(f"{'':<20}{check.remedy}")
