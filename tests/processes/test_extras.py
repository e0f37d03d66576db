"""The product as it is installed without extras: it works, and says what is missing."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCKED = """
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in {modules!r} else real(name, package)
from reviewbot.engine.syntax import parse_source
print([parse_source(path, text) is not None for path, text in (("a.py", b"def f(): pass"), ("a.rs", b"fn f() {{}}"))])
"""


def test_the_direct_dependencies_are_few():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert len(project["dependencies"]) <= 25


def test_the_lock_file_has_every_extra():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lock = (ROOT / "requirements" / "run.txt").read_text()
    for extra in ("static", "languages"):
        for one in project["optional-dependencies"][extra]:
            assert re.search(rf"^{re.match(r'[a-z0-9-]+', one)[0]}==", lock, re.M), one  # type: ignore[index]


def test_without_a_grammar_its_language_is_read_as_text():
    script = BLOCKED.format(modules=("tree_sitter_rust", "tree_sitter_java"))
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[True, False]"


def test_without_an_analyser_its_extra_is_named(tmp_path: Path):
    from reviewbot.engine.analysers.report import Workspace

    result = Workspace(tmp_path, 5.0).run("no-such-analyser", [], ())

    assert result.failure == "no-such-analyser is not installed; install reviewbot[static]"
