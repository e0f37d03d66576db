"""`reviewbot serve`: receives webhooks and reviews, in one process."""

from __future__ import annotations

from typing import Annotated

import typer


def serve(
    host: Annotated[str | None, typer.Option("--host", help="The address to listen on, such as 0.0.0.0.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65_535, help="The port to listen on; 0 for any that is free.")
    ] = None,
) -> None:
    """Receives GitHub's webhooks and reviews pull requests, until it is told to stop.

    Exit codes: 0 stopped, 2 bad input or missing settings.
    """
    from reviewbot.cli.credentials import TO_SERVE, require
    from reviewbot.config import load_settings

    settings = load_settings()
    given = {"host": host, "port": port}
    settings = settings.model_copy(update={name: value for name, value in given.items() if value is not None})
    require(settings, TO_SERVE)

    from reviewbot.server.run import run_server

    run_server(settings)
