"""The change of a pull request with the files around it: out of git, or, where that fails, out of GitHub's API."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from reviewbot.domain.change import Change
from reviewbot.domain.diff import Diff
from reviewbot.domain.diff_text import parse_diff
from reviewbot.domain.pull import PullRequest
from reviewbot.domain.repository import Sha
from reviewbot.errors import GitError
from reviewbot.git.live import CommitGone, FetchFailed, LiveChange
from reviewbot.git.snapshot import RevisionSnapshot
from reviewbot.github.answers import ChangedFile
from reviewbot.github.failures import TooLarge
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.live import Live
from reviewbot.ports import GrepHit, Snapshot

log = logging.getLogger(__name__)

_MOST_FILES_READ = 60


@dataclass(frozen=True)
class PullChange:
    """What a pull request changes, before and after, and the default branch for its policy.

    `shortfall` says why a review of it cannot be complete, "" where it can.
    """

    change: Change
    base: Snapshot
    head: Snapshot
    policy_snapshot: Snapshot
    shortfall: str = ""
    notices: tuple[str, ...] = ()

    @property
    def diff(self) -> Diff:
        return self.change.diff


@contextmanager
def opened_change(live: Live, client: RepositoryClient, pull: PullRequest) -> Iterator[PullChange]:
    """The change at exactly this head. Raises CommitGone where it is not to be had any more."""
    with ExitStack() as stack:
        try:
            found = stack.enter_context(live.cache.change(pull, live.git_address(pull.repo), client.token()))
        except CommitGone:
            raise
        except FetchFailed as error:
            log.warning("fetch failed", extra={"pull": str(pull.ref), "why": str(error)[:300]})
            change = _from_api(live, client, pull, error)
        else:
            change = _from_git(live, pull, found)
        yield change


def _from_git(live: Live, pull: PullRequest, found: LiveChange) -> PullChange:
    repository = found.repository
    return PullChange(
        _change(live, pull, parse_diff(found.diff.content), found.base, found.diff.is_cut),
        RevisionSnapshot(repository, found.base),
        RevisionSnapshot(repository, found.head),
        RevisionSnapshot(repository, found.policy_commit),
    )


def _change(live: Live, pull: PullRequest, diff: Diff, base: Sha, is_cut: bool) -> Change:
    return Change(
        diff=diff,
        repo=pull.repo,
        base=base,
        head=pull.head,
        title=pull.title,
        description=pull.description,
        author=pull.author,
        as_of=live.clock.now(),
        is_cut=is_cut,
    )


def _from_api(live: Live, client: RepositoryClient, pull: PullRequest, error: GitError) -> PullChange:
    """GitHub's own diff, and single files as far as they are asked for: enough for a partial review."""
    try:
        diff, seen = parse_diff(client.diff(pull.ref.number)), pull.changed_files
    except TooLarge:
        files = client.changed_files(pull.ref.number)
        diff, seen = parse_diff(_patches(files)), sum(file.patch is not None for file in files)
    reason = f"the repository could not be fetched ({error})"
    if seen < pull.changed_files:
        reason = f"{reason}; GitHub shows the changes of {seen} of {pull.changed_files} files"
    return PullChange(
        _change(live, pull, diff, pull.base, seen < pull.changed_files),
        _ApiSnapshot(client, pull.base),
        _ApiSnapshot(client, pull.head),
        _ApiSnapshot(client, pull.base),
        shortfall=reason,
    )


def _patches(files: Sequence[ChangedFile]) -> bytes:
    """The files' patches as one unified diff; those that GitHub leaves out are missing."""
    parts = []
    for file in files:
        if file.patch is None:
            continue
        old = "/dev/null" if file.status == "added" else f"a/{file.old_path or file.path}"
        new = "/dev/null" if file.status == "removed" else f"b/{file.path}"
        heading = f"diff --git a/{file.old_path or file.path} b/{file.path}\n"
        mode = {"added": "new file mode 100644\n", "removed": "deleted file mode 100644\n"}.get(file.status, "")
        parts.append(f"{heading}{mode}--- {old}\n+++ {new}\n{file.patch}\n")
    return "".join(parts).encode("utf-8", "surrogateescape")


@dataclass
class _ApiSnapshot:
    """Single files through the API, and no more of them than a review of ordinary size needs."""

    client: RepositoryClient
    sha: Sha
    _read: dict[str, bytes | None] = field(default_factory=dict)

    @property
    def revision(self) -> str:
        return self.sha

    def read_file(self, path: str) -> bytes | None:
        if path not in self._read and len(self._read) < _MOST_FILES_READ:
            self._read[path] = self.client.file(path, self.sha)
        return self._read.get(path)

    def list_files(self) -> Sequence[str]:
        return ()

    def grep(self, words: Sequence[str], limit: int = 200) -> list[GrepHit]:  # noqa: ARG002 - the port's signature
        return []

    def export(self, directory: Path) -> None:
        raise GitError(f"the tree of {self.sha[:10]} was not fetched, so it cannot be written to {directory}")
