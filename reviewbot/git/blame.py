"""Who wrote the lines of a file, as git blames them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reviewbot.domain.repository import Sha
from reviewbot.errors import GitError
from reviewbot.git.command import git_output
from reviewbot.git.objects import GitObject
from reviewbot.git.repository import Repository

_TIMEOUT_SECONDS = 60.0
_MOST_RANGES = 400
"""More ranges than these do not fit on a command line: then the whole file is blamed."""
_MOST_IGNORED = 2_000
_LINE = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64}) \d+ (\d+)(?: \d+)?\Z")
_IGNORE_FILE = ".git-blame-ignore-revs"


@dataclass(frozen=True, slots=True)
class Blame:
    """The commit of each line that was asked for, by its number from 1, and when it was committed in unix seconds."""

    lines: Mapping[int, Sha]
    committed_at: Mapping[Sha, int]


def blame(
    repository: Repository, commit: Sha, path: str, ranges: Sequence[tuple[int, int]], ignored: Sequence[Sha] = ()
) -> Blame:
    """Who wrote these lines (first and last, counted from 1) of a file as it is in a commit.

    Whitespace, moves and copies are not looked through: measured on labelled pairs, that finds causes less often.
    What lies beyond the end of the file is left out. Raises GitError where there is no such file.
    """
    found = repository.objects.read(f"{commit}:{path}")
    if not isinstance(found, GitObject) or found.kind != "blob":
        raise GitError(f"{path} is no file in {commit} of {repository.git_dir}; check the commit")
    count = found.content.count(b"\n") + (not found.content.endswith(b"\n") and bool(found.content))
    inside = [(max(1, first), min(last, count)) for first, last in ranges]
    wanted = [(first, last) for first, last in inside if first <= last]
    if not wanted:
        return Blame({}, {})
    limits = [f"-L{first:d},{last:d}" for first, last in wanted] if len(wanted) <= _MOST_RANGES else []
    ignoring = [f"--ignore-rev={sha}" for sha in ignored[:_MOST_IGNORED]]
    output = git_output(
        ["-c", "blame.ignoreRevsFile=", "blame", "--porcelain", *limits, *ignoring, commit, "--", path],
        git_dir=repository.git_dir,
        object_directory=repository.graph_directory,
        timeout_seconds=_TIMEOUT_SECONDS,
    )
    if output.is_cut:
        raise GitError(f"{path} of {repository.git_dir} is larger than reviewbot blames")
    lines, committed_at = _read(output.content)
    if limits:
        return Blame(lines, committed_at)
    numbers = {number for first, last in wanted for number in range(first, last + 1)}
    return Blame({number: sha for number, sha in lines.items() if number in numbers}, committed_at)


def ignored_revisions(repository: Repository, commit: Sha) -> tuple[Sha, ...]:
    """The commits that the repository itself asks to look through, by its `.git-blame-ignore-revs` at a commit."""
    found = repository.objects.read(f"{commit}:{_IGNORE_FILE}")
    if not isinstance(found, GitObject) or found.kind != "blob":
        return ()
    return tuple(sha for sha in _named(found.content) if isinstance(repository.objects.read(sha), GitObject))


def _named(content: bytes) -> Iterator[Sha]:
    for line in content.decode("utf-8", "replace").splitlines():
        name = line.partition("#")[0].strip().lower()
        try:
            yield Sha(name)
        except ValueError:
            continue


def _read(output: bytes) -> tuple[dict[int, Sha], dict[Sha, int]]:
    lines: dict[int, Sha] = {}
    committed_at: dict[Sha, int] = {}
    current: Sha | None = None
    for line in output.split(b"\n"):
        if line.startswith(b"\t"):
            continue
        header = _LINE.match(line)
        if header is not None:
            current = Sha(header[1].decode())
            lines[int(header[2])] = current
        elif current is not None and line.startswith(b"committer-time "):
            committed_at[current] = int(line.split()[1])
    return lines, committed_at
