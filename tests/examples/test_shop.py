"""The example repository and its incidents file belong together: these tests hold them to it."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType

import pytest
import tree_sitter_go
import tree_sitter_java
import tree_sitter_typescript
import yaml
from tree_sitter import Language, Node, Parser

from reviewbot.retro.incident_schema import check_incidents

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
INCIDENTS = EXAMPLES / "incidents.yaml"
HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
GRAMMARS = {
    ".go": tree_sitter_go.language(),
    ".java": tree_sitter_java.language(),
    ".ts": tree_sitter_typescript.language_typescript(),
}


def loaded_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_shop", EXAMPLES / "build_shop.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_shop"] = module
    spec.loader.exec_module(module)
    return module


build_shop = loaded_script()
FILE = yaml.safe_load(INCIDENTS.read_text(encoding="utf-8"))
WITH_CAUSE = [incident for incident in FILE["incidents"] if "introduced" in incident]
CONTROLS = FILE["controls"]["include"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shop.build(tmp_path_factory.mktemp("repositories"))


def git(repository: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", f"--git-dir={repository}", *arguments], check=True, capture_output=True, encoding="utf-8"
    ).stdout


def diff_lines(repository: Path, sha: str, path: str) -> dict[str, dict[int, str]]:
    """The lines that the diff of a commit shows of a file, by side and number."""
    shown: dict[str, dict[int, str]] = {"LEFT": {}, "RIGHT": {}}
    old = new = 0
    for line in git(repository, "show", "--format=", "--no-renames", sha, "--", path).splitlines():
        if found := HUNK.match(line):
            old, new = int(found[1]), int(found[2])
        elif old + new > 0 and line[:1] in ("-", " "):
            shown["LEFT"][old] = line
            old += 1
        if old + new > 0 and line[:1] in ("+", " "):
            shown["RIGHT"][new] = line
            new += 1
    return shown


def changed_line_count(repository: Path, sha: str) -> int:
    rows = git(repository, "show", "--format=", "--numstat", sha).splitlines()
    return sum(int(count) for row in rows for count in row.split("\t")[:2])


def test_building_twice_and_elsewhere_gives_the_same_head(shop: Path, tmp_path: Path) -> None:
    head = git(shop, "rev-parse", "main")

    again = build_shop.build(shop.parents[1])
    elsewhere = build_shop.build(tmp_path)

    assert git(again, "rev-parse", "main") == head
    assert git(elsewhere, "rev-parse", "HEAD") == head


def test_a_repository_with_the_right_head_is_left_alone(tmp_path: Path) -> None:
    repository = build_shop.build(tmp_path)
    (repository / "kept").touch()

    build_shop.build(tmp_path)

    assert (repository / "kept").exists()


def test_a_repository_with_another_head_is_built_anew(tmp_path: Path) -> None:
    repository = build_shop.build(tmp_path)
    head = git(repository, "rev-parse", "main")
    git(repository, "update-ref", "refs/heads/main", "main~3")

    build_shop.build(tmp_path)

    assert git(repository, "rev-parse", "main") == head


def test_a_folder_that_is_no_repository_is_never_removed(tmp_path: Path) -> None:
    (tmp_path / "acme" / "shop").mkdir(parents=True)

    with pytest.raises(SystemExit, match="no bare repository"):
        build_shop.build(tmp_path)


def test_patches_that_git_writes_back_are_the_same_history(shop: Path, tmp_path: Path) -> None:
    options = ["--root", "--keep-subject", "--no-stat", "--no-signature", "--zero-commit", "--no-renames"]
    git(shop, "format-patch", "--quiet", *options, "-o", str(tmp_path), "main")

    written = [commit.sha for commit in build_shop.read_commits(tmp_path)]

    assert written == [commit.sha for commit in build_shop.read_commits()]


def test_a_patch_that_does_not_fit_ends_the_build_with_its_name(tmp_path: Path) -> None:
    first = next(iter(sorted((EXAMPLES / "shop").glob("*.patch"))))
    (tmp_path / "01-first.patch").write_text(first.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "02-second.patch").write_text(
        "From: A <a@acme.example>\nDate: Fri, 02 Jan 2026 10:00:00 +0000\nSubject: Change\n\n---\n"
        "diff --git a/README.md b/README.md\n--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-# shoppe\n+# store\n",
        encoding="utf-8",
    )

    with pytest.raises(SystemExit, match=r"02-second.patch: README.md has no line '# shoppe' at 1"):
        list(build_shop.read_commits(tmp_path))


def test_git_finds_nothing_wrong_with_the_repository(shop: Path) -> None:
    git(shop, "fsck", "--strict", "--no-dangling")


def test_the_history_grows_older_to_newer_in_one_line(shop: Path) -> None:
    rows = [row.split() for row in git(shop, "log", "--reverse", "--format=%at %P", "main").splitlines()]

    assert len(rows) >= 26
    assert [int(row[0]) for row in rows] == sorted(int(row[0]) for row in rows)
    assert all(len(row) <= 2 for row in rows)


def test_the_incidents_file_has_no_problem() -> None:
    assert check_incidents(INCIDENTS) == []


def test_there_are_as_many_incidents_and_controls_as_promised() -> None:
    causes = [incident["introduced"][0]["commit"] for incident in WITH_CAUSE]
    fixes = [incident["fixed"][0]["commit"] for incident in WITH_CAUSE]
    quiet = [control["commit"] for control in CONTROLS]

    assert len(WITH_CAUSE) >= 10
    assert len(FILE["incidents"]) - len(WITH_CAUSE) == 2
    assert len(quiet) >= 6
    assert len({*causes, *fixes, *quiet}) == len(causes) + len(fixes) + len(quiet)
    assert {incident["split"] for incident in WITH_CAUSE} == {"tune", "held-out"}


def test_every_sha_of_the_file_is_a_commit_of_the_history(shop: Path) -> None:
    history = set(git(shop, "rev-list", "main").split())
    named = {change["commit"] for incident in WITH_CAUSE for key in ("introduced", "fixed") for change in incident[key]}

    assert named | {control["commit"] for control in CONTROLS} <= history


@pytest.mark.parametrize("incident", WITH_CAUSE, ids=lambda incident: incident["id"])
def test_locations_are_lines_that_the_diff_shows_and_one_of_them_changed(
    shop: Path, incident: dict[str, object]
) -> None:
    sha = incident["introduced"][0]["commit"]
    for location in incident["locations"]:
        shown = diff_lines(shop, sha, location["path"])[location["side"]]
        numbers = range(location["start_line"], location["end_line"] + 1)

        assert set(numbers) <= set(shown), f"{location} is not in the diff"
        assert any(shown[number][0] in "+-" for number in numbers), f"{location} has context only"


@pytest.mark.parametrize("incident", WITH_CAUSE, ids=lambda incident: incident["id"])
def test_an_incident_starts_after_its_cause_and_ends_after_its_fix(shop: Path, incident: dict[str, object]) -> None:
    def committed_at(key: str) -> datetime:
        return datetime.fromisoformat(git(shop, "show", "-s", "--format=%aI", incident[key][0]["commit"]).strip())

    assert committed_at("introduced") < incident["started_at"] <= incident["detected_at"]
    assert incident["detected_at"] <= committed_at("fixed") <= incident["resolved_at"]


def test_causes_and_controls_are_of_the_same_size(shop: Path) -> None:
    causes = [changed_line_count(shop, incident["introduced"][0]["commit"]) for incident in WITH_CAUSE]
    controls = [changed_line_count(shop, control["commit"]) for control in CONTROLS]

    assert all(5 <= count <= 150 for count in causes + controls), (causes, controls)
    assert sum(causes) / len(causes) < 2 * sum(controls) / len(controls) < 4 * sum(causes) / len(causes)


def test_just_one_cause_is_in_reach_of_a_pattern_for_unawaited_loops(shop: Path) -> None:
    shas = [incident["introduced"][0]["commit"] for incident in WITH_CAUSE]
    found = [sha for sha in shas if "+  wanted.forEach(async" in git(shop, "show", sha)]

    assert len(found) == 1
    assert "forEach(async" not in git(shop, "grep", "-h", "-e", "[a-z]", "main", "--", "web")


def versions() -> Iterator[tuple[str, bytes]]:
    """Every version of every file."""
    for commit in build_shop.read_commits():
        for name, (_, content) in commit.changed.items():
            yield name, content


def broken_nodes(node: Node) -> Iterator[Node]:
    if node.has_error:
        if node.type == "ERROR" or node.is_missing:
            yield node
        for child in node.children:
            yield from broken_nodes(child)


def test_every_version_of_every_file_parses() -> None:
    parsers = {suffix: Parser(Language(grammar)) for suffix, grammar in GRAMMARS.items()}
    for name, content in versions():
        match Path(name).suffix:
            case ".py":
                compile(content, name, "exec")
            case ".json":
                json.loads(content)
            case ".yaml" | ".yml":
                yaml.safe_load(content)
            case ".go" | ".java" | ".ts" as suffix:
                broken = [node.start_point for node in broken_nodes(parsers[suffix].parse(content).root_node)]
                assert broken == [], f"{name}: {broken}"


def test_the_service_is_of_a_believable_size(shop: Path) -> None:
    names = git(shop, "ls-tree", "-r", "--name-only", "main").splitlines()

    assert len(names) >= 25
    assert {".py", ".ts", ".go", ".java", ".sql", ".json", ".yaml", ".yml", ".sh"} <= {Path(n).suffix for n in names}
