"""Repositories of pull requests, fetched as far as a review needs them and kept for the next one.

A fetch is shallow first and goes deeper until the merge base is certain. Nothing is checked out, no submodule and no
LFS object is fetched, and no name out of a repository reaches git but that of the default branch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from reviewbot.domain.pull import PullRequest
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.errors import GitError
from reviewbot.git.cache_slot import CacheBusy, CacheSlot, remove_leftovers, slots_in
from reviewbot.git.differences import RawDiff
from reviewbot.git.mirror import WHOLE_HISTORY
from reviewbot.git.objects import GitObject
from reviewbot.git.remote import (
    Cause,
    CommitGone,
    FetchFailed,
    RefAbsent,
    Remote,
    branch_refspec,
    cause_of,
    commit_refspec,
    git_address,
    gits_words,
    pull_refspec,
)
from reviewbot.git.repository import Repository
from reviewbot.git.shallow import DEPTHS, certain_merge_base, first_depth

__all__ = ["CommitGone", "FetchFailed", "LiveCache", "LiveChange", "git_address"]

_DEFAULT_BRANCH: Final = "refs/reviewbot/default"
_LEFTOVER_SECONDS: Final = 3_600.0
_LIMIT: Final = re.compile(r"more than \d|did not finish within")

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class LiveChange:
    """What a pull request changes. `base` is the merge base; `policy_commit` the tip of the default branch."""

    repository: Repository
    base: Sha
    head: Sha
    diff: RawDiff
    policy_commit: Sha


@dataclass(frozen=True, slots=True)
class LiveCache:
    """Bare repositories by GitHub's numeric id, shared by all threads and processes on this machine.

    `timeout_seconds` bounds one fetch, and the wait for somebody else's fetch of the same repository.
    """

    directory: Path
    timeout_seconds: float = 900.0

    @contextmanager
    def change(self, pull: PullRequest, address: str, token: str | None) -> Iterator[LiveChange]:
        """The change of a pull request at exactly the head and the base that it names.

        Raises CommitGone where one of the two is not to be had any more, FetchFailed for everything else.
        """

        def read(repository: Repository) -> LiveChange:
            base = _merge_base(repository, _PullFetch(Remote(address, token), pull, self.timeout_seconds))
            policy_commit = repository.resolve(_DEFAULT_BRANCH)
            diff = repository.diff(base, pull.head)
            return LiveChange(repository, base, pull.head, diff, policy_commit)

        with self._kept(pull.ref.repo_id) as slot:
            change = self._fetched(slot, read)
            with change.repository, _doubted(slot):
                yield change

    @contextmanager
    def opened(self, repo_id: int, address: str, token: str | None, wants: Sequence[Sha]) -> Iterator[Repository]:
        """The repository with these commits, their history as far as it is here; errors as for `change`."""

        def read(repository: Repository) -> Repository:
            missing = [commit for commit in wants if not _holds(repository, commit)]
            if missing:
                refspecs = [commit_refspec(commit) for commit in missing]
                Remote(address, token).fetch(
                    repository.git_dir, refspecs, first_depth(repository), self.timeout_seconds
                )
            return repository

        with self._kept(repo_id) as slot:
            repository = self._fetched(slot, read)
            with repository, _doubted(slot):
                yield repository

    @contextmanager
    def history(self, repo_id: int, name: RepoName, address: str, token: str | None) -> Iterator[Repository]:
        """The repository with the whole history of all its branches; errors as for `change`.

        Much larger than what reviews need: keep it in a directory of its own.
        """

        def read(repository: Repository) -> Repository:
            Remote(address, token).fetch(repository.git_dir, WHOLE_HISTORY, None, self.timeout_seconds)
            return replace(repository, name=name)

        with self._kept(repo_id) as slot:
            repository = self._fetched(slot, read)
            with repository, _doubted(slot):
                yield repository

    def prune(self, max_bytes: int, unused_since: float | None = None) -> int:
        """Deletes repositories that nobody uses: those last used before that moment (unix seconds), and the longest
        unused ones until the rest takes at most `max_bytes`. Returns how many went.
        """
        if not self.directory.is_dir():
            return 0
        remove_leftovers(self.directory, _LEFTOVER_SECONDS)
        slots = slots_in(self.directory)
        sizes = {slot.repo_id: slot.size_bytes for slot in slots}
        total = sum(sizes.values())
        deleted = 0
        for slot in slots:
            is_old = unused_since is not None and slot.last_used < unused_since
            if (is_old or total > max_bytes) and slot.delete_unless_used():
                total -= sizes[slot.repo_id]
                deleted += 1
        return deleted

    @contextmanager
    def _kept(self, repo_id: int) -> Iterator[CacheSlot]:
        slot = CacheSlot(self.directory, repo_id)
        with ExitStack() as held:
            with self._explained(slot):
                held.enter_context(slot.used(self.timeout_seconds))
            yield slot

    def _fetched(self, slot: CacheSlot, read: Callable[[Repository], _Found]) -> _Found:
        """What is read after a fetch; a repository that fails for no known reason is thrown away and fetched anew."""
        with self._explained(slot), slot.fetching(self.timeout_seconds):
            is_new = slot.prepare()
            try:
                with self._explained(slot):
                    return _read(slot, read)
            except FetchFailed as error:
                if is_new or error.cause is not Cause.UNEXPLAINED:
                    raise
                slot.discard(str(error))
            slot.prepare()
            return _read(slot, read)

    @contextmanager
    def _explained(self, slot: CacheSlot) -> Iterator[None]:
        """Has every error say whether it is worth trying again."""
        try:
            yield
        except (CommitGone, FetchFailed):
            raise
        except CacheBusy as error:
            raise FetchFailed("another review fetches the same repository, and takes long", Cause.SLOW) from error
        except RefAbsent as error:
            raise FetchFailed(str(error), Cause.ABSENT) from error
        except GitError as error:
            cause = cause_of(str(error))
            raise FetchFailed(f"{cause} ({gits_words(str(error), slot.git_dir)})", cause) from error
        except OSError as error:
            raise FetchFailed(
                f"cannot write to REVIEWBOT_CACHE_DIRECTORY: {error.strerror}; make room there, or set another",
                Cause.DISK,
            ) from error


def _read(slot: CacheSlot, read: Callable[[Repository], _Found]) -> _Found:
    repository = Repository(slot.git_dir)
    try:
        return read(repository)
    except GitError:
        repository.close()
        raise


@contextmanager
def _doubted(slot: CacheSlot) -> Iterator[None]:
    """What turns out to be damaged later on, in the middle of a review, is not trusted another time."""
    try:
        yield
    except GitError as error:
        # what is too large or too slow would be so again; all else is worth the cost of a fresh shallow fetch
        if not _LIMIT.search(str(error)):
            slot.suspect()
        raise


@dataclass(frozen=True, slots=True)
class _PullFetch:
    """Fetches what one pull request needs."""

    remote: Remote
    pull: PullRequest
    timeout_seconds: float

    def fetch(self, repository: Repository, depth: int | None) -> None:
        rest = [commit_refspec(self.pull.base), branch_refspec(self.pull.default_branch, _DEFAULT_BRANCH)]
        try:
            self._bring(repository, [pull_refspec(self.pull.ref.number), *rest], depth)
        except RefAbsent as absent:
            if not absent.ref.startswith("refs/pull/"):
                raise
            self._bring(repository, [commit_refspec(self.pull.head), *rest], depth)
        if not _holds(repository, self.pull.head):
            # The pull request has a newer head by now; the one that was asked for may still be there.
            self._bring(repository, [commit_refspec(self.pull.head)], depth)

    def _bring(self, repository: Repository, refspecs: Sequence[str], depth: int | None) -> None:
        self.remote.fetch(repository.git_dir, refspecs, depth, self.timeout_seconds)


def _merge_base(repository: Repository, fetch: _PullFetch) -> Sha:
    """Fetches deeper and deeper until the merge base is certain."""
    first = first_depth(repository)
    for depth in DEPTHS[DEPTHS.index(first) :]:
        fetch.fetch(repository, depth)
        base = certain_merge_base(repository, fetch.pull.base, fetch.pull.head)
        if base is not None:
            return base
    raise FetchFailed(
        f"{fetch.pull.base} and {fetch.pull.head} have no commit in common, so there is no change to review; "
        "rebase the pull request on its base",
        Cause.REFUSED,
    )


def _holds(repository: Repository, commit: Sha) -> bool:
    return isinstance(repository.objects.read(f"{commit}^{{commit}}"), GitObject)
