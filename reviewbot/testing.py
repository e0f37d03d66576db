"""For authors of reviewers: a snapshot without git, and the conformance test of the `Reviewer` port."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from multiprocessing.pool import ThreadPool
from pathlib import Path

from reviewbot.domain.change import Change
from reviewbot.domain.diff import Diff, FileDiff, FileStatus, Hunk, Line, LineKind
from reviewbot.domain.finding import Category, Finding, Severity
from reviewbot.domain.policy import Policy
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.domain.review import ReviewerRun, SkipReason
from reviewbot.ports import GrepHit, Reviewer, ReviewTask


class MemorySnapshot:
    """A `Snapshot` of files given as bytes by path, for tests that need no repository."""

    def __init__(self, files: Mapping[str, bytes] | None = None, revision: str = "0" * 40) -> None:
        self._files = dict(sorted((files or {}).items()))
        self._revision = revision

    @property
    def revision(self) -> str:
        return self._revision

    def read_file(self, path: str) -> bytes | None:
        return self._files.get(path)

    def list_files(self) -> Sequence[str]:
        return list(self._files)

    def grep(self, words: Sequence[str], limit: int = 200) -> list[GrepHit]:
        if not words:
            return []
        pattern = re.compile(r"(?<!\w)(?:" + "|".join(re.escape(word) for word in words) + r")(?!\w)")
        hits: list[GrepHit] = []
        for path, number, text in self._lines():
            if len(hits) >= limit:
                break
            if pattern.search(text):
                hits.append(GrepHit(path, number, text))
        return hits

    def _lines(self) -> Iterator[tuple[str, int, str]]:
        for path, content in self._files.items():
            if b"\0" in content:
                continue
            for number, line in enumerate(content.decode("utf-8", "surrogateescape").split("\n"), start=1):
                yield path, number, line

    def export(self, directory: Path) -> None:
        for path, content in self._files.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def check_reviewer(reviewer: Reviewer, timeout_seconds: float = 60) -> None:
    """Raises AssertionError, with the rule that was broken, unless the reviewer keeps the contract of the port.

    It reviews small changes of awkward kinds: an added bug, only deleted lines, nothing at all, a binary file,
    odd paths, text that is no UTF-8. What it finds there is its own affair; a stated failure is within the contract.
    """
    name = reviewer.name
    assert isinstance(name, str) and name.strip(), f"name is {name!r}; expected text that tells reviewers apart"
    for case, task in sample_tasks().items():
        run = _run_in_time(reviewer, task, f"{name}, {case}", timeout_seconds)
        _check_run(run, task, name, f"{name}, {case}")


def sample_tasks() -> dict[str, ReviewTask]:
    """The changes that `check_reviewer` hands out, by what is awkward about them."""
    ledger = b"def total(rows):\n    if not rows:\n        return 0\n    return sum(rows) / len(rows)\n"
    unguarded = b"def total(rows):\n    return sum(rows) / len(rows)\n"
    return {
        "an added bug": _task({"ledger.py": ledger}, {"ledger.py": ledger + b"\ntotal(None)\n"}),
        "a new file": _task({}, {"src/new.py": unguarded}),
        "only deleted lines": _task({"ledger.py": ledger}, {"ledger.py": unguarded}),
        "a deleted file": _task({"ledger.py": ledger}, {}),
        "an empty diff": _task({"ledger.py": ledger}, {"ledger.py": ledger}),
        "a binary file alone": _task({"logo.png": b"\x89PNG\0\1"}, {"logo.png": b"\x89PNG\0\2"}),
        "odd paths": _task({}, dict.fromkeys(("a b.py", "déjà/vu.py", "-rf.py", 'quo"te.py'), unguarded)),
        "text that is no UTF-8": _task({"latin.py": b"# caf\xe9\n"}, {"latin.py": b"# caf\xe9\nx = '\xff'\n"}),
    }


def _task(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> ReviewTask:
    paths = [path for path in sorted({*before, *after}) if before.get(path) != after.get(path)]
    base, head = MemorySnapshot(before, "b" * 40), MemorySnapshot(after, "a" * 40)
    diff = Diff(tuple(_file_diff(path, before.get(path), after.get(path)) for path in paths))
    change = Change(diff, RepoName("example", "shop"), Sha(base.revision), Sha(head.revision), title="A change")
    return ReviewTask(change, head, base, Policy(), tuple(paths))


def _file_diff(path: str, before: bytes | None, after: bytes | None) -> FileDiff:
    status = FileStatus.ADDED if before is None else FileStatus.REMOVED if after is None else FileStatus.MODIFIED
    is_binary = b"\0" in (before or b"") + (after or b"")
    return FileDiff(
        old_path=None if before is None else path,
        new_path=None if after is None else path,
        status=status,
        hunks=() if is_binary else _hunks(_split(before), _split(after)),
        old_mode=None if before is None else "100644",
        new_mode=None if after is None else "100644",
        is_binary=is_binary,
    )


def _split(content: bytes | None) -> list[str]:
    return (content or b"").decode("utf-8", "surrogateescape").split("\n")[:-1]


def _hunks(old: list[str], new: list[str]) -> tuple[Hunk, ...]:
    groups = SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(3)
    return tuple(_hunk(old, new, group) for group in groups)


def _hunk(old: list[str], new: list[str], group: Sequence[tuple[str, int, int, int, int]]) -> Hunk:
    lines: list[Line] = []
    for tag, old_from, old_to, new_from, new_to in group:
        if tag == "equal":
            pairs = zip(range(old_from, old_to), range(new_from, new_to), strict=True)
            lines += [Line(LineKind.CONTEXT, old[left], left + 1, right + 1) for left, right in pairs]
        else:
            lines += [Line(LineKind.REMOVED, old[at], at + 1, None) for at in range(old_from, old_to)]
            lines += [Line(LineKind.ADDED, new[at], None, at + 1) for at in range(new_from, new_to)]
    old_start, old_end, new_start, new_end = group[0][1], group[-1][2], group[0][3], group[-1][4]
    old_count, new_count = old_end - old_start, new_end - new_start
    return Hunk(old_start + bool(old_count), old_count, new_start + bool(new_count), new_count, "", tuple(lines))


def _run_in_time(reviewer: Reviewer, task: ReviewTask, where: str, timeout_seconds: float) -> ReviewerRun:
    outcome: list[ReviewerRun | BaseException] = []
    # Its threads are daemons: a reviewer that hangs must not keep the test run from ending.
    pool = ThreadPool(1)
    asked = pool.apply_async(reviewer.review, (task,), callback=outcome.append, error_callback=outcome.append)
    pool.close()
    asked.wait(timeout_seconds)
    assert outcome, f"{where}: review did not return within {timeout_seconds:g} seconds"
    run = outcome[0]
    if isinstance(run, BaseException):
        raise AssertionError(f"{where}: review raised {run!r}; expected a ReviewerRun with its failure stated") from run
    assert isinstance(run, ReviewerRun), f"{where}: review returned {type(run).__name__}; expected a ReviewerRun"
    return run


def _check_run(run: ReviewerRun, task: ReviewTask, name: str, where: str) -> None:
    assert run.reviewer == name, f"{where}: the run names reviewer {run.reviewer!r}; expected {name!r}"
    unread = {path for path, _ in run.paths_unread}
    strange = sorted({*run.paths_read, *unread} - set(task.paths))
    assert not strange, f"{where}: paths_read or paths_unread hold {strange}, which task.paths does not"
    both = sorted(run.paths_read & unread)
    assert not both, f"{where}: {both} are both read and unread; expected one of them"
    assert run.failure is None or run.failure.strip(), f"{where}: failure is empty text; expected None or a sentence"
    for reason in (reason for _, reason in run.paths_unread):
        assert isinstance(reason, SkipReason), f"{where}: paths_unread gives {reason!r}; expected a SkipReason"
    if not run.failure and task.paths:
        silent = sorted(set(task.paths) - run.paths_read - unread)
        assert not silent, f"{where}: {silent} are neither in paths_read nor in paths_unread, and nothing failed"
    for finding in run.findings:
        _check_finding(finding, task, name, where)


def _check_finding(finding: Finding, task: ReviewTask, name: str, where: str) -> None:
    assert isinstance(finding, Finding), f"{where}: findings hold {type(finding).__name__}; expected Finding"
    place = f"{where}: finding {finding.title!r}"
    assert finding.title.strip() and finding.explanation.strip(), f"{place} lacks a title or an explanation"
    assert finding.reviewer == name, f"{place} names reviewer {finding.reviewer!r}; expected {name!r}"
    assert isinstance(finding.severity, Severity), f"{place}: severity is {finding.severity!r}; expected a Severity"
    assert isinstance(finding.category, Category), f"{place}: category is {finding.category!r}; expected a Category"
    assert 0 <= finding.confidence <= 1, f"{place}: confidence is {finding.confidence}; expected 0 to 1"
    if finding.location is not None:
        is_known = task.change.diff.file(finding.location.path) is not None
        assert is_known, f"{place} lies in {finding.location.path!r}, a file that the diff does not have"
