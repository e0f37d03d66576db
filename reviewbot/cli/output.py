"""Words on the terminal: results on standard output, complaints on standard error."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO

from reviewbot.domain.text import printable


def line(text: str) -> None:
    """Prints a result."""
    _say(text, sys.stdout)


def error_line(text: str) -> None:
    """Prints a complaint."""
    _say(text, sys.stderr)


def _say(text: str, stream: TextIO) -> None:
    """Prints, and goes on in silence where nobody reads any more: work that is paid for does not end with `| head`."""
    encoding = stream.encoding or "utf-8"
    try:
        print(printable(text).encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)
    except BrokenPipeError:
        with suppress(OSError, ValueError), open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a device, not a path
            os.dup2(nowhere.fileno(), stream.fileno())
