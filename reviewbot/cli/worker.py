"""`reviewbot worker`: reviews beside other processes, without a web server."""

from __future__ import annotations


def worker() -> None:
    """Reviews pull requests that another process received, until it is told to stop. Needs PostgreSQL.

    Exit codes: 0 stopped, 2 bad input or missing settings.
    """
    from reviewbot.cli.credentials import TO_WORK, require
    from reviewbot.config import load_settings
    from reviewbot.errors import InputError

    settings = load_settings()
    require(settings, TO_WORK)
    if settings.database_url.startswith("sqlite"):
        raise InputError(
            "a worker shares its work with other processes, which an SQLite file does not allow: set "
            "REVIEWBOT_DATABASE_URL to postgresql://USER:PASSWORD@HOST/NAME, or run `reviewbot serve` alone"
        )

    from reviewbot.server.run import run_worker

    run_worker(settings)
