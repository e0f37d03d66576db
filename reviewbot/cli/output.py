"""Words on the terminal: results on standard output, complaints on standard error."""

from __future__ import annotations

import sys

from reviewbot.domain.text import printable


def line(text: str) -> None:
    """Prints a result."""
    print(printable(text), flush=True)


def error_line(text: str) -> None:
    """Prints a complaint."""
    print(printable(text), file=sys.stderr, flush=True)
