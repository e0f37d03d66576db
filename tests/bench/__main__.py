"""Prints the figures: `python -m tests.bench [--repos DIR] [--rival PYTHON] [--write FILE]`. Asserts nothing."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import io
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench import (
    bench_calls,
    bench_dashboard,
    bench_diff,
    bench_footprint,
    bench_linking,
    bench_replay,
    bench_retro,
    bench_secrets,
    bench_startup,
    bench_webhook,
)

_PUBLIC = Path("../shared/incidents/public.yaml")
_HEAD = """# Benchmarks

`make bench` measures all of it anew and writes this page; `make bench RIVAL=PYTHON REPOS=DIR` with the Python of an
environment that holds PR-Agent alone, and with clones for the replays and the linking. Last run: {date}, {cores} cores,
Python {python}. Figures are those of this machine; what counts is one beside the other.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--repos", type=Path, help="clones of the repositories to replay and link, as DIR/owner/name[.git]"
    )
    parser.add_argument("--rival", help="the Python of an environment with PR-Agent alone")
    parser.add_argument("--write", type=Path, help="a page for what was measured")
    asked = parser.parse_args()
    page = [_HEAD.format(date=datetime.date.today(), cores=os.cpu_count(), python=platform.python_version())]
    page += ["## Beside the rival", "", *_table(asked.rival)]
    for title, bench in _benches(asked.repos):
        page += ["", f"## {title}", "", "```text", _said(bench), "```"]
    if asked.write:
        asked.write.write_text("\n".join(page) + "\n", encoding="utf-8")


def _table(rival: str | None) -> list[str]:
    lines = ["| What | reviewbot | PR-Agent | Aim |", "|---|---|---|---|"]
    for what, ours, theirs, aim in bench_footprint.rows(rival):
        lines.append(f"| {what} | {ours} | {theirs} | {aim} |")
    lines += ["", "One review of the same 500 changed lines, with a model that answers at once:", ""]
    lines += ["| Program | Asked of the model | The whole process |", "|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in bench_calls.rows(rival)]
    print("\n".join(lines), flush=True)
    return lines


def _benches(repos: Path | None) -> list[tuple[str, Callable[[], None]]]:
    found: list[tuple[str, Callable[[], None]]] = [
        ("Starting, and what the engine adds", bench_startup.main),
        ("Large diffs", bench_diff.main),
        ("Secrets", bench_secrets.main),
        ("Acknowledging deliveries while workers compute", bench_webhook.main),
        ("The dashboard", lambda: _with_arguments(bench_dashboard.main)),
        ("Many replays", lambda: _with_arguments(bench_retro.main)),
    ]
    if repos is not None and _PUBLIC.exists():
        found.append(("Replays of real changes", lambda: bench_replay.main(_PUBLIC, repos)))
        found.append(("Linking fixes to causes", lambda: _with_arguments(bench_linking.main, "--repos", str(repos))))
    return found


def _with_arguments(bench: Callable[[], None], *arguments: str) -> None:
    """Calls a benchmark that reads its own command line."""
    kept, sys.argv = sys.argv, [bench.__module__, *arguments]
    try:
        bench()
    finally:
        sys.argv = kept


def _said(bench: Callable[[], None]) -> str:
    """What it prints, which is shown, too."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        bench()
    print(output.getvalue(), flush=True)
    return output.getvalue().strip()


if __name__ == "__main__":
    main()
