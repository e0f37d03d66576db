"""The tables of what was said on pull requests, and under which policy: rounds, findings, feedback."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from reviewbot.store.columns import blob, github_number, identity, long_text, moment


class RoundRow(SQLModel, table=True):
    """One round of a pull request. `body` is all of it, compressed; its review can be asked questions in its tables."""

    __tablename__: ClassVar[Any] = "round"
    __table_args__: ClassVar[Any] = (
        Index("ix_round_pull", "repo_id", "number", "published_at"),
        Index("ix_round_spent", "repo_id", "created_at"),
        Index("ix_round_spent_by_installation", "installation_id", "created_at"),
    )

    id: int | None = identity()
    key: str = Field(unique=True)
    repo_id: int = github_number()
    number: int = github_number()
    installation_id: int = github_number()
    head: str
    review_id: int = Field(foreign_key="review.id", index=True)
    round_number: int
    body: bytes = blob()
    cost_nanodollars: int = github_number()
    created_at: float = moment()
    published_at: float | None = moment(nullable=True)


class KnownFindingRow(SQLModel, table=True):
    """A finding that was said on a pull request, and what became of it. `body` is the finding, in JSON."""

    __tablename__: ClassVar[Any] = "known_finding"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("repo_id", "number", "fingerprint"),
        Index("ix_known_finding_comment", "repo_id", "number", "comment_id"),
    )

    id: int | None = identity()
    repo_id: int = github_number()
    number: int = github_number()
    fingerprint: str
    round_key: str
    said_at: str
    fate: str = Field(index=True)
    fate_note: str = long_text()
    fate_by: str
    comment_id: int | None = github_number(nullable=True)
    severity: str
    title: str = long_text()
    body: str = long_text()
    changed_at: float = moment()


class IgnoredFindingRow(SQLModel, table=True):
    """A finding that is not to be said again in a repository, and who said so, when and why."""

    __tablename__: ClassVar[Any] = "ignored_finding"

    repo_id: int = github_number(key=True)
    fingerprint: str = Field(primary_key=True)
    title: str = long_text()
    reason: str = long_text()
    by: str
    at: float = moment()


class FeedbackRow(SQLModel, table=True):
    """What a person let us know of a finding, without a word or with a few."""

    __tablename__: ClassVar[Any] = "feedback"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("remote_id", "kind", "by_id", "repo_id"),
        Index("ix_feedback_pull", "repo_id", "number"),
    )

    id: int | None = identity()
    repo_id: int = github_number()
    number: int = github_number()
    fingerprint: str | None = Field(default=None, index=True)
    kind: str
    by_id: int = github_number()
    remote_id: str
    at: float = moment()


class GoodPolicyRow(SQLModel, table=True):
    """The last policy file of a repository that was in order."""

    __tablename__: ClassVar[Any] = "good_policy"

    repo_id: int = github_number(key=True)
    sha: str
    text: bytes = blob()
    policy_hash: str
    at: float = moment()


class PolicyNoticeRow(SQLModel, table=True):
    """A problem of a policy file that people have been told of."""

    __tablename__: ClassVar[Any] = "policy_notice"

    repo_id: int = github_number(key=True)
    digest: str = Field(primary_key=True)
    at: float = moment()
