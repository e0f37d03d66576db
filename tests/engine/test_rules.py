"""Every rule of the static reviewer fires on the code it is for, and is silent about code that merely looks like it.

Cases stand under `rules/<language>/<rule>.bad` (each line that must be reported ends in a BAD comment) and `.good`.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from yaml import safe_load

from reviewbot.domain.finding import Category, Severity
from reviewbot.engine.analysers.ast_grep import AstGrep
from reviewbot.engine.analysers.report import FILES_DIRECTORY, Workspace
from reviewbot.engine.analysers.ruff import Ruff
from reviewbot.engine.analysers.ruff_codes import ruff_codes
from reviewbot.engine.analysers.rules import RULES_DIRECTORY, rule_texts, static_rules

CASES = Path(__file__).parent / "rules"
SUFFIXES = {
    "python": ["py"],
    "javascript": ["js", "ts", "tsx"],
    "go": ["go"],
    "java": ["java"],
    "c": ["c", "cpp"],
    "cpp": ["cpp"],
    "ruby": ["rb"],
    "rust": ["rs"],
}
RULES = sorted(path.relative_to(RULES_DIRECTORY).with_suffix("").as_posix() for path in RULES_DIRECTORY.glob("*/*.yml"))
ONE_DIALECT_ONLY = {str(safe_load(text)["id"]) for text in rule_texts() if "one_dialect_only: true" in text}


def suffixes_of(rule: str) -> list[str]:
    suffixes = SUFFIXES[rule.partition("/")[0]]
    return suffixes[:1] if rule in ONE_DIALECT_ONLY else suffixes


CASES_OF_RULES = [(rule, suffix) for rule in RULES for suffix in suffixes_of(rule)]


@pytest.fixture(scope="module")
def reported_lines(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], set[int]]:
    """Lines reported by (rule, file), from one run over all cases."""
    workspace = Workspace(tmp_path_factory.mktemp("rules"), timeout_seconds=30)
    files: list[str] = []
    for rule, suffix in CASES_OF_RULES:
        for kind in ("bad", "good"):
            file = f"{rule}.{kind}.{suffix}"
            target = workspace.directory / FILES_DIRECTORY / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((CASES / f"{rule}.{kind}").read_bytes())
            files.append(file)
    report = AstGrep().analyse(workspace, tuple(files))
    assert report.failure is None
    lines: dict[tuple[str, str], set[int]] = defaultdict(set)
    for hit in report.hits:
        lines[hit.rule.removeprefix("ast-grep:"), hit.file].add(hit.first_line)
    return lines


@cache
def marked_lines(rule: str) -> frozenset[int]:
    lines = (CASES / f"{rule}.bad").read_text().splitlines()
    return frozenset(number for number, line in enumerate(lines, start=1) if line.endswith(("# BAD", "// BAD")))


@pytest.mark.parametrize(("rule", "suffix"), CASES_OF_RULES)
def test_rule_fires_on_exactly_the_marked_lines(
    rule: str, suffix: str, reported_lines: dict[tuple[str, str], set[int]]
) -> None:
    assert marked_lines(rule)
    assert reported_lines[rule, f"{rule}.bad.{suffix}"] == marked_lines(rule)


@pytest.mark.parametrize(("rule", "suffix"), CASES_OF_RULES)
def test_rule_is_silent_about_near_misses(
    rule: str, suffix: str, reported_lines: dict[tuple[str, str], set[int]]
) -> None:
    assert (CASES / f"{rule}.good").read_text().strip()
    assert reported_lines[rule, f"{rule}.good.{suffix}"] == set()


def test_every_case_belongs_to_a_rule() -> None:
    cases = {path.relative_to(CASES).with_suffix("").as_posix() for path in CASES.glob("*/*")}

    assert cases == set(RULES)


@pytest.mark.parametrize("language", SUFFIXES)
def test_every_language_has_at_least_four_rules(language: str) -> None:
    assert len([rule for rule in RULES if rule.startswith(f"{language}/")]) >= 4


@pytest.mark.parametrize("rule", RULES)
def test_rule_file_says_what_goes_wrong_and_what_to_do(rule: str) -> None:
    content = safe_load((RULES_DIRECTORY / f"{rule}.yml").read_text())

    assert content["id"] == rule
    assert len(content["message"]) > 40
    assert content["note"].endswith(".")
    assert len(content["metadata"]["title"]) <= 70
    assert 0.3 <= content["metadata"]["confidence"] <= 0.95
    assert Severity(content["metadata"]["severity"])
    assert Category(content["metadata"]["category"])


@pytest.mark.parametrize("code", ruff_codes())
def test_chosen_rule_of_ruff_says_what_goes_wrong_and_what_to_do(code: str) -> None:
    known = ruff_codes()[code]

    assert len(known.title) <= 70
    assert known.explanation.endswith(".")
    assert known.explanation.count(". ") >= 1
    assert 0.3 <= known.confidence <= 0.95


def test_ruff_knows_every_chosen_rule_without_its_preview_mode(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, timeout_seconds=30)
    (tmp_path / FILES_DIRECTORY).mkdir()
    (tmp_path / FILES_DIRECTORY / "a.py").write_text("import os\n")

    report = Ruff().analyse(workspace, ("a.py",))

    assert report.failure is None
    result = workspace.run(
        "ruff", ["check", "--isolated", "--no-cache", "--select", ",".join(ruff_codes()), "--"], ("a.py",)
    )
    assert result.stderr_tail == ""


def test_the_list_of_rules_names_each_once() -> None:
    rules = static_rules()

    assert len({rule.id for rule in rules}) == len(rules) == len(RULES) + len(ruff_codes())
    assert {rule.language for rule in rules} == set(SUFFIXES)
