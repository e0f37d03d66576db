"""What a text says outright of the change that caused a defect: a trailer, a revert, "introduced in ..."."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SHA = r"(?P<sha>[0-9a-f]{7,40}|[0-9a-f]{64})\b"
_PULL = r"(?:(?:pr|pull request|pull|merge request)\s*#?|#)(?P<pull>[1-9][0-9]{0,6})\b"
_OPENING = r"[\s:,\"'`(\[]*"
_NOUN = r"(?:(?:the|recent|a|my|our|earlier|previous)\s+){0,2}(?:commits?|changesets?|patch|change|rev(?:ision)?)?"
_BLAMING = (
    r"(?:introduced|reintroduced|added|caused|broken|broke|brought|regress(?:ions?|ed|es)?|bug|problem|issue|appeared|"
    r"exists|existed|present|begun|began|started|triggered|exposed|forgotten|missed|present)"
)
_LINKING = r"(?:in|by|with|from|since|of|after|at|to|when)"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        rf"^[ \t]*(?:fixes|fix|introduced-by|regressed-by|bug-introduced-by):?\s+(?:commit\s+)?{_OPENING}{_SHA}",
        rf"^[ \t]*(?:introduced-by|regressed-by):\s*{_PULL}",
        rf"\b{_BLAMING}\b[^.;]{{0,60}}?\b{_LINKING}\b{_OPENING}{_NOUN}{_OPENING}{_SHA}",
        rf"\b{_BLAMING}\b[^.;#]{{0,40}}?\b(?:in|by|with|from|since)\b\s*(?:the\s+)?{_PULL}",
        rf"\bsince\s+(?:commit|change|patch)\s+{_OPENING}{_SHA}",
        rf"\breverts?:?\s+(?:commit\s+)?{_OPENING}{_SHA}",
        rf"\breverts?:?\s+{_PULL}",
        rf"\bregress\w*[\s:]+(?:commit\s+)?{_OPENING}{_SHA}",
        rf"\bfollow[- ]?up (?:to|of|on|for)[\s:]+(?:commit\s+)?{_OPENING}{_SHA}",
    )
)
_COPIES = re.compile(r"cherry[- ]?pick|upstream commit|back-?port(?:ed)? (?:of|from)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Naming:
    """A change that a text names as a cause, by the start of its sha or by its pull request, and the words that do."""

    words: str
    sha: str | None = None
    pull: int | None = None


def named_causes(text: str) -> tuple[Naming, ...]:
    """The changes that a text names as causes, the plainest wording first; each once.

    `Fixes: <sha>`, `This reverts commit <sha>`, "introduced in <sha>", "regression from #12". `Fixes #12` names an
    issue and is none; nor is a line that says where a commit was picked from.
    """
    found: dict[tuple[str | None, int | None], Naming] = {}
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            groups = match.groupdict()
            sha = groups["sha"].lower() if groups.get("sha") else None
            pull = int(groups["pull"]) if groups.get("pull") else None
            name = match.end("sha" if sha else "pull")
            line = text[text.rfind("\n", 0, name) + 1 : name]
            if not _COPIES.search(line) and not (sha or "").isdigit():
                found.setdefault((sha, pull), Naming(" ".join(match.group().split())[-120:], sha, pull))
    return tuple(found.values())
