"""Everything that is stored of some repositories, as JSON lines: to hand over, or to take away."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import SQLModel, col, select

from reviewbot.store.browse.figures import Repositories
from reviewbot.store.live_rows import PullRow, SpendingRow
from reviewbot.store.record_rows import IncidentRow, OutcomeRow, PullFactRow
from reviewbot.store.rows import FindingRow, ReviewRow
from reviewbot.store.said_rows import FeedbackRow, IgnoredFindingRow, KnownFindingRow, RoundRow
from reviewbot.store.transactions import Transactions

_TABLES: tuple[type[SQLModel], ...] = (
    *(PullRow, PullFactRow, RoundRow, KnownFindingRow, IgnoredFindingRow, FeedbackRow, OutcomeRow, IncidentRow),
    SpendingRow,
)


def exported(transactions: Transactions, repositories: Repositories) -> Iterator[str]:
    """One JSON object a line, `table` and the row; no session, no delivery and no secret is among them."""
    for table in _TABLES:
        with transactions.reading() as session:
            query = select(table)
            if repositories is not None:
                query = query.where(col(table.repo_id).in_(repositories))  # type: ignore[attr-defined]
            for row in session.exec(query):
                yield _line(table, row)
    for table, key in ((ReviewRow, ReviewRow.id), (FindingRow, FindingRow.review_id)):
        with transactions.reading() as session:
            wanted = select(RoundRow.review_id)
            if repositories is not None:
                wanted = wanted.where(col(RoundRow.repo_id).in_(repositories))
            for row in session.exec(select(table).where(col(key).in_(wanted))):
                yield _line(table, row)


def _line(table: type[SQLModel], row: SQLModel) -> str:
    return json.dumps({"table": table.__tablename__, **row.model_dump()}, default=_plain, ensure_ascii=True)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        try:
            return json.loads(zlib.decompress(value))
        except (ValueError, zlib.error):
            return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else repr(value)
