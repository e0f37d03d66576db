"""`reviewbot config`: what is set, and where; and whether a repository's policy file is in order."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

BAD_INPUT = 2

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Shows what is set, and where.")


@app.callback()
def config() -> None:
    """Shows what is set, and where."""


@app.command("show")
def show(as_json: Annotated[bool, typer.Option("--json", help="Print the settings as JSON.")] = False) -> None:
    """Lists every setting with its value and where it comes from; secrets are masked.

    Variables named REVIEWBOT_... that are no setting follow, without their values.
    """
    from dataclasses import asdict

    from reviewbot.cli.output import line
    from reviewbot.config import ResolvedSetting, resolved, unknown_variables
    from reviewbot.domain.text import revealed

    settings = resolved()
    for unknown in unknown_variables():
        meant = f", perhaps {unknown.nearest} is meant" if unknown.nearest else ""
        description = f"No setting has this name{meant}."
        settings.append(ResolvedSetting(unknown.name, "", f"{unknown.source}: unknown{meant}", description))
    if as_json:
        import json

        line(json.dumps([asdict(setting) for setting in settings], indent=2))
        return
    rows = [("SETTING", "VALUE", "FROM")]
    rows += [(setting.name, revealed(setting.shown_value) or "-", revealed(setting.source)) for setting in settings]
    name_width, value_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    for name, value, source in rows:
        line(f"{name:<{name_width}}  {value:<{value_width}}  {source}")


@app.command("policy-schema")
def policy_schema() -> None:
    """Prints the JSON Schema of the policy file .reviewbot.yml, for editors and other tools."""
    import json

    from reviewbot.cli.output import line
    from reviewbot.policy_schema import policy_json_schema

    line(json.dumps(policy_json_schema(), indent=2))


@app.command("check-policy")
def check_policy(file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy file.")]) -> None:
    """Lists every problem of a policy file with line and column; exit code 2 where there is one.

    Whether the reviewers that it names are installed is known only where the service runs.
    """
    from reviewbot.cli.output import line
    from reviewbot.domain.policy import Policy
    from reviewbot.domain.text import revealed
    from reviewbot.errors import FileProblems
    from reviewbot.policy_file import load_policy

    try:
        load_policy(file, Policy())
    except FileProblems as refusal:
        for problem in refusal.problems:
            line(revealed(str(problem)))
        raise typer.Exit(BAD_INPUT) from refusal
    line(f"{revealed(str(file))} is in order.")
