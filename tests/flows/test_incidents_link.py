"""`reviewbot incidents link`, as its user meets it: candidates, questions, and the file afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from reviewbot.cli.incidents import app
from reviewbot.retro.answers import load_answers
from reviewbot.retro.incident_keys import Confidence
from tests.fakes.repositories import RepositoryBuilder
from tests.flows.world import World


@pytest.fixture
def file(tmp_path: Path, world: World) -> Path:
    path = tmp_path / "incidents.yaml"
    path.write_text(f"""\
# what went wrong in the shop
schema_version: "1.0"
defaults: {{repo: acme/shop}}
incidents:
  - id: INC-1   # the expensive one
    name: Charged twice
    fixed:
      - commit: "{world["retry-fix"]}"
  - {{id: INC-2, fixed: [{{pr: 14}}]}}
  - {{id: INC-3, started_at: 2023-11-14T22:14:30Z, fixed: [{{commit: "{world["retry-fix"]}"}}]}}
  - {{id: INC-4, fixed: [{{pr: 999}}]}}
  - {{id: INC-5, fixed: [{{pr: 13}}], introduced: [{{pr: 11}}]}}
""")
    return path


def link(world: World, file: Path, *options: str, answers: str = "") -> Result:
    arguments = ["link", str(file), "--repos", str(world.mirrors), *options]
    return CliRunner().invoke(app, arguments, input=answers)


def causes(file: Path) -> dict[str, list[tuple[str | None, int | None, str, Confidence | None]]]:
    incidents = load_answers(file).incidents
    return {
        one.id: [(each.commit, each.pull, each.source, each.confidence) for each in one.introduced]
        for one in incidents
        if one.introduced
    }


def test_a_person_is_shown_candidates_and_what_is_chosen_stands_in_the_file(world: World, file: Path):
    before = file.read_text()

    result = link(world, file, answers="nonsense\n1\n1\n")

    assert result.exit_code == 0, result.output
    assert "INC-1  Charged twice  (1 of 4)" in result.output
    assert f"fixed by {world['retry-fix'][:10]}  2023-11-14  Charge with one key (#13)" in result.output
    assert f"1  {world['retry'][:10]}  2023-11-14  Retry a charge that timed out (#11)" in result.output
    assert "single: wrote all that the fix took away: 1 line" in result.output
    assert "'nonsense' is not one of them" in result.output
    assert causes(file) == {
        "INC-1": [(world["retry"], 11, "human", Confidence.CONFIRMED)],
        "INC-2": [(world["root"], None, "human", Confidence.CONFIRMED)],
        "INC-5": [(None, 11, "", None)],
    }
    added = set(file.read_text().splitlines()) - set(before.splitlines())
    assert len(added) == 2 and set(before.splitlines()) - set(file.read_text().splitlines()) == {
        "  - {id: INC-2, fixed: [{pr: 14}]}"
    }


def test_the_first_commit_is_the_candidate_where_only_it_came_before_the_incident(world: World, file: Path):
    rows = {one["id"]: one for one in json.loads(link(world, file, "--format", "json").stdout)}

    assert rows["INC-1"]["candidates"][0]["commit"] == world["retry"]
    assert [one["commit"] for one in rows["INC-3"]["candidates"]] == [world["root"]]


def test_json_lists_every_incident_asks_nothing_and_writes_nothing(world: World, file: Path):
    before = file.read_bytes()

    result = link(world, file, "--format", "json", answers="")

    rows = json.loads(result.stdout)
    assert [row["id"] for row in rows] == ["INC-1", "INC-2", "INC-3", "INC-4", "INC-5"]
    assert rows[0]["candidates"][0] == {
        "commit": world["retry"],
        "pr": 11,
        "tier": "single",
        "evidence": "wrote all that the fix took away: 1 line",
    }
    assert rows[3] == {
        "id": "INC-4",
        "candidates": [],
        "notes": [f"no commit of {world.mirrors}/acme/shop.git says that it brings #999; give the commit of the fix"],
    }
    assert file.read_bytes() == before


def test_in_bulk_only_the_tier_that_was_named_is_written_and_marked_as_likely(world: World, file: Path):
    result = link(world, file, "--accept-tier", "single")

    assert result.exit_code == 0
    assert causes(file)["INC-1"] == [(world["retry"], 11, "blame", Confidence.LIKELY)]
    assert "INC-2" not in causes(file)
    assert "1 accepted in bulk and marked as likely, 2 left as they were, 1 without a candidate" in result.output
    again = file.read_text()
    link(world, file, "--accept-tier", "single")
    assert file.read_text() == again


def test_the_end_of_the_input_and_q_stop_and_keep_what_was_chosen(world: World, file: Path):
    result = link(world, file, answers="1\nq\n")

    assert "1 confirmed by you, 3 left as they were" in result.output
    assert list(causes(file)) == ["INC-1", "INC-5"]
    assert "3 left as they were" in link(world, file, answers="").output


def test_a_bad_file_ends_in_two_with_the_place(world: World, file: Path):
    file.write_text("schema_version: 1\n")

    result = link(world, file)

    assert result.exit_code == 2 and f"{file}:1:17: " in result.output


def test_a_repository_that_is_not_there_is_said_for_each_incident_and_none_is_lost(tmp_path: Path, file: Path):
    result = CliRunner().invoke(app, ["link", str(file), "--repos", str(tmp_path)], input="")

    assert result.exit_code == 0
    assert result.output.count("note: no repository acme/shop: ") == 4
    assert "4 without a candidate" in result.output


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["import", *arguments])


def test_a_folder_of_exports_is_imported_and_what_cannot_be_read_is_named(tmp_path: Path):
    records = {
        "one.json": {"id": "A-1", "affected": []},
        "sub/two.json": {"vulns": [_advisory("A-2"), _advisory("A-3")]},
    }
    for name, record in records.items():
        (tmp_path / "osv" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "osv" / name).write_text(json.dumps(record))
    out = tmp_path / "incidents.yaml"

    result = run("osv", str(tmp_path / "osv"), "--out", str(out))

    assert result.exit_code == 3
    assert "one.json: record 1 (A-1) was left out: it has no GIT range that names a commit" in result.stderr
    assert "2 incidents: 2 with a fix alone; 1 records left out" in result.stderr
    assert [one.id for one in load_answers(out).incidents] == ["A-2", "A-3"]
    assert run("osv", str(tmp_path / "osv"), "--out", str(out)).exit_code == 2


def _advisory(identity: str) -> dict[str, object]:
    events = [{"introduced": "0"}, {"fixed": "a" * 40}]
    return {
        "id": identity,
        "affected": [{"ranges": [{"type": "GIT", "repo": "https://x.example/a/b", "events": events}]}],
    }


def test_a_history_is_mined_for_fixes_that_name_what_they_repair(tmp_path: Path):
    builder = RepositoryBuilder(tmp_path / "shop")
    cause = builder.write("a", "1").commit("Add a")
    builder.write("a", "2").commit("Fixes: 0123456789 of another place")
    fix = builder.write("a", "3").commit(f"Mend a\n\nIt was introduced in {cause[:12]}.")

    result = run("git", str(builder.path), "--repo", "acme/shop")

    assert result.exit_code == 0
    (tmp_path / "out.yaml").write_text(result.stdout)
    (one,) = load_answers(tmp_path / "out.yaml").incidents
    assert ([each.commit for each in one.introduced], [each.commit for each in one.fixed]) == ([cause], [fix])
    assert (one.id, one.name, one.summary) == (f"shop-{fix[:8]}", "Mend a", f"It was introduced in {cause[:12]}.")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("jira", "x"), "'jira' is no source; expected one of github, osv"),
        (("osv",), "name the file that osv exported"),
        (("osv", "none.json"), "none.json cannot be read"),
        (("git", "."), "give one repository and its name"),
        (("csv", "x.csv", "--repo", "shop"), "--repo: 'shop' is not a repository name"),
    ],
)
def test_what_cannot_be_imported_ends_in_two_with_the_remedy(arguments: tuple[str, ...], said: str):
    result = run(*arguments)

    assert result.exit_code == 2 and said in result.stderr
