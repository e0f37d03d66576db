"""The tables of the record: incidents, what became of findings, facts of pull requests; and who may look at it."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from reviewbot.store.columns import github_number, identity, long_text, moment


class IncidentRow(SQLModel, table=True):
    """One incident of the record. `body` is all of it, in JSON; `due_at` is NULL where nothing is to be done for it."""

    __tablename__: ClassVar[Any] = "incident"
    __table_args__: ClassVar[Any] = (Index("ix_incident_place", "installation_id", "repo_id", "opened_at"),)

    id: int | None = identity()
    key: str = Field(unique=True)
    installation_id: int = github_number()
    repo_id: int = github_number(index=True)
    repo: str
    name: str
    stand: str = Field(index=True)
    answer: str | None = Field(default=None, index=True)
    opened_at: float = moment(index=True)
    due_at: float | None = moment(nullable=True, index=True)
    attempts: int = 0
    body: str = long_text()
    changed_at: float = moment()


class OutcomeRow(SQLModel, table=True):
    """What became of a finding that was said. `lines` are texts, in a JSON list."""

    __tablename__: ClassVar[Any] = "finding_outcome"
    __table_args__: ClassVar[Any] = (
        Index("ix_finding_outcome_open", "repo_id", "result", "proven_at"),
        Index("ix_finding_outcome_at", "at"),
    )

    repo_id: int = github_number(key=True)
    number: int = github_number(key=True)
    fingerprint: str = Field(primary_key=True)
    installation_id: int = github_number(index=True)
    result: str
    reason: str = long_text()
    commit: str
    path: str = long_text()
    lines: str = long_text()
    reviewer: str
    lens: str
    category: str
    severity: str
    at: float = moment()
    proven_by: str
    proven_at: float | None = moment(nullable=True)


class PullFactRow(SQLModel, table=True):
    """What GitHub last said of a pull request, for people to read. `state` is open, merged or closed."""

    __tablename__: ClassVar[Any] = "pull_fact"
    __table_args__: ClassVar[Any] = (Index("ix_pull_fact_merged", "repo_id", "merged_at"),)

    repo_id: int = github_number(key=True)
    number: int = github_number(key=True)
    installation_id: int = github_number(index=True)
    repo: str
    title: str = long_text()
    author: str
    state: str
    head: str
    merged_at: float | None = moment(nullable=True)
    changed_at: float = moment()


class BacktestRow(SQLModel, table=True):
    """A head of a pull request whose policy is to be tried on the record; `due_at` is NULL once that is done."""

    __tablename__: ClassVar[Any] = "backtest"

    repo_id: int = github_number(key=True)
    number: int = github_number(key=True)
    head: str = Field(primary_key=True)
    installation_id: int = github_number()
    repo: str
    attempts: int = 0
    due_at: float | None = moment(nullable=True, index=True)


class CompatibleRow(SQLModel, table=True):
    """One row: the oldest revision whose program works with the tables as they are (docs/operate.md)."""

    __tablename__: ClassVar[Any] = "schema_compatible"

    works_with: str = Field(primary_key=True)


class SessionRow(SQLModel, table=True):
    """Who has logged in. `id_hash` is the digest of the cookie; `access` maps repositories to roles, in JSON."""

    __tablename__: ClassVar[Any] = "web_session"

    id_hash: str = Field(primary_key=True)
    user_id: int = github_number(index=True)
    login: str
    csrf: str
    access: str = long_text()
    created_at: float = moment()
    seen_at: float = moment()
    expires_at: float = moment(index=True)
