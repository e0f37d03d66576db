"""The change of a pull request with the files around it: out of git, or, where that fails, out of GitHub's API."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from reviewbot.domain.change import Change
from reviewbot.domain.diff import Diff
from reviewbot.domain.diff_text import parse_diff
from reviewbot.domain.pull import PullRequest
from reviewbot.domain.repository import Sha
from reviewbot.engine.redacted import HiddenSecrets, RedactedSnapshot, redacted_change
from reviewbot.git.live import FetchFailed, LiveChange
from reviewbot.git.snapshot import RevisionSnapshot
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.api_change import change_from_api
from reviewbot.pipelines.live import Live
from reviewbot.ports import Snapshot

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PullChange:
    """What a pull request changes, before and after, without secrets, and the default branch for its policy.

    `shortfall` says why a review of it cannot be complete, "" where it can. Without `is_whole`, a file that cannot be
    read looks like one that is not there.
    """

    change: Change
    base: Snapshot
    head: Snapshot
    policy_snapshot: Snapshot
    shortfall: str = ""
    is_whole: bool = True
    notices: tuple[str, ...] = ()

    @property
    def diff(self) -> Diff:
        return self.change.diff


@contextmanager
def opened_change(
    live: Live, client: RepositoryClient, pull: PullRequest, *, is_tried_again: bool = False
) -> Iterator[PullChange]:
    """The change at exactly this head. Raises CommitGone where it is not to be had any more.

    Where the caller tries again, FetchFailed is raised for what may do better then: a whole review that comes later is
    worth more than a partial one now.
    """
    with ExitStack() as stack:
        try:
            found = stack.enter_context(live.cache.change(pull, live.git_address(pull.repo), client.token()))
        except FetchFailed as error:
            if is_tried_again and error.is_transient:
                raise
            log.warning("fetch failed", extra={"pull": str(pull.ref), "why": str(error)[:300]})
            change = _from_api(live, client, pull, error)
        else:
            change = _from_git(live, pull, found)
        yield _redacted(change)


def _redacted(change: PullChange) -> PullChange:
    """The same as it is reviewed, compared with earlier rounds, and quoted."""
    secrets = HiddenSecrets()
    return replace(
        change,
        change=redacted_change(change.change, secrets),
        base=RedactedSnapshot(change.base, secrets),
        head=RedactedSnapshot(change.head, secrets),
    )


def _from_git(live: Live, pull: PullRequest, found: LiveChange) -> PullChange:
    repository, diff = found.repository, parse_diff(found.diff.content)
    return PullChange(
        _change(live, pull, diff, found.base, found.diff.is_cut),
        RevisionSnapshot(repository, found.base),
        RevisionSnapshot(repository, found.head),
        RevisionSnapshot(repository, found.policy_commit),
        shortfall=_n_of_m("the diff is so long that only", len(diff.files), pull) if found.diff.is_cut else "",
    )


def _from_api(live: Live, client: RepositoryClient, pull: PullRequest, error: FetchFailed) -> PullChange:
    """GitHub's own diff, and single files as far as they are asked for: enough for a partial review."""
    found = change_from_api(client, pull)
    is_cut = found.listed < pull.changed_files
    listed = f"; {_n_of_m('GitHub shows', found.listed, pull)}" if is_cut else ""
    return PullChange(
        _change(live, pull, found.diff, found.merge_base, is_cut),
        found.base,
        found.head,
        found.default_branch,
        shortfall=f"the repository could not be fetched ({error.cause}), so that the change was read without the code "
        f"around it{listed}",
        is_whole=False,
    )


def _n_of_m(before: str, count: int, pull: PullRequest) -> str:
    return f"{before} {count:,} of {pull.changed_files:,} changed files"


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
