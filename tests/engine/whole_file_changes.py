"""Changes of whole files, and code that one analyser or another has to report."""

from __future__ import annotations

from reviewbot.domain.change import Change
from reviewbot.domain.diff import Diff, FileDiff, FileStatus, Hunk, Line, LineKind
from reviewbot.domain.policy import Policy
from reviewbot.domain.review import ReviewerRun
from reviewbot.ports import ReviewTask
from reviewbot.testing import MemorySnapshot

MUTABLE_DEFAULT = b"def add(item, items=[]):\n    items.append(item)\n    return items\n"
ASYNC_FOREACH = b"export async function f(xs) {\n  xs.forEach(async (x) => { await save(x); });\n}\n"
INJECTION = b"""on: issues
permissions: {}
jobs:
  greet:
    runs-on: ubuntu-latest
    steps:
      - run: echo ${{ github.event.issue.title }}
"""


def task_of(files: dict[str, bytes], added: dict[str, set[int]] | None = None) -> ReviewTask:
    """A change of these files; all of their lines are added where `added` does not name fewer."""
    diff = Diff(tuple(_file_diff(path, content, (added or {}).get(path)) for path, content in files.items()))
    return ReviewTask(Change(diff), MemorySnapshot(files), MemorySnapshot(), Policy(), tuple(files))


def _file_diff(path: str, content: bytes, added: set[int] | None) -> FileDiff:
    texts = content.decode("utf-8", "surrogateescape").split("\n")[:-1]
    lines = tuple(
        Line(LineKind.ADDED, text, None, number)
        if added is None or number in added
        else Line(LineKind.CONTEXT, text, number, number)
        for number, text in enumerate(texts, start=1)
    )
    return FileDiff(path, path, FileStatus.MODIFIED, (Hunk(1, len(lines), 1, len(lines), "", lines),))


def rules_in(run: ReviewerRun) -> set[str]:
    return {finding.rule or "" for finding in run.findings}
