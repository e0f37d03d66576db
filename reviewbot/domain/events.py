"""What GitHub told us, as far as it matters: a closed union, `Ignored` with its reason included."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reviewbot.domain.pull import PullRef
from reviewbot.domain.repository import RepoName


class Trigger(StrEnum):
    """What makes a pull request worth looking at; the names are those of the policy file."""

    OPENED = "opened"
    PUSHED = "pushed"
    REOPENED = "reopened"
    READY_FOR_REVIEW = "ready_for_review"
    RETARGETED = "retargeted"
    REQUESTED = "requested"


@dataclass(frozen=True, slots=True)
class PullChanged:
    """A pull request appeared or has something new. What it says of the head may be old: it is read again."""

    installation_id: int
    ref: PullRef
    repo: RepoName
    trigger: Trigger
    sender_id: int | None = None


@dataclass(frozen=True, slots=True)
class PullStopped:
    """A pull request was closed, merged or made a draft again."""

    installation_id: int
    ref: PullRef
    repo: RepoName


@dataclass(frozen=True, slots=True)
class CheckRequested:
    """Somebody pressed "Re-run" on our check: on the run itself, or on the whole suite."""

    installation_id: int
    repo_id: int
    repo: RepoName
    head: str
    numbers: tuple[int, ...]


class CommentPlace(StrEnum):
    """Where a comment stands: in the conversation, or in the thread of a line."""

    CONVERSATION = "conversation"
    THREAD = "thread"


@dataclass(frozen=True, slots=True)
class CommentWritten:
    """A person (never a bot, never ourselves) wrote a comment on a pull request.

    `in_reply_to` is the id of the first comment of its thread, None where it starts one.
    """

    installation_id: int
    ref: PullRef
    repo: RepoName
    place: CommentPlace
    comment_id: int
    in_reply_to: int | None
    author_id: int
    author: str
    body: str


@dataclass(frozen=True, slots=True)
class ThreadSettled:
    """Somebody resolved a thread, or opened it again. `comment_ids` are those of the thread, the first first."""

    installation_id: int
    ref: PullRef
    repo: RepoName
    thread_id: str
    comment_ids: tuple[int, ...]
    is_resolved: bool
    sender_id: int | None = None


@dataclass(frozen=True, slots=True)
class IssueChanged:
    """An issue was opened, edited, closed, or got or lost a label. Its labels may be old: it is read again."""

    installation_id: int
    repo_id: int
    repo: RepoName
    number: int
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InstallationChanged:
    """The App was installed, removed, suspended or unsuspended. `action` is GitHub's word for it."""

    installation_id: int
    action: str


@dataclass(frozen=True, slots=True)
class RepositoriesRemoved:
    """Repositories that the App may no longer see: taken out of an installation, or deleted."""

    installation_id: int
    repo_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RepositoryMoved:
    """A repository has another name or owner now; its number stays."""

    installation_id: int
    repo_id: int
    repo: RepoName


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing for us, and why."""

    reason: str


Event = (
    PullChanged
    | PullStopped
    | CheckRequested
    | CommentWritten
    | ThreadSettled
    | IssueChanged
    | InstallationChanged
    | RepositoriesRemoved
    | RepositoryMoved
    | Ignored
)
