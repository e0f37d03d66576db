"""Putting rows in that may be there already: the database decides, so that two at once are one."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_unless_there(session: Session, row: type[SQLModel], /, **values: Any) -> int | None:
    """Inserts a row unless one with its key is there; the first column of its key if it was put in, else None."""
    table = row.__table__  # type: ignore[attr-defined]
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if is_postgresql else sqlite.insert
    statement = insert(table).values(**values).on_conflict_do_nothing()
    key: int | None = session.connection().execute(statement.returning(next(iter(table.primary_key)))).scalar()
    return key
