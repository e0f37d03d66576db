"""A commit object as a value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from reviewbot.domain.repository import Sha

_IDENTITY = re.compile(r"(?P<name>.*?)\s*<[^>]*>\s*(?P<seconds>-?\d{1,18})(?:\s|\Z)", re.S)
_FULL_SHA = re.compile(rb"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_NO_DATE = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class CommitRecord:
    """What a commit says of itself. Dates are aware and in UTC; one that cannot be read is 1970-01-01.

    `parents` are those written in the commit: in a shallow repository they may not be there.
    """

    sha: Sha
    parents: tuple[Sha, ...]
    author: str
    author_date: datetime
    committer_date: datetime
    subject: str
    body: str


def parse_commit(sha: Sha, content: bytes) -> CommitRecord:
    """The record in the raw content of a commit object; every content gives one."""
    head, _, message = content.partition(b"\n\n")
    headers = _headers(head)
    encoding = next(iter(headers.get("encoding", [])), b"utf-8").decode("ascii", "replace")
    author, author_date = _identity(headers.get("author", []), encoding)
    _, committer_date = _identity(headers.get("committer", []), encoding)
    subject, _, body = _decoded(message, encoding).lstrip("\n").partition("\n\n")
    return CommitRecord(
        sha=sha,
        parents=tuple(Sha(parent.decode()) for parent in headers.get("parent", []) if _FULL_SHA.match(parent)),
        author=author,
        author_date=author_date,
        committer_date=committer_date,
        subject=" ".join(subject.split()),
        body=body.strip(),
    )


def _headers(head: bytes) -> dict[str, list[bytes]]:
    headers: dict[str, list[bytes]] = {}
    for line in head.split(b"\n"):
        # A line that starts with a space goes on with a signature or another long header.
        if line and not line.startswith(b" "):
            name, _, value = line.partition(b" ")
            headers.setdefault(name.decode("ascii", "replace"), []).append(value)
    return headers


def _identity(lines: list[bytes], encoding: str) -> tuple[str, datetime]:
    text = _decoded(lines[0], encoding) if lines else ""
    found = _IDENTITY.match(text)
    if found is None:
        return text.partition("<")[0].strip(), _NO_DATE
    try:
        date = datetime.fromtimestamp(int(found["seconds"]), UTC)
    except (ValueError, OverflowError, OSError):
        date = _NO_DATE
    return found["name"].strip(), date


def _decoded(text: bytes, encoding: str) -> str:
    try:
        return text.decode(encoding, "replace")
    except (LookupError, ValueError):
        return text.decode("utf-8", "replace")
