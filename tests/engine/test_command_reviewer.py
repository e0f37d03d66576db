"""Reviewers that are programs: what they get, what is believed of them, and how each way of failing is told."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from reviewbot.domain.finding import Location, Severity
from reviewbot.domain.review import ReviewerRun, SkipReason
from reviewbot.engine.reviewers.command import CommandReviewer
from reviewbot.engine.reviewers.scripted import ScriptedReviewer
from reviewbot.errors import BudgetExhausted, GitError, InputError, ReviewbotError, RevisionNotFound, StoreError
from reviewbot.testing import MemorySnapshot, check_reviewer, sample_tasks

TASK = sample_tasks()["an added bug"]


def reviewer(tmp_path: Path, program: str, timeout_seconds: float = 10, **environment: str) -> CommandReviewer:
    script = tmp_path / "program.py"
    script.write_text("import json, os, sys, time\n" + program)
    return CommandReviewer(
        f"{sys.executable} {script}",
        name="ours",
        environment={"PATH": "/usr/bin:/bin", **environment},
        timeout_seconds=timeout_seconds,
    )


def failure(run: ReviewerRun) -> str:
    assert run.failure is not None
    assert run.paths_read == frozenset()
    assert run.paths_unread == tuple((path, SkipReason.REVIEWER_FAILED) for path in TASK.paths)
    return run.failure


def test_a_clean_run_gives_its_findings_and_has_read_everything(tmp_path: Path) -> None:
    finding = {"title": "None has no sum", "path": "ledger.py", "first_line": 6, "severity": "high", "confidence": 0.9}

    run = reviewer(tmp_path, f"print({json.dumps(json.dumps({'findings': [finding]}))})").review(TASK)

    assert run.failure is None
    assert run.paths_read == {"ledger.py"}
    assert [(one.title, one.severity, one.location, one.reviewer) for one in run.findings] == [
        ("None has no sum", Severity.HIGH, Location("ledger.py", 6, 6), "ours")
    ]


def test_sarif_with_the_absolute_path_of_the_exported_tree_is_made_relative(tmp_path: Path) -> None:
    program = """
place = {"physicalLocation": {"artifactLocation": {"uri": "file://" + os.getcwd() + "/ledger.py"}}}
print(json.dumps({"version": "2.1.0", "runs": [{"results": [{"message": {"text": "Bad"}, "locations": [place]}]}]}))
"""

    run = reviewer(tmp_path, program).review(TASK)

    assert [finding.location for finding in run.findings] == [Location("ledger.py", 1, 1)]


def test_the_program_gets_the_change_and_the_files_of_its_head_without_git(tmp_path: Path) -> None:
    program = f"""
