"""The tables of the live service's work: what came in, what is wanted, who works on it, what goes out."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from reviewbot.store.columns import BYTES_ORDER, blob, github_number, identity, long_text, moment


class DeliveryRow(SQLModel, table=True):
    """A webhook delivery as it came. `body` is compressed, and empty once it has been forgotten."""

    __tablename__: ClassVar[Any] = "delivery"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("guid", "hook_target"),
        Index("ix_delivery_state", "state", "received_at"),
    )

    id: int | None = identity()
    hook_target: str
    guid: str
    event: str
    body: bytes = blob()
    body_hash: str
    received_at: float = moment()
    state: str
    note: str = long_text()
    attempts: int = 0


class DeliveryConflictRow(SQLModel, table=True):
    """Another body that came under the name of a delivery, and how often."""

    __tablename__: ClassVar[Any] = "delivery_conflict"
    __table_args__: ClassVar[Any] = (UniqueConstraint("delivery_id", "body_hash"),)

    id: int | None = identity()
    delivery_id: int = github_number()
    event: str
    body: bytes = blob()
    body_hash: str
    received_at: float = moment()
    times: int


class PullRow(SQLModel, table=True):
    """The work on one pull request. `due_at` is NULL exactly where nothing is wanted, `worker` where nobody has it.

    `triggers` maps what asked for a look to the look it asked for. `deaths` counts the takes since the last one that
    was let go of in order.
    """

    __tablename__: ClassVar[Any] = "pull"
    __table_args__: ClassVar[Any] = (Index("ix_pull_head", "repo_id", "head"),)

    repo_id: int = github_number(key=True)
    number: int = github_number(key=True)
    installation_id: int = github_number(index=True)
    owner: str
    name: str
    wanted: int = 0
    handled: int = 0
    request: int = 0
    due_at: float | None = moment(nullable=True, index=True)
    triggers: str = long_text()
    attempts: int = 0
    deaths: int = 0
    is_paused: bool = False
    token: int = github_number()
    worker: str | None = Field(default=None, index=True)
    taken_at: float | None = moment(nullable=True)
    head: str | None = None
    outcome: str | None = None
    reason: str = long_text()
    policy_notice: str = long_text()


class PullReviewRow(SQLModel, table=True):
    """A take that led to a review: what the loop breaker counts."""

    __tablename__: ClassVar[Any] = "pull_review"

    repo_id: int = github_number(key=True)
    number: int = github_number(key=True)
    token: int = github_number(key=True)
    at: float = moment()


class RepositoryRow(SQLModel, table=True):
    """What the sweep remembers of a repository."""

    __tablename__: ClassVar[Any] = "repository"

    repo_id: int = github_number(key=True)
    etag: str


class OutgoingRow(SQLModel, table=True):
    """One write to GitHub. `token` is that of the hold that sends it, `attempt` the name of the latest try."""

    __tablename__: ClassVar[Any] = "outgoing"
    __table_args__: ClassVar[Any] = (UniqueConstraint("key", "part"),)

    id: int | None = identity()
    key: str = Field(sa_column=Column(BYTES_ORDER, nullable=False))
    part: str
    request: str = long_text()
    intent_hash: str
    state: str
    remote_id: str | None = None
    attempts: int = 0
    attempt: str = ""
    token: int | None = github_number(nullable=True)
    clean_reads: int = 0
    clean_read_at: float | None = moment(nullable=True)
    note: str = long_text()
    changed_at: float = moment()


class InstallationRow(SQLModel, table=True):
    """An installation of the App: whether it may be called, and from when on."""

    __tablename__: ClassVar[Any] = "installation"

    installation_id: int = github_number(key=True)
    parked_until: float | None = moment(nullable=True)
    parked_why: str = long_text()
    strikes: int = 0
    is_suspended: bool = False
    removed_at: float | None = moment(nullable=True)
    seen_at: float = moment()


class SpendingRow(SQLModel, table=True):
    """What one call to a model has cost."""

    __tablename__: ClassVar[Any] = "spending"
    __table_args__: ClassVar[Any] = (
        Index("ix_spending_repository", "repo_id", "at"),
        Index("ix_spending_installation", "installation_id", "at"),
    )

    id: int | None = identity()
    repo_id: int = github_number()
    installation_id: int = github_number()
    cost_nanodollars: int = github_number()
    at: float = moment()


class WorkerRow(SQLModel, table=True):
    """A process that works, and when it was last heard."""

    __tablename__: ClassVar[Any] = "worker"

    worker_id: str = Field(primary_key=True)
    executor_id: str
    started_at: float = moment()
    beat_at: float = moment(index=True)
