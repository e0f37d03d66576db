"""Replacement code that can be applied with one press: offered only where that is harmless (FAULTS.md S18)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reviewbot.domain.diff import Diff, Side
from reviewbot.domain.finding import Finding
from reviewbot.domain.policy import Policy
from reviewbot.domain.text import revealed
from reviewbot.github.places import Anchor

MOST_LINES = 10
_LONGEST_LINE = 400
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^`]{0,40})\Z")
_NO_TOUCH = re.compile(
    r"(?:^|/)\.[^/]+/"  # every folder of tools: .github, .circleci, .husky, .buildkite, ...
    r"|(?:^|/)\.[^/]*\Z"  # and every file of them: .gitlab-ci.yml, .gitattributes, .npmrc, .reviewbot.yml, ...
    r"|(?:^|/)(?:codeowners|jenkinsfile[^/]*|makefile|action\.ya?ml|procfile)\Z"
    r"|(?:^|/)(?:azure-pipelines|bitbucket-pipelines|appveyor|cloudbuild|buildspec|codefresh|wercker)[^/]*\.ya?ml\Z"
    r"|(?:^|/)(?:agents|claude|review)\.md\Z"
    r"|(?:^|/)(?:[^/]*[._-])?lock(?:file)?(?:[._-][^/]*)?\Z|lock\.(?:json|ya?ml|hcl|toml)\Z|\.lockb\Z"
    r"|(?:^|/)(?:go\.(?:work\.)?sum|npm-shrinkwrap\.json|package\.resolved|cartfile\.resolved|paket\.lock"
    r"|cabal\.project\.freeze|project\.assets\.json|packages\.lock\.json|dub\.selections\.json)\Z",
    re.IGNORECASE,
)
# what another bot could take for a command to it
_COMMAND = re.compile(r"\s*(?:[/!][a-z]|@[\w-]+\s+\w|bors\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Suggested:
    """What a reviewer wrote as its suggestion: sentences, and the lines of code that it fenced, if any."""

    words: str
    lines: tuple[str, ...]


def read_suggestion(text: str | None) -> Suggested:
    """Code is only what stands in one closed fence; a suggestion with several, or an open one, is all words."""
    written = (text or "").replace("\r\n", "\n").strip()
    lines = written.split("\n")
    fences = [(at, found) for at, line in enumerate(lines) if (found := _FENCE.match(line.rstrip()))]
    if len(fences) != 2:
        return Suggested(written, ())
    (opens, opening), (closes, closing) = fences
    if closing[2] or not closing[1].startswith(opening[1]):
        return Suggested(written, ())
    words = "\n".join((*lines[:opens], "", *lines[closes + 1 :])).strip()
    return Suggested(words, tuple(lines[opens + 1 : closes]))


def is_applicable(suggested: Suggested, finding: Finding, anchor: Anchor, diff: Diff, policy: Policy) -> bool:
    """Whether it may be offered as a block that GitHub applies in place of the commented lines."""
    place, lines = finding.location, suggested.lines
    if not policy.suggestions or not lines or place is None or place.side is not Side.RIGHT:
        return False
    if anchor.side is not Side.RIGHT or (anchor.first_line, anchor.line) != (place.first_line, place.last_line):
        return False
    file = diff.file(place.path)
    if file is None or file.is_symlink or file.is_submodule or file.is_binary or _NO_TOUCH.search(file.path):
        return False
    replaced = place.last_line - place.first_line + 1
    return max(replaced, len(lines)) <= MOST_LINES and all(_is_harmless(line) for line in lines)


def _is_harmless(line: str) -> bool:
    return len(line) <= _LONGEST_LINE and "\r" not in line and revealed(line) == line and not _COMMAND.match(line)
