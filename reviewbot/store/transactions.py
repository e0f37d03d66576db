"""Transactions: one commit or none, one writer at a time on SQLite, and the database's clock."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlmodel import Session

from reviewbot.errors import StoreError
from reviewbot.store.address import shown
from reviewbot.store.database import open_database, reason, writing_engine

log = logging.getLogger(__name__)

_Result = TypeVar("_Result")
_PAUSES_SECONDS = (0.0, 0.2)
"""Between the tries of a transaction whose connection was lost."""
_CLOCKS = {
    "sqlite": text("SELECT (julianday('now') - 2440587.5) * 86400.0"),
    "postgresql": text("SELECT extract(epoch FROM clock_timestamp())::double precision"),
}
_ROLLED_BACK = frozenset({"40001", "40P01"})
"""PostgreSQL's codes for a transaction that lost against another one and can simply be run again."""


class _ConnectionLost(StoreError):
    """Whether the transaction was committed is not known."""


class Transactions:
    """The door to one database; safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writer = writing_engine(engine)
        # SQLite has one writer at a time; waiting here is quicker and fairer than in its busy handler
        self._turn: AbstractContextManager[Any] = Lock() if self.is_sqlite else nullcontext()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is committed as a whole or not at all; raises StoreError."""
        with self._turn, self._session(self._writer, "write to") as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that waits for no writer; raises StoreError."""
        with self._session(self.engine, "read") as session:
            yield session

    def run(self, work: Callable[[Session], _Result]) -> _Result:
        """Runs work in a writing transaction, and again where the connection was lost or another one won.

        Work has to find out by its own keys whether it was done: a connection that is lost during the commit does not
        tell (FAULTS.md F63).
        """
        for pause_seconds in _PAUSES_SECONDS:
            try:
                with self.writing() as session:
                    return work(session)
            except _ConnectionLost as error:
                log.warning("transaction is run again", extra={"why": str(error)})
            time.sleep(pause_seconds)
        with self.writing() as session:
            return work(session)

    def now(self, session: Session) -> float:
        """Unix seconds by the database's clock, the same for all processes that share it."""
        return float(session.connection().scalar(_CLOCKS[self.engine.dialect.name]) or 0.0)

    def close(self) -> None:
        """Gives all connections back."""
        self.engine.dispose()

    @contextmanager
    def _session(self, engine: Engine, doing: str) -> Iterator[Session]:
        try:
            with Session(engine, expire_on_commit=False) as session, session.begin():
                yield session
        except SQLAlchemyError as error:
            url = self.engine.url
            kind = _ConnectionLost if _may_be_run_again(error) else StoreError
            raise kind(f"cannot {doing} the database {shown(url)}: {reason(error, url)}") from error


def open_transactions(url: str) -> Transactions:
    """The transactions of the database at this address; raises InputError or StoreError with the remedy."""
    return Transactions(open_database(url))


def _may_be_run_again(error: SQLAlchemyError) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _ROLLED_BACK
