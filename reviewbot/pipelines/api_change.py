"""The change of a pull request out of GitHub's API: enough for a partial review where git does not bring it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reviewbot.domain.diff import Diff, FileDiff, FileStatus
from reviewbot.domain.diff_text import parse_diff
from reviewbot.domain.pull import PullRequest
from reviewbot.domain.repository import Sha
from reviewbot.errors import GitError, InputError
from reviewbot.git.live import CommitGone
from reviewbot.github.answers import ChangedFile
from reviewbot.github.failures import NotThere, Refused, TooLarge
from reviewbot.github.repository import RepositoryClient
from reviewbot.ports import GrepHit, Snapshot

_MOST_FILES_READ = 60
_STATUS = {"added": FileStatus.ADDED, "removed": FileStatus.REMOVED, "renamed": FileStatus.RENAMED}
_NOT_SHOWN = "GitHub shows no text of it: it is binary, or its change is too large"


@dataclass(frozen=True, slots=True)
class ApiChange:
    """What GitHub shows of a change; `listed` is how many of its files, some of them perhaps without their text."""

    diff: Diff
    listed: int
    merge_base: Sha
    base: Snapshot
    head: Snapshot
    default_branch: Snapshot


def change_from_api(client: RepositoryClient, pull: PullRequest) -> ApiChange:
    """The change at exactly this head; raises CommitGone where the pull request has another by now (F35)."""
    try:
        merge_base = client.merge_base(pull.base, pull.head)
    except (NotThere, Refused) as error:
        raise CommitGone(pull.head) from error
    diff, listed = _diff(client, pull)
    now = client.pull(pull.ref.number)
    if (now.head, now.base_branch) != (pull.head, pull.base_branch):
        # The diff is of the number, not of a commit: it may be that of the newer head.
        raise CommitGone(pull.head)
    policy_commit = client.tip(pull.default_branch)
    base, head, policy = (ApiSnapshot(client, sha) for sha in (merge_base, pull.head, policy_commit))
    return ApiChange(diff, listed, merge_base, base, head, policy)


def _diff(client: RepositoryClient, pull: PullRequest) -> tuple[Diff, int]:
    """In one piece where GitHub gives it so, else file by file; and how many files that are."""
    try:
        return parse_diff(client.diff(pull.ref.number)), pull.changed_files
    except TooLarge:
        files = client.changed_files(pull.ref.number)
        return listed_diff(files), len(files)


def listed_diff(files: Sequence[ChangedFile]) -> Diff:
    """The diff that a list of files makes; what GitHub shows no text of is there, and says so in `omitted`."""
    return Diff(tuple(_file_diff(file) for file in files))


def _file_diff(file: ChangedFile) -> FileDiff:
    status = _STATUS.get(file.status, FileStatus.MODIFIED)
    bare = FileDiff(
        old_path=None if status is FileStatus.ADDED else file.old_path or file.path,
        new_path=None if status is FileStatus.REMOVED else file.path,
        status=status,
    )
    if file.patch is None:
        is_only_renamed = status is FileStatus.RENAMED and not file.additions + file.deletions
        return bare if is_only_renamed else replace(bare, omitted=_NOT_SHOWN)
    try:
        shown = parse_diff(f"--- a/file\n+++ b/file\n{file.patch}\n".encode("utf-8", "surrogateescape")).files[0]
    except InputError:
        return replace(bare, omitted="GitHub's patch of it cannot be read")
    return replace(bare, hunks=shown.hunks, omitted=shown.omitted)


@dataclass
class ApiSnapshot:
    """Single files through the API, and no more of them than a review of ordinary size needs."""

    client: RepositoryClient
    sha: Sha
    _read: dict[str, bytes | None] = field(default_factory=dict)

    @property
    def revision(self) -> str:
        return self.sha

    def read_file(self, path: str) -> bytes | None:
        if path not in self._read and len(self._read) < _MOST_FILES_READ:
            try:
                self._read[path] = self.client.file(path, self.sha)
            except TooLarge:
                self._read[path] = None
        return self._read.get(path)

    def list_files(self) -> Sequence[str]:
        return ()

    def grep(self, words: Sequence[str], limit: int = 200) -> list[GrepHit]:  # noqa: ARG002 - the port's signature
        return []

    def export(self, directory: Path) -> None:
        raise GitError(f"the tree of {self.sha[:10]} was not fetched, so it cannot be written to {directory}")
