"""`reviewbot reconcile`: looks for what was missed."""

from __future__ import annotations

from typing import Annotated

import typer


def reconcile(
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Has failed deliveries sent again and asks for a review of every open pull request that has no outcome.

    `reviewbot serve` does the same by itself, every REVIEWBOT_RECONCILE_MINUTES.
    Exit codes: 0 done, 2 bad input or missing settings, 3 done in part.
    """
    from reviewbot.cli.credentials import TO_WORK, require
    from reviewbot.cli.output import error_line, line
    from reviewbot.config import load_settings

    settings = load_settings()
    require(settings, TO_WORK)

    from reviewbot.bootstrap_live import open_service
    from reviewbot.pipelines.reconcile import reconcile as reconcile_live

    report = reconcile_live(open_service(settings, "reconcile").live)
    if as_json:
        import json
        from dataclasses import asdict

        line(json.dumps(asdict(report), indent=2))
    else:
        line(f"Deliveries asked for again: {report.redelivered}")
        line(f"Pull requests without an outcome: {report.swept}")
        for note in report.notes:
            error_line(note)
    if report.notes:
        raise typer.Exit(3)
