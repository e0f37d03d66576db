"""What the fake remembers: people, repositories, pull requests, and everything said about them."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.github.diffs import PullDiff, diff_between
from tests.fakes.github.objects import GitStore

FULL_PERMISSIONS = {
    "metadata": "read",
    "contents": "read",
    "pull_requests": "write",
    "checks": "write",
    "issues": "write",
}


def node_id(kind: str, number: int) -> str:
    """A global id as GraphQL and REST share it."""
    return f"{kind}_{base64.urlsafe_b64encode(number.to_bytes(6, 'big')).decode()}"


@dataclass
class User:
    """Somebody, or a bot, or an organisation."""

    id: int
    login: str
    kind: str = "User"


@dataclass
class Installation:
    """The App on one account. `permissions` are those granted; `repository_ids` of None means all of the account."""

    id: int
    account: User
    permissions: dict[str, str] = field(default_factory=lambda: dict(FULL_PERMISSIONS))
    suspended_at: float | None = None
    is_removed: bool = False
    repository_ids: set[int] | None = None


@dataclass
class Token:
    """An installation token as it was minted. `repository_ids` of None means all of the installation."""

    value: str
    installation: Installation
    repository_ids: frozenset[int] | None
    permissions: dict[str, str]
    minted_at: float
    expires_at: float
    uses: int = 0

    def may(self, permission: str, level: str) -> bool:
        order = ("none", "read", "write", "admin")
        granted = self.permissions.get(permission, "none")
        kept = self.installation.permissions.get(permission, "none")
        return min(order.index(granted), order.index(kept)) >= order.index(level)


@dataclass(kw_only=True)
class Stored:
    """Something that was created: by whom, when, and since when lists show it."""

    id: int
    author: User
    created_at: float
    updated_at: float
    visible_at: float = 0.0
    is_deleted: bool = False
    by_app: bool = False
    created_in_call: int = 0


@dataclass(kw_only=True)
class Reaction(Stored):
    content: str


@dataclass(kw_only=True)
class Comment(Stored):
    """A comment of the conversation."""

    body: str
    number: int
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(kw_only=True)
class ReviewComment(Comment):
    """A comment on a line. `line` of None means that it is outdated; `in_reply_to` is the thread's first comment."""

    review_id: int
    path: str
    commit_id: str
    original_commit_id: str
    diff_hunk: str
    line: int | None
    original_line: int | None
    side: str = "RIGHT"
    start_line: int | None = None
    start_side: str | None = None
    position: int | None = None
    original_position: int | None = None
    subject: str = "line"
    in_reply_to: int | None = None


@dataclass(kw_only=True)
class Review(Stored):
    """A review. `is_implicit` marks those that GitHub makes itself around a single comment."""

    body: str
    state: str
    commit_id: str
    number: int
    submitted_at: float | None
    is_implicit: bool = False


@dataclass
class Thread:
    """The comments on one line; named after its first comment."""

    id: str
    number: int
    root_id: int
    is_resolved: bool = False
    resolved_by: User | None = None


@dataclass(kw_only=True)
class Check(Stored):
    """A check run. `app_id` is that of the App that made it; `author` is its bot."""

    name: str
    head: str
    app_id: int
    status: str
    conclusion: str | None
    external_id: str
    details_url: str | None
    started_at: float
    completed_at: float | None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list)
    suite_id: int = 0
    history: list[tuple[int, str, str | None]] = field(default_factory=list)
    """Call number, status and conclusion of every write."""


@dataclass
class PullState:
    """A pull request: what it is now, and which heads it had at which call."""

    id: int
    number: int
    author: User
    title: str
    body: str | None
    head: str
    head_branch: str
    head_repository: RepositoryState | None
    base_branch: str
    base: str
    created_at: float
    updated_at: float
    is_draft: bool = False
    is_open: bool = True
    is_locked: bool = False
    closed_at: float | None = None
    merged_at: float | None = None
    merge_commit: str | None = None
    heads: list[tuple[int, str]] = field(default_factory=list)
    closed_in_call: int | None = None
    comments: dict[int, Comment] = field(default_factory=dict)
    reviews: dict[int, Review] = field(default_factory=dict)
    review_comments: dict[int, ReviewComment] = field(default_factory=dict)
    threads: dict[str, Thread] = field(default_factory=dict)
    changed_files: int | None = None
    """Where a test wants another figure than the true one."""
    has_author: bool = True


@dataclass
class IssueState:
    """An issue that is no pull request. `closers` are the numbers of the pull requests that close it."""

    id: int
    number: int
    author: User
    title: str
    body: str | None
    created_at: float
    updated_at: float
    labels: list[str] = field(default_factory=list)
    closers: list[int] = field(default_factory=list)
    is_open: bool = True
    is_locked: bool = False
    is_deleted: bool = False
    closed_at: float | None = None
    comments: dict[int, Comment] = field(default_factory=dict)


@dataclass
class RepositoryState:
    """A repository; its number stays when its name changes. `former_names` answer with 301."""

    id: int
    owner: User
    name: str
    store: GitStore
    installation: Installation | None
    default_branch: str = "main"
    is_archived: bool = False
    is_private: bool = True
    is_blocked: bool = False
    is_deleted: bool = False
    is_fork: bool = False
    former_names: list[str] = field(default_factory=list)
    permissions: dict[str, str] = field(default_factory=dict)
    pulls: dict[int, PullState] = field(default_factory=dict)
    issues: dict[int, IssueState] = field(default_factory=dict)
    checks: dict[int, Check] = field(default_factory=dict)

    @property
    def next_number(self) -> int:
        """Issues and pull requests share their numbers."""
        return max((*self.pulls, *self.issues), default=0) + 1

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def diff(self, pull: PullState, commit: str | None = None) -> PullDiff:
        return diff_between(self.store, pull.base, commit or pull.head)

    def move_branch(self, name: str, sha: str) -> None:
        """Sets a branch; open pull requests into it have the new base from then on."""
        self.store.point(f"refs/heads/{name}", sha)
        for pull in self.pulls.values():
            if pull.base_branch == name and pull.is_open:
                pull.base = sha

    def talk_of_comment(self, comment_id: int) -> PullState | IssueState | None:
        """The pull request or the issue in whose conversation a comment stands."""
        talks = (*self.pulls.values(), *self.issues.values())
        return next((talk for talk in talks if comment_id in talk.comments), None)

    def pull_of_review_comment(self, comment_id: int) -> PullState | None:
        return next((pull for pull in self.pulls.values() if comment_id in pull.review_comments), None)
