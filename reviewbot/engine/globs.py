"""Path patterns that an operator writes: matched in bounded time, whatever the pattern (FAULTS.md S25)."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def glob_matches(pattern: str, path: str) -> bool:
    """Whether a path fits: `**` crosses folders, `*` and `?` do not; a pattern without a slash fits in any folder.

    A pattern that ends with a slash stands for everything in that folder; an empty one fits nothing.
    """
    pattern = pattern.removeprefix("./")
    if not pattern.strip("/"):
        return False
    whole = pattern if "/" in pattern.rstrip("/") else f"**/{pattern}"
    whole = whole + "**" if whole.endswith("/") else whole
    # What is in a folder, and not a file that has the folder's name.
    folders = (whole + "/*" if whole.endswith("/**") else whole).lstrip("/").split("/")
    return _fits(folders, path.split("/"), "**", lambda one, name: _fits(one, name, "*", _same_character))


def _same_character(one: str, other: str) -> bool:
    return one in ("?", other)


def _fits(pattern: Sequence[str], pieces: Sequence[str], star: str, same: Callable[[str, str], bool]) -> bool:
    """Matching with one kind of star that stands for any number of pieces; going back only to the last star."""
    at = place = 0
    star_at: int | None = None
    star_place = 0
    while place < len(pieces):
        if at < len(pattern) and pattern[at] == star:
            star_at, star_place = at, place
            at += 1
        elif at < len(pattern) and same(pattern[at], pieces[place]):
            at, place = at + 1, place + 1
        elif star_at is not None:
            star_place += 1
            at, place = star_at + 1, star_place
        else:
            return False
    return all(piece == star for piece in pattern[at:])
