"""Who wrote the lines that a commit takes away, and the lines around what it changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor

from reviewbot.domain.diff import FileDiff, Hunk, LineKind
from reviewbot.domain.diff_text import parse_diff
from reviewbot.domain.repository import Sha
from reviewbot.engine.file_kinds import is_prose, reason_to_skip
from reviewbot.errors import GitError
from reviewbot.git.blame import Blame, blame, ignored_revisions
from reviewbot.git.commits import CommitRecord
from reviewbot.git.repository import Repository
from reviewbot.retro.linking import CONTEXT_LINES, BlamedFile

_AT_ONCE = 4
_MOST_FILES = 200
"""A commit of more files than these is blamed in the first of them."""


def blamed_files(
    repository: Repository, fix: CommitRecord, notes: list[str], only: Collection[str] | None = None
) -> list[tuple[BlamedFile, dict[Sha, int]]]:
    """Each file of a fix with the authors of its lines; a merge is read against what it was merged into.

    `only` are the paths that matter, None for all; what could not be read is added to the notes.
    """
    if not fix.parents:
        notes.append(f"{fix.sha.short} is the first commit of its repository: there is nothing before it to blame")
        return []
    before = fix.parents[0]
    try:
        diff = parse_diff(repository.diff(before, fix.sha, context_lines=0).content)
        ignored = ignored_revisions(repository, fix.sha)
    except GitError as error:
        notes.append(str(error))
        return []
    files = [
        file
        for file in diff.files
        if file.old_path is not None and file.hunks and (only is None or file.old_path in only)
    ]
    if len(files) > _MOST_FILES:
        notes.append(f"{fix.sha.short} changes {len(files)} files: the first {_MOST_FILES} were blamed")

    def one(file: FileDiff) -> tuple[BlamedFile, dict[Sha, int]] | str:
        assert file.old_path is not None
        wanted = [(_above(hunk), _below(hunk)) for hunk in file.hunks]
        try:
            written = blame(repository, before, file.old_path, wanted, ignored)
        except GitError as error:
            return str(error)
        return _blamed_file(file, written), dict(written.committed_at)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(one, files[:_MOST_FILES]))
    notes += [one for one in found if isinstance(one, str)]
    return [one for one in found if not isinstance(one, str)]


def _blamed_file(file: FileDiff, written: Blame) -> BlamedFile:
    path = file.old_path or file.path
    removed = [
        line.old_number
        for hunk in file.hunks
        for line in hunk.lines
        if line.kind is LineKind.REMOVED and line.old_number is not None
    ]
    additions = [
        number for hunk in file.hunks if not hunk.old_count for number in range(_above(hunk), _below(hunk) + 1)
    ]

    def authors(numbers: Iterable[int]) -> tuple[Sha, ...]:
        return tuple(written.lines[number] for number in numbers if number in written.lines)

    return BlamedFile(
        path=path,
        is_code=not is_prose(path) and reason_to_skip(path) is None,
        removed=authors(removed),
        around_additions=authors(additions),
        around=authors(sorted(written.lines)),
    )


def _above(hunk: Hunk) -> int:
    """The first line of its surroundings before the fix; an addition stands after its `old_start`."""
    return hunk.old_start - CONTEXT_LINES + (not hunk.old_count)


def _below(hunk: Hunk) -> int:
    last = hunk.old_start + max(0, hunk.old_count - 1)
    return last + CONTEXT_LINES
