"""Making text of unknown origin fit to show."""

from __future__ import annotations

import re
import unicodedata

_SURROGATE = re.compile("[\ud800-\udfff]")
_KEPT_CONTROLS = "\t\n\r"
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def printable(text: str) -> str:
    """The same text with lone surrogates (undecodable bytes) as U+FFFD: it can be encoded and stored."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def revealed(text: str) -> str:
    """The same text with characters a reader cannot see written as `<U+202E>`.

    Hidden are control and format characters, variation selectors and fillers (FAULTS.md S14).
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"<U+{ord(char):04X}>" if _is_hidden(char) else char for char in printable(text))


def _is_hidden(char: str) -> bool:
    if char in _KEPT_CONTROLS:
        return False
    code = ord(char)
    is_variation_selector = 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
    return unicodedata.category(char) in ("Cc", "Cf") or is_variation_selector or char in _FILLERS


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters on one line, with an ellipsis where something was cut."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
