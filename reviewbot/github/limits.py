"""GitHub's limits on what it takes, and texts that keep to them (FAULTS.md F46).

Sizes are bytes of UTF-8 plus one for each line break, which GitHub may store as two: never less than characters.
Everything is measured as it is sent, after escaping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from reviewbot.domain.text import printable
from reviewbot.github.markers import MARKER_ROOM

BODY_ROOM = 65_536 - MARKER_ROOM
"""What a comment or the body of a review may be, before its mark."""
CHECK_ROOM = 65_535
"""What the summary of a check run may be, and its text."""
MESSAGE_ROOM = 60_000
"""What the message of an annotation may be: GitHub says 64 KB."""
TITLE_ROOM = 255
ANNOTATIONS_PER_REQUEST = 50


def size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass")) + text.count("\n")


def fitted(parts: Sequence[str], room: int, more: Callable[[int], str], joint: str = "\n") -> list[str]:
    """As many of the parts as fit when they are joined; where some do not, the last one is `more(how many)`."""
    if size(joint.join(parts)) <= room:
        return list(parts)
    left = room - size(more(len(parts))) - size(joint)
    kept: list[str] = []
    for part in parts:
        left -= size(part) + size(joint)
        if left < 0:
            break
        kept.append(part)
    return [*kept, more(len(parts) - len(kept))]


def cut(text: str, room: int, render: Callable[[str], str]) -> str:
    """The text, rendered; only as much of its beginning as fits in the room, and a word on the rest.

    The beginning is found by trying, because a character becomes one byte or a dozen; nine tenths full is full.
    """
    text = printable(text)
    if len(text) <= room and size(whole := render(text)) <= room:
        return whole
    tail = f" … (cut: {len(text):,} characters in all)"
    fits, too_long, shown = 0, min(len(text), room) + 1, render(tail)
    tried = too_long // 2
    while too_long - fits > 1:
        tried = tried if fits < tried < too_long else (fits + too_long) // 2
        candidate = render(text[:tried] + tail)
        used = size(candidate)
        if used > room:
            too_long = tried
        else:
            fits, shown = tried, candidate
            if used >= room * 9 // 10:
                break
        tried = tried * room * 19 // (used * 20)
    return shown


def counted(count: int, singular: str, plural: str = "") -> str:
    """`1 finding`, `2 findings`, `1,200 files`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def listed(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
