"""Text that both databases take."""

from __future__ import annotations

from reviewbot.domain.text import printable


def sound(text: str) -> str:
    """The same text; PostgreSQL refuses NUL, and neither database encodes lone surrogates."""
    return printable(text).replace("\0", "\ufffd")
