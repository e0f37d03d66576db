"""Nothing in the reviewed repository, in its paths or in our environment reaches the analysers."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewbot.domain.finding import Location
from reviewbot.engine.reviewers.static import StaticReviewer
from tests.engine.whole_file_changes import ASYNC_FOREACH, INJECTION, MUTABLE_DEFAULT, rules_in, task_of


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("pyproject.toml", b"[tool.ruff]\nexclude=['*']\n[tool.ruff.lint]\nselect=[]\nignore=['ALL']\n"),
        ("ruff.toml", b"exclude = ['*']\n[lint]\nignore = ['ALL']\n"),
        (".ruff.toml", b"extend = '/nowhere/ruff.toml'\n"),
        ("sgconfig.yml", b"ruleDirs: [none]\ncustomLanguages: {x: {libraryPath: ./x.so, extensions: [js]}}\n"),
        ("zizmor.yml", b"rules: {template-injection: {disable: true}}\n"),
        (".github/zizmor.yml", b"rules: {template-injection: {disable: true}}\n"),
        (".gitignore", b"*\n"),
        (".ignore", b"*\n"),
    ],
)
def test_configuration_in_the_repository_has_no_effect(path: str, content: bytes) -> None:
    files = {"a.py": MUTABLE_DEFAULT, "b.js": ASYNC_FOREACH, ".github/workflows/c.yml": INJECTION, path: content}

    run = StaticReviewer().review(task_of(files))

    assert run.failure is None
    assert rules_in(run) == {"ruff:B006", "ast-grep:javascript/async-foreach", "zizmor:template-injection"}


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.py", b"def f(x=[]):  # noqa\n    return x\n"),
        ("a.py", b"# ruff: noqa\ndef f(x=[]):\n    return x\n"),
        ("a.py", b"# flake8: noqa\ndef f(x=[]):\n    return x\n"),
        ("a.py", b"# ruff: file-ignore[B006]\ndef f(x=[]):\n    return x\n"),
        ("a.py", b"# ruff: disable[B006]\ndef f(x=[]):  # ruff: ignore[B006]\n    return x\n"),
        ("a.js", b"// ast-grep-ignore\nxs.forEach(async (x) => { await y(x); });\n"),
        ("a.js", b"// ast-grep-ignore\n\nxs.forEach(async (x) => { await y(x); });\n"),
        (".github/workflows/c.yml", INJECTION.replace(b"}}\n", b"}}  # zizmor: ignore[template-injection]\n")),
    ],
)
def test_comments_that_switch_rules_off_have_no_effect(path: str, content: bytes) -> None:
    run = StaticReviewer().review(task_of({path: content}))

    assert run.failure is None
    assert len(run.findings) == 1


@pytest.mark.parametrize(
    "path", ["../../escape.py", "/etc/escape.py", "-r.py", "a\nb.py", "a/../b.py", "\udcff.py", "--config=x.py"]
)
def test_a_hostile_path_is_read_under_a_name_of_our_own(path: str) -> None:
    run = StaticReviewer().review(task_of({path: MUTABLE_DEFAULT}))

    assert run.failure is None
    assert [finding.location for finding in run.findings] == [Location(path, 1, 1)]


def test_a_program_gets_a_scrubbed_environment_and_a_directory_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEWBOT_SECRET", "token")
    for name in ("ruff", "ast-grep"):
        script = tmp_path / name
        script.write_text(f"#!/bin/sh\nenv > {script}.env; pwd > {script}.pwd; echo '[]'\n")
        script.chmod(0o755)

    StaticReviewer(program_directory=tmp_path).review(task_of({"a.py": MUTABLE_DEFAULT}))

    assert "token" not in (tmp_path / "ruff.env").read_text()
    assert not Path((tmp_path / "ruff.pwd").read_text().strip()).exists()