given = json.load(sys.stdin)
given["files"] = sorted(os.listdir(given["root"]))
given["cwd_is_root"] = os.path.realpath(os.getcwd()) == given["root"]
open({str(tmp_path / "given.json")!r}, "w").write(json.dumps(given))
print('{{"findings": []}}')
"""

    run = reviewer(tmp_path, program).review(TASK)

    given = json.loads((tmp_path / "given.json").read_text())
    assert run.failure is None
    assert (given["version"], given["files"], given["cwd_is_root"]) == (1, ["ledger.py"], True)
    assert given["paths"] == ["ledger.py"]
    assert given["change"]["head"] == "a" * 40
    assert given["change"]["repo"] == "example/shop"
    assert "+total(None)\n" in given["change"]["diff"]
    assert not Path(given["root"]).exists(), "the exported tree is deleted afterwards"


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("sys.stderr.write('first\\nlicence expired\\n'); sys.exit(3)", "ended with exit code 3: licence expired"),
        ("print('{\"findings\": []}'); sys.exit(1)", "ended with exit code 1"),
        ("os.abort()", "SIGABRT"),
        ("raise KeyError('x')", "exit code 1: KeyError: 'x'"),
        ("print('All good!')", "not JSON"),
        ("pass", "not JSON"),
        ("print('{}')", "findings is missing"),
        ('print(\'{"findings": [{"title": "t"}]}\')', "findings[0].severity is missing"),
        ("sys.stdout.write('x' * 21_000_000)", "wrote more than 20000000 bytes"),
    ],
)
def test_f59_whatever_is_not_a_clean_end_is_a_failure_and_never_no_findings(
    tmp_path: Path, program: str, words: str
) -> None:
    run = reviewer(tmp_path, program).review(TASK)

    assert words in failure(run)
    assert run.findings == ()


def test_f59_a_program_that_hangs_is_ended_at_its_deadline(tmp_path: Path) -> None:
    started = time.monotonic()

    run = reviewer(tmp_path, "time.sleep(60)", timeout_seconds=0.5).review(TASK)

    assert "0.5 seconds" in failure(run)
    assert time.monotonic() - started < 5


def test_a_program_that_is_not_there_is_a_failure() -> None:
    run = CommandReviewer("/nowhere/linter --all").review(TASK)

    assert "/nowhere/linter was not found" in failure(run)


class BrokenSnapshot(MemorySnapshot):
    """Files that cannot be laid out."""

    def __init__(self, error: Exception) -> None:
        super().__init__({"ledger.py": b""})
        self._error = error

    def export(self, directory: Path) -> None:
        raise self._error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (GitError("git ended with 128:\n  object is missing"), "git ended with 128: object is missing"),
        (RevisionNotFound("no commit abc"), "no commit abc"),
        (ReviewbotError("something else"), "something else"),
        (OSError(28, "No space left on device"), "could not be laid out: No space left on device"),
    ],
)
def test_a_head_that_cannot_be_laid_out_is_a_failure_in_one_sentence(
    tmp_path: Path, error: Exception, words: str
) -> None:
    run = reviewer(tmp_path, "print('{\"findings\": []}')").review(replace(TASK, head=BrokenSnapshot(error)))

    assert words in failure(run)


@pytest.mark.parametrize("error", [StoreError("the disk is full"), BudgetExhausted("nothing is left")])
def test_what_ends_the_whole_run_is_not_taken_for_a_failed_reviewer(tmp_path: Path, error: ReviewbotError) -> None:
    with pytest.raises(type(error)):
        reviewer(tmp_path, "pass").review(replace(TASK, head=BrokenSnapshot(error)))


def test_nothing_of_the_environment_reaches_the_program_but_what_was_named(tmp_path: Path) -> None:
    program = (
        f"open({str(tmp_path / 'seen.json')!r}, 'w').write(json.dumps(dict(os.environ))); print('{{\"findings\": []}}')"
    )

    reviewer(tmp_path, program, NAMED_TOKEN="t0ken").review(TASK)

    seen = json.loads((tmp_path / "seen.json").read_text())
    assert set(seen) - {"LC_CTYPE"} == {"PATH", "HOME", "NAMED_TOKEN", "PYTHONSAFEPATH"}
    assert not Path(seen["HOME"]).exists(), "the home is a temporary directory"


def test_the_search_path_never_leads_into_the_tree_under_review(tmp_path: Path) -> None:
    program = f"open({str(tmp_path / 'seen')!r}, 'w').write(os.environ['PATH']); print('{{\"findings\": []}}')"

    reviewer(tmp_path, program, PATH=".:/usr/bin::bin:/bin").review(TASK)

    assert (tmp_path / "seen").read_text() == "/usr/bin:/bin"


def test_a_relative_script_is_the_operators_and_not_the_pull_requests(tmp_path: Path) -> None:
    (tmp_path / "review.py").write_text("print('{\"findings\": []}')")
    hostile = replace(TASK, head=MemorySnapshot({"review.py": b"import sys; sys.exit('owned')"}))
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        ours = CommandReviewer(f"{sys.executable} review.py")
    finally:
        os.chdir(before)

    assert ours.review(hostile).failure is None


def test_a_module_of_the_tree_is_not_imported_in_place_of_an_installed_one(tmp_path: Path) -> None:
    hostile = replace(TASK, head=MemorySnapshot({"json/__main__.py": b"", "json/__init__.py": b"raise SystemExit(9)"}))

    run = CommandReviewer(f"{sys.executable} -m json.tool --compact").review(hostile)

    assert "findings is missing" in failure(run), "json.tool of the standard library echoes the document"


def test_a_command_line_is_split_as_in_a_shell_but_no_shell_sees_it(tmp_path: Path) -> None:
    script = tmp_path / "with space.py"
    script.write_text("import sys\nassert sys.argv[1:] == ['$HOME; echo', '|']\nprint('{\"findings\": []}')")

    run = CommandReviewer(f"{sys.executable} '{script}' '$HOME; echo' '|'").review(TASK)

    assert run.failure is None


@pytest.mark.parametrize("line", ["", "   ", "''", "prog 'unclosed", "prog \0"])
def test_a_command_line_without_a_program_is_refused(line: str) -> None:
    with pytest.raises(InputError, match="command line"):
        CommandReviewer(line)


def test_program_and_scripted_reviewers_keep_the_contract(tmp_path: Path) -> None:
    (tmp_path / "said.json").write_text('{"*": {"findings": []}}')

    check_reviewer(reviewer(tmp_path, "print('{\"findings\": []}')"))
    check_reviewer(reviewer(tmp_path, "sys.exit(4)"))
    check_reviewer(ScriptedReviewer(tmp_path / "said.json"))


def test_a_scripted_reviewer_says_what_the_file_says_of_this_head(tmp_path: Path) -> None:
    said = {"title": "Seen", "path": "ledger.py", "first_line": 1, "severity": "low"}
    (tmp_path / "rival.json").write_text(json.dumps({"a" * 40: {"findings": [said]}, "*": {"findings": []}}))

    rival = ScriptedReviewer(tmp_path / "rival.json")

    assert [(one.title, one.reviewer) for one in rival.review(TASK).findings] == [("Seen", "scripted:rival")]
    assert rival.review(replace(TASK, change=replace(TASK.change, head=None))).findings == ()


def test_a_head_that_the_script_does_not_know_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "rival.json").write_text(json.dumps({"c" * 40: {"findings": []}}))

    assert f"nothing of head {'a' * 40}" in failure(ScriptedReviewer(tmp_path / "rival.json").review(TASK))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        ("[]", "is a list; expected an object"),
        ('{"*": []}', "is a list; expected an object"),
        ('{"*": {"findings": [{}]}}', r'"\*"\.findings\[0\]\.title is missing'),
        ("{", "not JSON"),
    ],
)
def test_a_script_is_checked_whole_before_the_first_review(tmp_path: Path, content: str | None, words: str) -> None:
    file = tmp_path / "said.json"
    if content is not None:
        file.write_text(content)

    with pytest.raises(InputError, match=words):
        ScriptedReviewer(file)
