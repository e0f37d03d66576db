"""How alembic reaches the database: always through a connection, and in a transaction, that the program has opened."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

import reviewbot.store.live_rows
import reviewbot.store.record_rows
import reviewbot.store.rows
import reviewbot.store.said_rows  # noqa: F401 - makes the tables known

connection = context.config.attributes["connection"]
# SQLite rolls tables back like anything else; alembic takes it for a database that does not.
context.configure(
    connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True, transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
