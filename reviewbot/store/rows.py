"""The tables. Rows stay inside this package; what goes in and comes out are values of the domain."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import JSON, Column, DateTime, Numeric, Text, UniqueConstraint
from sqlmodel import Field, SQLModel


def _json() -> Any:
    return Field(sa_column=Column(JSON, nullable=False))


def _text() -> Any:
    return Field(sa_column=Column(Text, nullable=False))


def _moment() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=False))


def _dollars() -> Any:
    return Field(sa_column=Column(Numeric(16, 8), nullable=True))


class ReviewRow(SQLModel, table=True):
    """One review: its outcome, its coverage, and how many findings left each stage."""

    __tablename__: ClassVar[Any] = "review"

    id: int | None = Field(default=None, primary_key=True)
    repo: str = Field(index=True)
    base: str
    head: str = Field(index=True)
    outcome: str = Field(index=True)
    reason: str = _text()
    coverage: list[dict[str, Any]] = _json()
    funnel: dict[str, int] = _json()
    cost_usd: Decimal | None = _dollars()
    created_at: datetime = _moment()


class ReviewerRunRow(SQLModel, table=True):
    """What one reviewer did in a review."""

    __tablename__: ClassVar[Any] = "reviewer_run"

    id: int | None = Field(default=None, primary_key=True)
    review_id: int = Field(foreign_key="review.id", index=True, ondelete="CASCADE")
    reviewer: str = Field(index=True)
    model: str | None = None
    prompt_version: str | None = None
    failure: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    seconds: float


class ModelCallRow(SQLModel, table=True):
    """One request to a model, for a reviewer's run or for a verdict; a NULL cost is an unknown one."""

    __tablename__: ClassVar[Any] = "model_call"

    id: int | None = Field(default=None, primary_key=True)
    reviewer_run_id: int | None = Field(default=None, foreign_key="reviewer_run.id", index=True, ondelete="CASCADE")
    verdict_id: int | None = Field(default=None, foreign_key="verdict.id", index=True, ondelete="CASCADE")
    model: str = Field(index=True)
    prompt: str
    prompt_version: str
    request_hash: str = Field(index=True)
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost_usd: Decimal | None = _dollars()
    seconds: float
    failure: str | None = Field(default=None, sa_column=Column(Text, nullable=True))


class FindingRow(SQLModel, table=True):
    """A finding; `stage` and `reason` say what held it back and are NULL where it was chosen."""

    __tablename__: ClassVar[Any] = "finding"

    id: int | None = Field(default=None, primary_key=True)
    review_id: int = Field(foreign_key="review.id", index=True, ondelete="CASCADE")
    position: int
    fingerprint: str = Field(index=True)
    title: str = _text()
    explanation: str = _text()
    severity: str = Field(index=True)
    confidence: float
    category: str = Field(index=True)
    path: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    first_line: int | None = None
    last_line: int | None = None
    side: str | None = None
    reviewer: str = Field(index=True)
    rule: str | None = None
    evidence: list[str] = _json()
    suggestion: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    origin: str
    anchor_text: str = _text()
    agreed_by: list[str] = _json()
    stage: str | None = Field(default=None, index=True)
    reason: str | None = Field(default=None, sa_column=Column(Text, nullable=True))


class RetroRunRow(SQLModel, table=True):
    """One retro run, known by its folder and the moment it was started."""

    __tablename__: ClassVar[Any] = "retro_run"
    __table_args__: ClassVar[Any] = (UniqueConstraint("folder", "started_at"),)

    id: int | None = Field(default=None, primary_key=True)
    folder: str
    started_at: str
    incidents_file: str


class ReplayRow(SQLModel, table=True):
    """One replay of a run, with its review."""

    __tablename__: ClassVar[Any] = "replay"
    __table_args__: ClassVar[Any] = (UniqueConstraint("run_id", "case_name", "arm", "trial"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="retro_run.id", index=True, ondelete="CASCADE")
    review_id: int = Field(foreign_key="review.id", index=True, ondelete="CASCADE")
    case_name: str = Field(index=True)
    kind: str
    arm: str
    trial: int
    notes: list[str] = _json()
    seconds: float


class VerdictRow(SQLModel, table=True):
    """One verdict of a run, with everything that the judge wrote."""

    __tablename__: ClassVar[Any] = "verdict"
    __table_args__: ClassVar[Any] = (UniqueConstraint("run_id", "case_name", "arm", "trial"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="retro_run.id", index=True, ondelete="CASCADE")
    case_name: str = Field(index=True)
    arm: str
    trial: int
    verdict: str = Field(index=True)
    location: str
    lost_at: str | None = None
    review_failed: bool
    judgements: list[dict[str, Any]] = _json()
