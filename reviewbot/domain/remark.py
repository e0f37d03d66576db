"""What others have said of a change: people, and other tools."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment on a line of the change; `line` is None where the line is no longer part of it."""

    author: str
    path: str
    line: int | None
    text: str

    @property
    def words(self) -> str:
        place = f"{self.path}:{self.line}" if self.line is not None else self.path
        return f"{self.author} at {place}: {' '.join(self.text.split())}"
