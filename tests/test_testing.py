"""The conformance test for reviewers: it passes what keeps the contract and names the rule that is broken."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reviewbot.domain.diff import Side
from reviewbot.domain.finding import Category, Finding, Location, Severity
from reviewbot.domain.review import ReviewerRun, SkipReason
from reviewbot.ports import ReviewTask
from reviewbot.testing import MemorySnapshot, check_reviewer, sample_tasks

FINDING = Finding("Title", "Explanation", Severity.LOW, 0.5, Category.OTHER, None, "shaped")


class ShapedReviewer:
    """Answers with whatever the given function makes of a task."""

    name = "shaped"

    def __init__(self, answer: Callable[[ReviewTask], ReviewerRun]) -> None:
        self.review = answer


def clean(task: ReviewTask) -> ReviewerRun:
    return ReviewerRun("shaped", paths_read=frozenset(task.paths))


def failing(task: ReviewTask) -> ReviewerRun:
    return ReviewerRun("shaped", failure="the service is down")


def unread(task: ReviewTask) -> ReviewerRun:
    return ReviewerRun("shaped", paths_unread=tuple((path, SkipReason.NOT_SUPPORTED) for path in task.paths))


def finding_something(task: ReviewTask) -> ReviewerRun:
    places = [Location(path, 1, 1) for path in task.paths]
    return replace(clean(task), findings=tuple(replace(FINDING, location=place) for place in places))


@pytest.mark.parametrize("answer", [clean, failing, unread, finding_something])
def test_a_reviewer_that_keeps_the_contract_passes(answer: Callable[[ReviewTask], ReviewerRun]) -> None:
    check_reviewer(ShapedReviewer(answer))


def raising(task: ReviewTask) -> ReviewerRun:
    raise KeyError("boom")


def dawdling(task: ReviewTask) -> ReviewerRun:
    time.sleep(0.5)
    return clean(task)


def with_finding(**changes: object) -> Callable[[ReviewTask], ReviewerRun]:
    return lambda task: replace(clean(task), findings=(replace(FINDING, **changes),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (raising, "raised KeyError"),
        (dawdling, "did not return within 0.2 seconds"),
        (lambda task: None, "returned NoneType"),
        (lambda task: replace(clean(task), reviewer="other"), "names reviewer 'other'"),
        (lambda task: ReviewerRun("shaped"), "neither in paths_read nor in paths_unread"),
        (lambda task: replace(clean(task), paths_read=frozenset({"x", *task.paths})), "which task.paths does not"),
        (lambda task: replace(unread(task), paths_read=frozenset(task.paths)), "both read and unread"),
        (lambda task: replace(clean(task), failure=" "), "failure is empty"),
        (with_finding(confidence=1.5), "confidence is 1.5"),
        (with_finding(confidence=float("nan")), "confidence is nan"),
        (with_finding(location=Location("elsewhere.py", 1, 1)), "a file that the diff does not have"),
        (with_finding(title=" "), "lacks a title"),
        (with_finding(severity="high"), "expected a Severity"),
        (with_finding(reviewer="other"), "names reviewer 'other'"),
    ],
)
def test_a_broken_rule_is_named(answer: Callable[[ReviewTask], ReviewerRun], words: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check_reviewer(ShapedReviewer(answer), timeout_seconds=0.2)

    assert words in str(caught.value)


def test_the_sample_diffs_agree_with_their_snapshots() -> None:
    for case, task in sample_tasks().items():
        for file in task.change.diff.files:
            for hunk in file.hunks:
                for line in hunk.lines:
                    for side, snapshot in ((Side.LEFT, task.base), (Side.RIGHT, task.head)):
                        number = line.number(side)
                        if number is not None:
                            content = snapshot.read_file(file.path) or b""
                            assert content.decode("utf-8", "surrogateescape").split("\n")[number - 1] == line.text, case


def test_a_memory_snapshot_greps_whole_words_in_text_files_in_order() -> None:
    snapshot = MemorySnapshot({"b.py": b"total\nsubtotal\n", "a.py": b"x.total()\n", "c.bin": b"total\0"})

    assert [(hit.path, hit.line) for hit in snapshot.grep(["total", "x.y"])] == [("a.py", 1), ("b.py", 1)]
    assert len(snapshot.grep(["total"], limit=1)) == 1
    assert snapshot.grep([]) == []


def test_a_memory_snapshot_exports_what_it_holds(tmp_path: Path) -> None:
    snapshot = MemorySnapshot({"a/b.py": b"\xff", "c": b""}, revision="c" * 40)

    snapshot.export(tmp_path)

    found = {file.relative_to(tmp_path).as_posix(): file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert found == {path: snapshot.read_file(path) for path in snapshot.list_files()}
    assert snapshot.read_file("absent") is None
    assert snapshot.revision == "c" * 40
