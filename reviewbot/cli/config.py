"""`reviewbot config`: what is set, and where."""

from __future__ import annotations

from typing import Annotated

import typer

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
