"""The tables of the live service: what came in, what is wanted, who works on it, what goes out, what was said.

Moments are unix seconds by the database's clock. JSON stands in text columns, in ASCII: PostgreSQL refuses NUL in text
and lone surrogates anywhere, and webhooks bring both.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

# SQLite numbers rows by itself only where the type is exactly this.
_ID = BigInteger().with_variant(Integer(), "sqlite")
# Prefixes are looked for in ranges, which have to be those of the bytes and not of a language.
_BYTES_ORDER = String().with_variant(String(collation="C"), "postgresql")


def _id() -> Any:
    return Field(default=None, sa_column=Column(_ID, primary_key=True))


def _number(*, key: bool = False, nullable: bool = False, index: bool = False) -> Any:
    """A number that GitHub gives; many of them are beyond 32 bits."""
    return Field(sa_column=Column(BigInteger, primary_key=key, nullable=nullable, index=index, autoincrement=False))


def _moment(*, nullable: bool = False, index: bool = False) -> Any:
    return Field(sa_column=Column(Float, nullable=nullable, index=index))


def _text() -> Any:
    return Field(sa_column=Column(Text, nullable=False))


def _blob() -> Any:
    return Field(sa_column=Column(LargeBinary, nullable=False))


class DeliveryRow(SQLModel, table=True):
    """A webhook delivery as it came. `body` is compressed, and empty once it has been forgotten."""

    __tablename__: ClassVar[Any] = "delivery"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("guid", "hook_target"),
        Index("ix_delivery_state", "state", "received_at"),
    )

    id: int | None = _id()
    hook_target: str
    guid: str
    event: str
    body: bytes = _blob()
    body_hash: str
    received_at: float = _moment()
    state: str
    note: str = _text()
    attempts: int = 0


class DeliveryConflictRow(SQLModel, table=True):
    """Another body that came under the name of a delivery, and how often."""

    __tablename__: ClassVar[Any] = "delivery_conflict"
    __table_args__: ClassVar[Any] = (UniqueConstraint("delivery_id", "body_hash"),)

    id: int | None = _id()
    delivery_id: int = _number()
    event: str
    body: bytes = _blob()
    body_hash: str
    received_at: float = _moment()
    times: int


class PullRow(SQLModel, table=True):
    """The work on one pull request. `due_at` is NULL exactly where nothing is wanted, `worker` where nobody has it.

    `triggers` maps what asked for a look to the look it asked for. `deaths` counts the takes since the last one that
    was let go of in order.
    """

    __tablename__: ClassVar[Any] = "pull"
    __table_args__: ClassVar[Any] = (Index("ix_pull_head", "repo_id", "head"),)

    repo_id: int = _number(key=True)
    number: int = _number(key=True)
    installation_id: int = _number(index=True)
    owner: str
    name: str
    wanted: int = 0
    handled: int = 0
    request: int = 0
    due_at: float | None = _moment(nullable=True, index=True)
    triggers: str = _text()
    attempts: int = 0
    deaths: int = 0
    is_paused: bool = False
    token: int = _number()
    worker: str | None = Field(default=None, index=True)
    taken_at: float | None = _moment(nullable=True)
    head: str | None = None
    outcome: str | None = None
    reason: str = _text()
    policy_notice: str = _text()


class PullReviewRow(SQLModel, table=True):
    """A take that led to a review: what the loop breaker counts."""

    __tablename__: ClassVar[Any] = "pull_review"

    repo_id: int = _number(key=True)
    number: int = _number(key=True)
    token: int = _number(key=True)
    at: float = _moment()


class RepositoryRow(SQLModel, table=True):
    """What the sweep remembers of a repository."""

    __tablename__: ClassVar[Any] = "repository"

    repo_id: int = _number(key=True)
    etag: str


class OutgoingRow(SQLModel, table=True):
    """One write to GitHub. `token` is that of the hold that sends it, `attempt` the name of the latest try."""

    __tablename__: ClassVar[Any] = "outgoing"
    __table_args__: ClassVar[Any] = (UniqueConstraint("key", "part"),)

    id: int | None = _id()
    key: str = Field(sa_column=Column(_BYTES_ORDER, nullable=False))
    part: str
    request: str = _text()
    intent_hash: str
    state: str
    remote_id: str | None = None
    attempts: int = 0
    attempt: str = ""
    token: int | None = _number(nullable=True)
    clean_reads: int = 0
    clean_read_at: float | None = _moment(nullable=True)
    note: str = _text()
    changed_at: float = _moment()


class RoundRow(SQLModel, table=True):
    """One round of a pull request. `body` is all of it, compressed; its review can be asked questions in its tables."""

    __tablename__: ClassVar[Any] = "round"
    __table_args__: ClassVar[Any] = (
        Index("ix_round_pull", "repo_id", "number", "published_at"),
        Index("ix_round_spent", "repo_id", "created_at"),
        Index("ix_round_spent_by_installation", "installation_id", "created_at"),
    )

    id: int | None = _id()
    key: str = Field(unique=True)
    repo_id: int = _number()
    number: int = _number()
    installation_id: int = _number()
    head: str
    review_id: int = Field(foreign_key="review.id", index=True)
    round_number: int
    body: bytes = _blob()
    cost_nanodollars: int = _number()
    created_at: float = _moment()
    published_at: float | None = _moment(nullable=True)


class KnownFindingRow(SQLModel, table=True):
    """A finding that was said on a pull request, and what became of it. `body` is the finding, in JSON."""

    __tablename__: ClassVar[Any] = "known_finding"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("repo_id", "number", "fingerprint"),
        Index("ix_known_finding_comment", "repo_id", "number", "comment_id"),
    )

    id: int | None = _id()
    repo_id: int = _number()
    number: int = _number()
    fingerprint: str
    round_key: str
    said_at: str
    fate: str = Field(index=True)
    fate_note: str = _text()
    fate_by: str
    comment_id: int | None = _number(nullable=True)
    severity: str
    title: str = _text()
    body: str = _text()
    changed_at: float = _moment()


class IgnoredFindingRow(SQLModel, table=True):
    """A finding that is not to be said again in a repository, and who said so, when and why."""

    __tablename__: ClassVar[Any] = "ignored_finding"

    repo_id: int = _number(key=True)
    fingerprint: str = Field(primary_key=True)
    title: str = _text()
    reason: str = _text()
    by: str
    at: float = _moment()


class FeedbackRow(SQLModel, table=True):
    """What a person let us know of a finding, without a word or with a few."""

    __tablename__: ClassVar[Any] = "feedback"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("remote_id", "kind", "by_id", "repo_id"),
        Index("ix_feedback_pull", "repo_id", "number"),
    )

    id: int | None = _id()
    repo_id: int = _number()
    number: int = _number()
    fingerprint: str | None = Field(default=None, index=True)
    kind: str
    by_id: int = _number()
    remote_id: str
    at: float = _moment()


class InstallationRow(SQLModel, table=True):
    """An installation of the App: whether it may be called, and from when on."""

    __tablename__: ClassVar[Any] = "installation"

    installation_id: int = _number(key=True)
    parked_until: float | None = _moment(nullable=True)
    parked_why: str = _text()
    strikes: int = 0
    is_suspended: bool = False
    removed_at: float | None = _moment(nullable=True)
    seen_at: float = _moment()


class WorkerRow(SQLModel, table=True):
    """A process that works, and when it was last heard."""

    __tablename__: ClassVar[Any] = "worker"

    worker_id: str = Field(primary_key=True)
    executor_id: str
    started_at: float = _moment()
    beat_at: float = _moment(index=True)


class GoodPolicyRow(SQLModel, table=True):
    """The last policy file of a repository that was in order."""

    __tablename__: ClassVar[Any] = "good_policy"

    repo_id: int = _number(key=True)
    sha: str
    text: bytes = _blob()
    policy_hash: str
    at: float = _moment()


class PolicyNoticeRow(SQLModel, table=True):
    """A problem of a policy file that people have been told of."""

    __tablename__: ClassVar[Any] = "policy_notice"

    repo_id: int = _number(key=True)
    digest: str = Field(primary_key=True)
    at: float = _moment()
