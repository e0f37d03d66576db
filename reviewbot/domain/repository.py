"""Names of repositories and revisions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_OWNER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}\Z")
# `.github` is an ordinary name; `.` and `..` would lead out of a folder
_NAME = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}\Z")
_FULL_SHA = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")


class Sha(str):
    """A full git object name in lower-case hex: 40 digits, or 64 in a SHA-256 repository."""

    __slots__ = ()

    def __new__(cls, value: str) -> Self:
        if not _FULL_SHA.match(value):
            raise ValueError(f"{value!r} is not a full commit sha (40 or 64 hex digits)")
        return super().__new__(cls, value)

    @property
    def short(self) -> str:
        return self[:10]


@dataclass(frozen=True, slots=True, order=True)
class RepoName:
    """A repository as GitHub names it: `owner/name`."""

    owner: str
    name: str

    @classmethod
    def parse(cls, text: str) -> RepoName:
        owner, slash, name = text.partition("/")
        if not slash or not _OWNER.match(owner) or not _NAME.match(name):
            raise ValueError(f"{text!r} is not a repository name of the form owner/name")
        return cls(owner, name)

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"
