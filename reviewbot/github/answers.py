"""What GitHub's answers come to: frozen values, which `parsing` reads from its JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from reviewbot.domain.repository import RepoName, Sha


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote something. `id` is None for a deleted account; `app_id` is the App that it was written through."""

    id: int | None
    login: str
    is_bot: bool
    app_id: int | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue as it stands now; moments are ISO 8601 in UTC, `closed_at` "" while it is open."""

    number: int
    title: str
    body: str
    labels: tuple[str, ...]
    is_open: bool
    is_pull: bool
    created_at: str
    closed_at: str
    url: str


@dataclass(frozen=True, slots=True)
class ClosingPull:
    """A merged pull request that closed an issue, with the commit that brought it in."""

    repo_id: int
    repo: RepoName
    number: int
    commit: str
    merged_at: str


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file of a pull request. `patch` is None where GitHub shows none: binary, too large, or mode only."""

    path: str
    old_path: str | None
    status: str
    patch: str | None
    additions: int
    deletions: int


@dataclass(frozen=True, slots=True)
class CheckRun:
    """A check run; `conclusion` is None until it is completed, `app_id` where GitHub names no App."""

    id: int
    name: str
    external_id: str
    status: str
    conclusion: str | None
    head: str
    app_id: int | None
    annotations_count: int
    title: str


@dataclass(frozen=True, slots=True)
class ReviewComment:
    """An inline comment to post: on one line, or from `start_line` to `line`, of the side LEFT or RIGHT."""

    path: str
    body: str
    line: int
    side: str = "RIGHT"
    start_line: int | None = None
    start_side: str | None = None


@dataclass(frozen=True, slots=True)
class PostedAnnotation:
    """A remark of a check run beside lines of a file."""

    path: str
    start_line: int
    end_line: int
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class PostedReview:
    """A review as it stands; `commit_id` is None where that commit is gone, `state` in GitHub's capitals."""

    id: int
    author: Author
    body: str
    commit_id: str | None
    state: str


@dataclass(frozen=True, slots=True)
class PostedComment:
    """A comment of the conversation (`path` None) or of a line; the lists of one review's comments have no `line`.

    `association` is what its author is to the repository, in GitHub's capitals; `created_at` is ISO 8601 in UTC.
    """

    id: int
    node_id: str
    body: str
    author: Author
    path: str | None = None
    line: int | None = None
    side: str | None = None
    in_reply_to: int | None = None
    review_id: int | None = None
    association: str = "NONE"
    created_at: str = ""


@dataclass(frozen=True, slots=True)
class Reaction:
    """`kind` in GitHub's words: +1, -1, confused, ..."""

    kind: str
    user_id: int | None


@dataclass(frozen=True, slots=True)
class OpenPull:
    """As much of an open pull request as a list shows of it."""

    number: int
    head: Sha
    is_draft: bool


@dataclass(frozen=True, slots=True)
class OpenPulls:
    """The open pull requests, the last changed first; with `unchanged` the list is the one that `etag` stood for."""

    pulls: tuple[OpenPull, ...]
    etag: str
    unchanged: bool = False


class InstalledRepository(NamedTuple):
    """A repository that an installation covers."""

    repo_id: int
    repo: RepoName
    default_branch: str
    is_archived: bool


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """One attempt to deliver a webhook. `delivered_at` is in unix seconds; attempts of one event share the `guid`."""

    id: int
    guid: str
    delivered_at: float
    status: str
    status_code: int
    event: str
    action: str | None
    installation_id: int | None
    repository_id: int | None
    redelivery: bool
