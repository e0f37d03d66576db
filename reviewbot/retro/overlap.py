"""Words that a finding shares with the fix and with nothing that the reviewer saw: a sign of memory, not of insight."""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORD = re.compile(r"[A-Za-z0-9_]+")
_RUN = 6


def borrowed_words(finding: str, fix: str, change: str) -> str:
    """The longest run of at least six words that stands in the finding and in the fix but not in the change; else "".

    A run is compared by its words alone, without case, blanks and punctuation.
    """
    said, known = _words(finding), set(_runs(_words(change)))
    foreign = {run for run in _runs(_words(fix)) if run not in known}
    found: list[str] = []
    at = 0
    while at <= len(said) - _RUN:
        end = at
        while end <= len(said) - _RUN and tuple(said[end : end + _RUN]) in foreign:
            end += 1
        if end > at and end - at + _RUN - 1 > len(found):
            found = said[at : end + _RUN - 1]
        at = end + 1
    return " ".join(found)


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _runs(words: list[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1))
