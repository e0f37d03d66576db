"""A copy of an SQLite database while it is used; PostgreSQL has its own tool for that."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from reviewbot.errors import InputError
from reviewbot.store.transactions import Transactions


def back_up(transactions: Transactions, target: Path) -> None:
    """Writes a consistent copy, whole or not at all; InputError with the remedy where that cannot be."""
    if not transactions.is_sqlite:
        raise InputError("PostgreSQL is backed up with its own tool: pg_dump -Fc --dbname ADDRESS --file FILE")
    if target.exists():
        raise InputError(f"{target} is there already; name another file")
    part = target.with_name(f".{target.name}.part")
    try:
        source = sqlite3.connect(f"file:{transactions.engine.url.database}?mode=ro", uri=True)
        copy = sqlite3.connect(part)
        try:
            source.backup(copy)
        finally:
            copy.close()
            source.close()
        part.replace(target)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise InputError(f"cannot write the backup to {target}: {error}; name another file") from error
