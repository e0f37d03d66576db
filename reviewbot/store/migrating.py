"""Bringing tables up to date; loaded when there is something to do, for alembic takes 11 MB and a tenth of a second."""

from __future__ import annotations

from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Engine, text

from reviewbot.errors import ReviewbotError
from reviewbot.store.database import MIGRATIONS, newest_revision, reason, writing_engine

_LOCK: Final = 7_236_014_551
"""Any number that is the same in every process: the name of PostgreSQL's lock around a migration."""


class UnknownRevision(ReviewbotError):
    """The tables are of a version that this one does not know."""


def migrate(engine: Engine, revision: str = "head") -> None:
    """Runs the migrations up to a revision, all or none of them; nothing is locked when there is nothing to do.

    Raises UnknownRevision.
    """
    config = Config()
    # The path is put in by alembic's own interpolation, to which a single % means something.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_heads()
        if revision == "head" and found == (newest_revision(),):
            return
    try:
        with writing_engine(engine).begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    except CommandError as error:
        raise UnknownRevision(reason(error)) from error
