"""The rules of the house that a linter does not know (DESIGN.md section 8)."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(path for path in (ROOT / "reviewbot").rglob("*.py") if "migrations" not in path.parts)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MOST_LINES, MOST_FUNCTION_LINES = 500, 60
BROAD_EXCEPT_ALLOWED = ("server/worker.py", "jobs/", "cli/main.py")
BANNED_NAMES = re.compile(r"(Manager|Helper|Util|Base|Processor)\b")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_no_file_is_too_long_to_read(path: Path):
    assert len(path.read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_no_function_is_too_long_to_hold_in_the_head(path: Path):
    nodes = ast.walk(ast.parse(path.read_text()))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    long = [f"{one.name} in line {one.lineno}" for one in functions if _length(one) > MOST_FUNCTION_LINES]

    assert long == []


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_only_the_outermost_code_catches_everything(path: Path):
    if any(allowed in named(path) for allowed in BROAD_EXCEPT_ALLOWED):
        return
    broad = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    ]

    assert broad == []


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_the_environment_is_read_in_one_place(path: Path):
    if named(path) == "reviewbot/config.py":
        return

    assert not re.search(r"\bos\.(environ|getenv)\b", path.read_text())


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_every_module_says_what_it_is_for(path: Path):
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_classes_are_not_named_after_nothing(path: Path):
    names = [node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)]

    assert [name for name in names if BANNED_NAMES.search(name)] == []


@pytest.mark.parametrize("path", TESTS, ids=named)
def test_tests_mock_nothing_and_leave_nothing_undone(path: Path):
    if path == Path(__file__):
        return

    assert not re.search(r"unittest\.mock|MagicMock|pytest\.mark\.(skip|xfail)\b|TODO|FIXME", path.read_text())
