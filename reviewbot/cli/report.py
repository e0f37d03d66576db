"""`reviewbot report`: the record of the last weeks, for a review meeting."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

_SPAN = re.compile(r"([1-9][0-9]{0,4})([dwmy])\Z")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_DAY_SECONDS = 86_400.0


def report(
    since: Annotated[
        str, typer.Option(help="How far back: 90d, 12w, 6m, 1y, a date such as 2026-08-01, or all.")
    ] = "90d",
    out: Annotated[
        Path | None, typer.Option(help="A folder for record.html and record.md; without it they are not written.")
    ] = None,
    repo: Annotated[list[str] | None, typer.Option(help="Only this repository, OWNER/NAME; may be repeated.")] = None,
) -> None:
    """Says what became of findings and incidents: what was told, ignored, held back, missed, and what it cost.

    Reads the database of REVIEWBOT_DATABASE_URL. Exit codes: 0 done, 2 bad input.
    """
    from reviewbot.cli.output import line
    from reviewbot.config import load_settings
    from reviewbot.errors import InputError
    from reviewbot.report.record_report import html_record, markdown_record, terminal_record
    from reviewbot.store.browse.figures import Figures
    from reviewbot.store.browse.repositories import repository_ids
    from reviewbot.store.transactions import open_transactions

    transactions = open_transactions(load_settings().database_url)
    with transactions.reading() as session:
        now = transactions.now(session)
    wanted = repository_ids(transactions, repo) if repo else None
    figures = Figures(transactions).since(beginning(since, now), wanted, with_incidents=True)
    line(terminal_record(figures))
    if out is None:
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "record.md").write_text(markdown_record(figures), encoding="utf-8")
        (out / "record.html").write_text(html_record(figures), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write to {out}: {error.strerror}; give another --out") from error
    line(f"\nWritten: {out / 'record.html'}, {out / 'record.md'}")


def beginning(since: str, now: float) -> float:
    """The moment in unix seconds that a user means; InputError for anything else."""
    from datetime import UTC, datetime

    from reviewbot.errors import InputError

    if since == "all":
        return 0.0
    match = _SPAN.match(since)
    if match is not None:
        return max(0.0, now - int(match[1]) * _DAYS[match[2]] * _DAY_SECONDS)
    try:
        return datetime.fromisoformat(since).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise InputError(f"--since {since}: expected 90d, 12w, 6m, 1y, a date such as 2026-08-01, or all") from None
