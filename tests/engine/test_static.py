"""The static reviewer reports what a change brings, obeys nothing in the repository, and never hides a failure."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from reviewbot.domain.diff import Side
from reviewbot.domain.finding import Category, Location, Origin, Severity
from reviewbot.domain.review import SkipReason
from reviewbot.engine.reviewers.static import StaticReviewer
from reviewbot.ports import Reviewer, ReviewTask
from reviewbot.testing import MemorySnapshot
from tests.engine.whole_file_changes import ASYNC_FOREACH, INJECTION, MUTABLE_DEFAULT, rules_in, task_of


def program(directory: Path, name: str, script: str) -> None:
    (directory / name).write_text(f"#!/bin/sh\n{script}\n")
    (directory / name).chmod(0o755)


def test_it_is_a_reviewer() -> None:
    assert isinstance(StaticReviewer(), Reviewer)


def test_a_finding_says_what_breaks_and_where_in_the_new_file() -> None:
    run = StaticReviewer().review(task_of({"app/cart.py": MUTABLE_DEFAULT}))

    assert run.failure is None
    (finding,) = run.findings
    assert finding.rule == "ruff:B006"
    assert finding.location == Location("app/cart.py", 1, 1, Side.RIGHT)
    assert finding.evidence == ("def add(item, items=[]):",)
    assert (finding.severity, finding.category) == (Severity.HIGH, Category.CORRECTNESS)
    assert (finding.reviewer, finding.origin) == ("static", Origin.INTRODUCED)
    assert "Use None" in finding.explanation


def test_each_analyser_reads_the_kinds_of_files_it_understands() -> None:
    files = {"a.py": MUTABLE_DEFAULT, "web/b.ts": ASYNC_FOREACH, ".github/workflows/c.yml": INJECTION}

    run = StaticReviewer().review(task_of(files))

    assert run.failure is None
    assert rules_in(run) == {"ruff:B006", "ast-grep:javascript/async-foreach", "zizmor:template-injection"}
    assert run.paths_read == frozenset(files)


def test_only_added_lines_count() -> None:
    files = {"a.py": MUTABLE_DEFAULT + MUTABLE_DEFAULT.replace(b"add", b"put")}

    run = StaticReviewer().review(task_of(files, added={"a.py": {4}}))

    assert [finding.location for finding in run.findings] == [Location("a.py", 4, 4)]


def test_a_change_deep_inside_a_reported_construct_does_not_make_it_new() -> None:
    body = b"".join(b"  await step(%d);\n" % number for number in range(20))
    files = {"a.js": b"xs.forEach(async (x) => {\n" + body + b"});\n"}

    assert StaticReviewer().review(task_of(files, added={"a.js": {15}})).findings == ()
    assert len(StaticReviewer().review(task_of(files, added={"a.js": {1}})).findings) == 1


def test_files_that_no_analyser_understands_are_named_as_unread() -> None:
    files = {"README.md": b"# x\n", "gone.py": b"x\n", "blob.py": b"a\0b\n", "deploy/values.yml": b"a: 1\n"}
    task = task_of(files)
    without_gone = MemorySnapshot({path: content for path, content in files.items() if path != "gone.py"})

    run = StaticReviewer().review(ReviewTask(task.change, without_gone, task.base, task.policy, task.paths))

    assert run.failure is None
    assert run.paths_read == frozenset()
    assert run.paths_unread == tuple((path, SkipReason.NOT_SUPPORTED) for path in files)


def test_a_file_over_the_size_limit_is_named_as_too_large() -> None:
    run = StaticReviewer().review(task_of({"big.py": b"x = 1\n" * 300_000}, added={"big.py": {1}}))

    assert run.paths_unread == (("big.py", SkipReason.TOO_LARGE),)


def test_bytes_that_are_no_utf8_and_odd_line_ends_keep_the_line_numbers() -> None:
    run = StaticReviewer().review(task_of({"a.py": b"x = '\xff'\r\n# a\rb\r\n\x0c\r\n" + MUTABLE_DEFAULT}))

    assert [finding.location for finding in run.findings] == [Location("a.py", 4, 4)]


def test_of_the_syntax_errors_of_a_file_the_first_is_reported() -> None:
    run = StaticReviewer().review(task_of({"a.py": b"def f(:\n    return (\n\ndef g(]:\n"}))

    assert [finding.rule for finding in run.findings] == ["ruff:invalid-syntax"]


def test_a_file_in_the_language_of_python_2_is_no_syntax_error() -> None:
    run = StaticReviewer().review(task_of({"a.py": b"def f(x):\n    print x\n"}))

    assert run.findings == ()


def test_a_name_that_is_missing_is_reported_but_not_one_in_a_quoted_annotation() -> None:
    run = StaticReviewer().review(
        task_of({"a.py": b"def f(x: 'Later', y: list['Other']):\n    return missing(x, y)\n"})
    )

    assert [(finding.rule, str(finding.location)) for finding in run.findings] == [("ruff:F821", "a.py:2")]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("pkg/__init__.py", b"__all__ = ('submodule',)\n"),
        ("a.py", b"import json\nimport json\nprint(json)\n"),
        ("a.py", b"def f(response):\n    response.body\n    return response\n"),
        ("a.py", b"import subprocess\nsubprocess.run('ls', shell=True)\n"),
    ],
)
def test_reports_of_ruff_that_mean_no_bug_are_left_out(path: str, content: bytes) -> None:
    run = StaticReviewer().review(task_of({path: content}))

    assert run.failure is None
    assert run.findings == ()


def test_advice_on_hardening_a_workflow_is_no_finding() -> None:
    workflow = INJECTION.replace(b"permissions: {}\n", b"").replace(
        b"- run: echo ${{ github.event.issue.title }}", b"- uses: actions/checkout@v4"
    )

    assert StaticReviewer().review(task_of({".github/workflows/a.yml": workflow})).findings == ()


def test_tests_are_only_held_to_checking_something() -> None:
    sleeping = b"import time\nasync def test_a():\n    time.sleep(1)\n    assert (1, 'always true')\n"

    run = StaticReviewer().review(task_of({"tests/test_a.py": sleeping}))

    assert rules_in(run) == {"ruff:F631"}


def test_a_workflow_that_cannot_be_parsed_counts_as_unread() -> None:
    run = StaticReviewer().review(
        task_of({".github/workflows/a.yml": b"on: [\n", ".github/workflows/b.yml": INJECTION})
    )

    assert run.paths_unread == ((".github/workflows/a.yml", SkipReason.REVIEWER_FAILED),)
    assert rules_in(run) == {"zizmor:template-injection"}


def test_many_workflows_are_all_read() -> None:
    files = {f".github/workflows/{number}.yml": INJECTION for number in range(120)}

    run = StaticReviewer().review(task_of(files))

    assert run.paths_read == frozenset(files)


def test_a_missing_program_is_a_failure_and_its_files_are_unread(tmp_path: Path) -> None:
    run = StaticReviewer(program_directory=tmp_path).review(task_of({"a.py": MUTABLE_DEFAULT, "b.md": b""}))

    assert run.failure is not None
    assert "ruff" in run.failure
    assert "ast-grep" in run.failure
    assert dict(run.paths_unread) == {"a.py": SkipReason.REVIEWER_FAILED, "b.md": SkipReason.NOT_SUPPORTED}


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo oops >&2; exit 70", "exit code 70: oops"),
        ("kill -SEGV $$", "SIGSEGV"),
        ("echo not json", "cannot be read"),
        ('echo \'[{"code": "B006"}]\'', "cannot be read"),
        ("echo '[null]'", "cannot be read"),
        ("sleep 30", "did not finish within 0.5 seconds"),
    ],
)
def test_an_analyser_that_breaks_is_a_stated_failure_and_the_others_findings_stand(
    tmp_path: Path, script: str, sentence: str
) -> None:
    program(tmp_path, "ruff", script)
    hit = (
        '{"file":"files/ast-grep/0000.py","ruleId":"python/x@Python","message":"m","note":"n",'
        '"range":{"start":{"line":0},"end":{"line":0}},'
        '"metadata":{"title":"t","severity":"low","category":"other","confidence":0.5}}'
    )
    program(tmp_path, "ast-grep", f"echo '{hit}'")

    run = StaticReviewer(program_directory=tmp_path, timeout_seconds=0.5).review(task_of({"a.py": MUTABLE_DEFAULT}))

    assert run.failure is not None
    assert sentence in run.failure
    assert rules_in(run) == {"ast-grep:python/x"}
    assert dict(run.paths_unread) == {"a.py": SkipReason.REVIEWER_FAILED}


def test_a_small_change_takes_no_noticeable_time() -> None:
    task = task_of({"a.py": MUTABLE_DEFAULT, "b.ts": ASYNC_FOREACH, ".github/workflows/c.yml": INJECTION})
    StaticReviewer().review(task)
    started = time.monotonic()

    StaticReviewer().review(task)

    assert time.monotonic() - started < 2.0
