"""A pull request: how it is named, and what GitHub said of it when it was last read."""

from __future__ import annotations

from dataclasses import dataclass

from reviewbot.domain.repository import RepoName, Sha


@dataclass(frozen=True, slots=True, order=True)
class PullRef:
    """A pull request by GitHub's numeric repository id, which survives renames and transfers, and its number."""

    repo_id: int
    number: int

    def __str__(self) -> str:
        return f"{self.repo_id}#{self.number}"

    def look(self, wanted: int) -> str:
        """The name of a look at it: what its job is called, and what stands on each line of the log."""
        return f"pull:{self.repo_id}:{self.number}:{wanted}"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as it stood at one moment; never taken from a webhook's payload, which may be old.

    `head_repo` is None where the fork was deleted. `base` is the tip of the branch it goes into, not the merge base.
    """

    ref: PullRef
    repo: RepoName
    default_branch: str
    head: Sha
    base: Sha
    base_branch: str
    is_open: bool
    is_draft: bool
    is_locked: bool
    changed_files: int
    author_id: int | None
    author: str
    title: str
    description: str
    head_repo: RepoName | None
    is_merged: bool = False
    is_archived: bool = False
    merged_at: str = ""
    """ISO 8601 in UTC; "" where it is not merged."""
    head_branch: str = ""
    is_private: bool = False
    merge_commit: str = ""
    """The commit that brought it into its base; "" where it is not merged."""


@dataclass(frozen=True, slots=True)
class ReviewKey:
    """What one review is for: reviews with equal keys are the same review, whatever asked for it.

    `policy` is the hash of what decides the review; `request` counts the times somebody asked for another one.
    """

    app_id: int
    ref: PullRef
    head: Sha
    policy: str
    request: int = 0

    def __str__(self) -> str:
        return f"{self.app_id}:{self.ref.repo_id}:{self.ref.number}:{self.head}:{self.policy}:{self.request}"

    @classmethod
    def parse(cls, text: str) -> ReviewKey:
        """The key that was written as this text; ValueError for any other text."""
        app_id, repo_id, number, head, policy, request = text.split(":")
        return cls(int(app_id), PullRef(int(repo_id), int(number)), Sha(head), policy, int(request))
