"""Where a finding stands: the lines of the diff that a comment goes to, and a link to the lines in their commit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from reviewbot.domain.diff import Diff, FileDiff, Hunk, Line, LineKind, Side
from reviewbot.domain.finding import Location
from reviewbot.domain.markdown_text import code
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.domain.text import printable, revealed
from reviewbot.github.facts import Facts

_SERVER = re.compile(r"https?://[A-Za-z0-9.:-]+(?:/[A-Za-z0-9._~-]+)*/?\Z")
_LONGEST_LINK = 2_000
_LONGEST_PATH = 160


@dataclass(frozen=True, slots=True)
class Anchor:
    """The lines of one hunk that a review comment stands at; `start_line` is None for a single line."""

    path: str
    line: int
    side: Side
    start_line: int | None = None

    @property
    def first_line(self) -> int:
        return self.line if self.start_line is None else self.start_line


def anchor_of(location: Location | None, diff: Diff) -> Anchor | None:
    """Where GitHub takes a comment on this place; None where it would answer 422 (FAULTS.md F44)."""
    file = diff.file(location.path) if location else None
    if location is None or file is None or printable(file.path) != file.path:
        return None
    for hunk in file.hunks:
        anchor = _in_hunk(file, hunk, location)
        if anchor is not None:
            return anchor
    return None


def _in_hunk(file: FileDiff, hunk: Hunk, location: Location) -> Anchor | None:
    """The lines that hunk and place have in common, on the side where GitHub shows them."""
    shared = [
        line for line in hunk.lines if location.first_line <= (line.number(location.side) or 0) <= location.last_line
    ]
    if not shared:
        return None
    if location.side is Side.RIGHT:
        return _anchor(file.path, Side.RIGHT, shared)
    # an unchanged line is shown once, and belongs to the right
    removed = [line for line in shared if line.kind is LineKind.REMOVED]
    return _anchor(file.path, Side.LEFT, removed) if removed else _anchor(file.path, Side.RIGHT, shared[-1:])


def _anchor(path: str, side: Side, lines: Sequence[Line]) -> Anchor:
    first, last = lines[0].number(side), lines[-1].number(side)
    assert first is not None and last is not None, "lines are chosen by their side"
    return Anchor(path, last, side, first if first < last else None)


def place_text(location: Location | None, facts: Facts, repo: RepoName | None, sha: Sha | None) -> str:
    """The place as code, linked to its lines at this commit; a place in the former version has no link."""
    if location is None:
        return "no place in particular"
    lines = f"{location.first_line}"
    if location.last_line > location.first_line:
        lines += f"-{location.last_line}"
    shown = code(f"{_short(location.path)}:{lines}")
    if location.side is Side.LEFT:
        return f"{shown} (before this change)"
    link = permalink(facts.server_url, repo, sha, location)
    return f"[{shown}]({link})" if link else shown


def permalink(server_url: str, repo: RepoName | None, sha: Sha | None, location: Location) -> str | None:
    """The address of the lines at this commit; None where a part of it is missing or could lead elsewhere."""
    if repo is None or sha is None or not _SERVER.match(server_url):
        return None
    path = location.path.encode("utf-8", "surrogateescape" if _is_undecoded(location.path) else "replace")
    if any(step in (b"", b".", b"..") for step in path.split(b"/")):
        return None
    lines = f"L{location.first_line}"
    if location.last_line > location.first_line:
        lines += f"-L{location.last_line}"
    link = f"{server_url.rstrip('/')}/{repo}/blob/{sha}/{quote(path, safe='/')}#{lines}"
    return link if len(link) <= _LONGEST_LINK else None


def path_text(path: str) -> str:
    return code(_short(path))


def _short(path: str) -> str:
    """The end of a path tells more than its beginning."""
    line = " ".join(revealed(path[-2 * _LONGEST_PATH :]).split())
    return line if len(line) <= _LONGEST_PATH else "…" + line[-_LONGEST_PATH:]


def _is_undecoded(path: str) -> bool:
    """Whether all its lone surrogates are bytes that were no UTF-8, so that they can be had back."""
    return all("\udc80" <= char <= "\udcff" for char in path if "\ud800" <= char <= "\udfff")
