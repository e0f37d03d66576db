"""Opening a database and bringing its tables up to date: SQLite in a file, or PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from reviewbot.domain.text import shortened
from reviewbot.errors import InputError, StoreError

_BUSY_SECONDS = 30
_MIGRATIONS = Path(__file__).parent / "migrations"


def open_database(url: str) -> Engine:
    """An engine on a database whose tables are those of this version.

    `url`: `sqlite:///PATH` or `postgresql://...`. InputError for a url of another kind; StoreError, with the remedy,
    for a database that cannot be reached or written, or that a newer version has changed.
    """
    engine = _engine(url)
    shown = engine.url.render_as_string(hide_password=True)
    try:
        migrate(engine)
    except CommandError as error:
        raise StoreError(
            f"{shown} was last used by another version of reviewbot ({error}); use that version, or another "
            "REVIEWBOT_DATABASE_URL"
        ) from error
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(f"cannot use the database {shown}: {reason(error)}; set REVIEWBOT_DATABASE_URL") from error
    return engine


def migrate(engine: Engine, revision: str = "head") -> None:
    """Runs the migrations up to a revision in one transaction each; safe to call when there is nothing to do."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def reason(error: Exception) -> str:
    """What the database said, without SQL and parameters."""
    cause = getattr(error, "orig", None) or error
    return shortened(str(cause), 300)


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InputError(f"{url!r} is not the address of a database: sqlite:///PATH or postgresql://...") from error
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(parsed.database, url)
        case "postgresql" | "postgres":
            return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
        case other:
            raise InputError(f"a database of the kind {other!r} is not supported: sqlite:///PATH or postgresql://...")


def _sqlite(path: str | None, url: str) -> Engine:
    if path and path != ":memory:":
        folder = Path(path).expanduser().parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot make the folder {folder}: {error.strerror}; set REVIEWBOT_DATABASE_URL"
            ) from error
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    """Write-ahead logging, so that readers do not wait for a writer; FULL, so that a commit is on the disk."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
