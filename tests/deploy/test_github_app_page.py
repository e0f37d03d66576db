"""The manual's page of the App names every permission, event, command and setting, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from reviewbot.cli.app_manifest import EVENTS, PERMISSIONS
from reviewbot.config import Settings
from reviewbot.github.replies import help_text
from reviewbot.setting_layers import is_operators_own, variable_name

PAGE = (Path(__file__).parents[2] / "docs" / "github-app.md").read_text()
OF_OTHER_COMMANDS = {
    *("model", "judge", "judges", "reviewers", "repos", "prices_file", "compatible_api_key"),
    *("anthropic_api_key", "anthropic_base_url", "openai_api_key", "openai_base_url"),
}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_setting_of_the_service_is_listed_with_its_default_and_who_may_set_it() -> None:
    listed = {row[0].split("`")[1]: row for row in rows("Settings")}
    fields = {variable_name(field): field for field in Settings.model_fields if field not in OF_OTHER_COMMANDS}

    assert listed.keys() == fields.keys()
    for name, field in fields.items():
        assert listed[name][0].endswith("\\*") == is_operators_own(field, "x"), name
        default = Settings.model_fields[field].default
        if isinstance(default, int | float | str):
            assert listed[name][1] == f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def test_every_permission_is_listed_and_no_other() -> None:
    listed = {row[0].lower() for row in rows("What it may do, and why")}

    assert listed == {f"{name.replace('_', ' ')}: {level}" for name, level in PERMISSIONS.items()}


def test_every_event_is_listed() -> None:
    sentence = PAGE.partition("\nEvents: ")[2].partition(". ")[0]

    assert sorted(re.findall(r"`(\w+)`", sentence)) == sorted(EVENTS)


def test_every_command_that_the_help_names_is_listed() -> None:
    commands = re.findall(r"`(@reviewbot [^`]+)`", help_text("reviewbot"))
    listed = [command for row in rows("What can be said to it") for command in re.findall(r"`([^`]+)`", row[0])]

    assert commands
    assert listed == commands
