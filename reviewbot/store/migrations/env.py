"""How alembic reaches the database: always through a connection that the program has opened."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

import reviewbot.store.rows  # noqa: F401 - makes the tables known

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
