"""Which pull request brought a commit, as far as a repository itself tells."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from reviewbot.domain.repository import Sha
from reviewbot.errors import GitError, RevisionNotFound
from reviewbot.git.command import git_output
from reviewbot.git.commits import CommitRecord
from reviewbot.git.repository import Repository

_SQUASHED = re.compile(r"\(#([1-9][0-9]{0,8})\)\Z")
_MERGED = re.compile(r"Merge pull request #([1-9][0-9]{0,8}) from ")
_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Merge:
    """A merge of a pull request on the default branch; `time` is in unix seconds."""

    sha: Sha
    before: Sha
    pull: int
    time: int


def pull_of_commit(repository: Repository, record: CommitRecord) -> int | None:
    """The number of the pull request, from `... (#12)` or from the merge commit that brought it; None if unknown."""
    squashed = _SQUASHED.search(record.subject) or _MERGED.match(record.subject)
    if squashed is not None:
        return int(squashed[1])
    branch = repository.default_branch()
    try:
        merges = _merges(repository.git_dir, repository.resolve(branch)) if branch is not None else ()
        first = _first_that_holds(repository, merges, record)
    except (GitError, RevisionNotFound):
        return None
    if first is None or _holds(repository, first.before, record.sha):
        return None
    return first.pull


def _first_that_holds(repository: Repository, merges: tuple[_Merge, ...], record: CommitRecord) -> _Merge | None:
    """Of the merges, the oldest first, the first that has the commit in its history: from then on all have."""
    start = bisect_left(merges, int(record.committer_date.timestamp()), key=lambda merge: merge.time)
    reach = 1
    while start + reach < len(merges) and not _holds(repository, merges[start + reach - 1].sha, record.sha):
        reach *= 2
    later = range(start, min(len(merges), start + reach))
    at = bisect_left(later, True, key=lambda index: _holds(repository, merges[index].sha, record.sha))
    return merges[later[at]] if at < len(later) else None


@lru_cache(maxsize=64)
def _merges(git_dir: Path, tip: Sha) -> tuple[_Merge, ...]:
    """The merges of pull requests into a branch, the oldest first."""
    output = git_output(
        [
            *("log", "--first-parent", "--merges", "--grep=^Merge pull request #", "--format=%H %P%x00%ct%x00%s"),
            *("--reverse", "--no-notes", "--no-show-signature", tip, "--"),
        ],
        git_dir=git_dir,
        timeout_seconds=_SECONDS,
    ).content.decode("utf-8", "replace")
    found = []
    for line in output.splitlines():
        names, _, rest = line.partition("\0")
        time, _, subject = rest.partition("\0")
        merged = _MERGED.match(subject)
        if merged is not None:
            sha, before, *_ = names.split()
            found.append(_Merge(Sha(sha), Sha(before), int(merged[1]), int(time)))
    return tuple(found)


def _holds(repository: Repository, tip: Sha, sha: Sha) -> bool:
    answer = git_output(
        ["merge-base", "--is-ancestor", sha, tip],
        git_dir=repository.git_dir,
        object_directory=repository.graph_directory,
        accepted_exit_codes=(0, 1),
    )
    return answer.exit_code == 0
