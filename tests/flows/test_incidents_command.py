from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reviewbot.cli.incidents import app
from reviewbot.retro.incident_schema import incident_json_schema
from tests.retro.incident_texts import FULL, incidents_text

PUBLIC = Path(__file__).parents[3] / "shared" / "incidents" / "public.yaml"


def test_a_good_file_is_counted_and_ends_in_zero(tmp_path: Path) -> None:
    path = tmp_path / "incidents.yaml"
    path.write_text(FULL)

    result = CliRunner().invoke(app, ["check", str(path)])

    assert result.exit_code == 0
    assert result.output == ("2 incidents, 1 with a code cause, 1 linked, 2 controls; split: 1 held-out, 1 no split\n")


def test_every_problem_is_one_line_with_its_place_and_ends_in_two(tmp_path: Path) -> None:
    path = tmp_path / "incidents.yaml"
    path.write_text(incidents_text("id: A, introduced: [{commit: 1234567}], split: x"))

    result = CliRunner().invoke(app, ["check", str(path)])

    assert result.exit_code == 2
    assert [line.split(": ")[0] for line in result.output.splitlines()] == [f"{path}:4:35", f"{path}:4:53"]
    assert "is a number in YAML: put the sha in quotes" in result.output


def test_notes_do_not_refuse_a_file(tmp_path: Path) -> None:
    path = tmp_path / "incidents.yaml"
    path.write_text(incidents_text("id: A, introduced: [{pr: 1}]", "id: B, introduced: [{pr: 1}]"))

    result = CliRunner().invoke(app, ["check", str(path)])

    assert result.exit_code == 0
    assert result.output.startswith(f"note: {path}:5:5: the incident 'B' names the same cause as 'A'\n2 incidents,")


def test_a_missing_file_ends_in_two_with_a_remedy(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(tmp_path / "none.yaml")])

    assert result.exit_code == 2
    assert "none.yaml cannot be read (No such file or directory): name a YAML file" in result.output


def test_text_of_a_file_cannot_steer_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "incidents.yaml"
    path.write_text(incidents_text('id: A, fixed: [{pr: 1}], "\\e[2J\\nkey": 1', 'id: B, split: "\\u202Ex\\e[1m"'))

    result = CliRunner().invoke(app, ["check", str(path)])

    assert result.exit_code == 2
    assert "\x1b" not in result.output and "\u202e" not in result.output
    assert all(line.startswith(str(path)) for line in result.output.splitlines())


def test_the_example_of_the_manual_passes(tmp_path: Path) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "incidents.md").read_text("utf-8")
    path = tmp_path / "incidents.yaml"
    path.write_text(manual.split("```yaml\n")[1].split("```")[0])

    result = CliRunner().invoke(app, ["check", str(path)])

    assert result.output == "2 incidents, 1 with a code cause, 1 linked, 1 control; split: 1 held-out, 1 no split\n"


def test_the_schema_is_printed_as_json() -> None:
    result = CliRunner().invoke(app, ["schema"])

    assert result.exit_code == 0
    assert json.loads(result.output) == incident_json_schema()


def test_mounting_the_command_does_not_load_what_it_needs_later() -> None:
    heavy = ["yaml", "reviewbot.retro.answers", "reviewbot.retro.fields"]
    program = f"import sys, reviewbot.cli.incidents; sys.exit(not set({heavy}).isdisjoint(sys.modules))"

    assert subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2]).returncode == 0


def test_the_public_incidents_pass() -> None:
    if not PUBLIC.exists():
        pytest.skip("shared/incidents/public.yaml is not beside the checkout")

    result = CliRunner().invoke(app, ["check", str(PUBLIC)])

    assert (result.exit_code, result.output) == (
        0,
        "46 incidents, 46 with a code cause, 46 linked, 21 controls; split: 46 no split\n",
    )
