"""What the metrics say of everything on record, counted by the database for all processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, case, func
from sqlalchemy import select as sql_select
from sqlmodel import Session, col

from reviewbot.domain.record import Stand
from reviewbot.store.holds import DEAD_AFTER_SECONDS
from reviewbot.store.live_rows import DeliveryRow, InstallationRow, OutgoingRow, PullRow, SpendingRow, WorkerRow
from reviewbot.store.record_rows import IncidentRow
from reviewbot.store.rows import FindingRow, ModelCallRow, ReviewRow
from reviewbot.store.transactions import Transactions

Counted = Mapping[str, Mapping[tuple[str, ...], float]]
_NANODOLLARS = 1e9


def counts(transactions: Transactions) -> Counted:
    """Figures by metric and labels (reviewbot.server.metrics.METRICS); raises StoreError."""
    with transactions.reading() as session:
        now = transactions.now(session)
        alive = col(WorkerRow.beat_at) >= now - DEAD_AFTER_SECONDS
        return {
            **_queue(session, now),
            "reviewbot_stored_deliveries": _by(session, DeliveryRow.state),
            "reviewbot_reviews": _by(session, ReviewRow.outcome),
            "reviewbot_findings": _by(session, func.coalesce(FindingRow.stage, "said")),
            "reviewbot_model_calls": _by(
                session, case((col(ModelCallRow.failure).is_(None), "answered"), else_="failed")
            ),
            "reviewbot_tokens": _tokens(session),
            "reviewbot_cost_usd": {(): _one(session, func.sum(SpendingRow.cost_nanodollars)) / _NANODOLLARS},
            "reviewbot_github_write_retries": {(): _retries(session)},
            "reviewbot_installations_parked": {
                (): _one(session, func.count(), col(InstallationRow.parked_until) > now)
            },
            "reviewbot_workers": {(): _one(session, func.count(), alive)},
            "reviewbot_incidents": _incidents(session),
        }


def _queue(session: Session, now: float) -> Counted:
    wanted = col(PullRow.wanted) > col(PullRow.handled)
    waiting = and_(wanted, col(PullRow.worker).is_(None))
    first = _one(session, func.min(PullRow.due_at), waiting)
    return {
        "reviewbot_queue_jobs": {
            ("waiting",): _one(session, func.count(), waiting),
            ("running",): _one(session, func.count(), col(PullRow.worker).is_not(None)),
        },
        "reviewbot_queue_oldest_seconds": {(): max(0.0, now - first) if first else 0.0},
    }


def _tokens(session: Session) -> Mapping[tuple[str, ...], float]:
    names = ("input", "output", "cache_read", "cache_write")
    sums = sql_select(*(func.sum(getattr(ModelCallRow, f"{name}_tokens")) for name in names))
    row = session.connection().execute(sums).one()
    return {(name,): float(value or 0) for name, value in zip(names, row, strict=True)}


def _retries(session: Session) -> float:
    return _one(session, func.sum(col(OutgoingRow.attempts) - 1), col(OutgoingRow.attempts) > 1)


def _incidents(session: Session) -> Mapping[tuple[str, ...], float]:
    answer = func.coalesce(IncidentRow.answer, "none yet")
    query = sql_select(answer, func.count()).where(col(IncidentRow.stand) != Stand.WITHDRAWN.value).group_by(answer)
    return {(str(name),): float(count) for name, count in session.connection().execute(query)}


def _by(session: Session, column: Any) -> Mapping[tuple[str, ...], float]:
    query = sql_select(column, func.count()).group_by(column)
    return {(str(name),): float(count) for name, count in session.connection().execute(query)}


def _one(session: Session, figure: Any, *conditions: Any) -> float:
    return float(session.connection().scalar(sql_select(figure).where(*conditions)) or 0)
