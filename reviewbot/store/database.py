"""Opening a database and bringing its tables up to date: SQLite in a file, or PostgreSQL."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from reviewbot.domain.text import shortened
from reviewbot.errors import InputError, StoreError
from reviewbot.store.address import masked, shown

_BUSY_SECONDS = 30
_IDLE_SECONDS = 10
_CONNECT_SECONDS = 10
MIGRATIONS = Path(__file__).parent / "migrations"
COMPATIBLE = "schema_compatible"
"""A table of one row: the oldest revision whose program works with the tables as they are (docs/operate.md)."""


def open_database(url: str) -> Engine:
    """An engine on a database whose tables are those of this version; safe in several processes at once.

    `url`: `sqlite:///PATH` or `postgresql://...`. InputError for a url of another kind; StoreError, with the remedy,
    for a database that cannot be reached or written, or that a newer version has changed.
    """
    engine = _engine(url)
    try:
        if not _is_usable(engine):
            _bring_up_to_date(engine)
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(
            f"cannot use the database {shown(engine.url)}: {reason(error, engine.url)}; set REVIEWBOT_DATABASE_URL"
        ) from error
    return engine


def newest_revision() -> str:
    """The revision of the tables that this version works with."""
    return max(_known_revisions())


def _known_revisions() -> frozenset[str]:
    return frozenset(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _is_usable(engine: Engine) -> bool:
    """Whether the tables are those of this version, or of the next one that says that this one can go on beside it."""
    with engine.connect() as connection:
        tables = inspect(connection)
        if not tables.has_table("alembic_version"):
            return False
        found = set(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())
        if found == {newest_revision()}:
            return True
        if found <= _known_revisions() or not tables.has_table(COMPATIBLE):
            return False
        row = connection.execute(text(f"SELECT works_with FROM {COMPATIBLE}")).first()  # noqa: S608  a constant
        return row is not None and row[0] == newest_revision()


def _bring_up_to_date(engine: Engine) -> None:
    from reviewbot.store.migrating import UnknownRevision, migrate

    try:
        migrate(engine)
    except UnknownRevision as error:
        raise StoreError(
            f"{shown(engine.url)} was last used by another version of reviewbot ({error}); use that version, or "
            "another REVIEWBOT_DATABASE_URL"
        ) from error


def writing_engine(engine: Engine) -> Engine:
    """The same engine for transactions that write: on SQLite they take the write lock when they begin.

    One that reads first and writes later is refused at once, without waiting, when another wrote between the two.
    """
    return engine.execution_options(reviewbot_begin="BEGIN IMMEDIATE")


def reason(error: Exception, url: URL | None = None) -> str:
    """What the database said, without SQL, parameters and passwords."""
    cause = getattr(error, "orig", None) or error
    return shortened(masked(str(cause), url), 300)


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise InputError(
            f"{masked(url)!r} is not the address of a database: sqlite:///PATH or postgresql://..."
        ) from error
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(parsed)
        case "postgresql" | "postgres":
            return _postgresql(parsed)
        case other:
            raise InputError(f"a database of the kind {other!r} is not supported: sqlite:///PATH or postgresql://...")


def _postgresql(url: URL) -> Engine:
    arguments = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_SECONDS}
    engine = create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, connect_args=arguments)
    if "options" not in url.query:
        event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(connection: Any, _entry: ConnectionPoolEntry) -> None:
    """Without a limit a statement would wait for a lock for ever, and its caller with it.

    A process that was stopped in the middle of a transaction loses it before others give up waiting for its rows.
    """
    connection.execute(f"SET lock_timeout = '{_BUSY_SECONDS}s'")
    connection.execute(f"SET idle_in_transaction_session_timeout = '{_IDLE_SECONDS}s'")
    connection.commit()


def _sqlite(url: URL) -> Engine:
    path = url.database
    if path and path != ":memory:":
        folder = Path(path).expanduser().parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot make the folder {folder}: {error.strerror}; set REVIEWBOT_DATABASE_URL"
            ) from error
    arguments = {} if "timeout" in url.query else {"timeout": _BUSY_SECONDS}
    engine = create_engine(url, connect_args=arguments)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    """Write-ahead logging, so that readers do not wait for a writer; FULL, so that a commit is on the disk."""
    # Python's driver begins transactions by itself, never for DDL, and never IMMEDIATE: `_begin_sqlite` does it.
    connection.isolation_level = None
    cursor = connection.cursor()
    _write_ahead(cursor)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Changing to write-ahead logging does not wait for others as everything else does: they are waited for here."""
    last = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > last:
                raise
        time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("reviewbot_begin", "BEGIN"))
