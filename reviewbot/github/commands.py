"""What people can say to the bot: a closed grammar without options, so that no comment can set anything (S03)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reviewbot.domain.text import printable, shortened
from reviewbot.github.spoken_lines import spoken_lines

MOST_REASON_CHARACTERS = 500
_MOST_SAID_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Review:
    """Look at what is new."""


@dataclass(frozen=True, slots=True)
class FullReview:
    """Look at everything again."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Leave this pull request alone until `resume`."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after `pause`."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """Never say a finding again. `finding` is the beginning of its fingerprint, `reason` one line of free text."""

    finding: str
    reason: str


@dataclass(frozen=True, slots=True)
class Explain:
    """Say more about a finding; `finding` is the beginning of its fingerprint."""

    finding: str


@dataclass(frozen=True, slots=True)
class ShowConfig:
    """Show what is in force here."""


@dataclass(frozen=True, slots=True)
class Help:
    """Show what can be said."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """The bot was called, but for nothing it knows. `said` is free text; `ask` is what to ask back, "" for help."""

    said: str
    ask: str = ""


Command = Review | FullReview | Pause | Resume | Ignore | Explain | ShowConfig | Help | Unclear

_FIXED: dict[str, Command] = {
    "review": Review(),
    "full review": FullReview(),
    "pause": Pause(),
    "resume": Resume(),
    "config": ShowConfig(),
    "help": Help(),
}

_CALL = re.compile(r"@(?P<name>[A-Za-z0-9_-]{1,100})(?:\[bot\])?[,:;.!?]{0,5}(?=\s|\Z)")
_FINDING = re.compile(r"`?#?`?(?P<digits>[0-9a-f]{6,16})`?", re.IGNORECASE | re.ASCII)
_PUNCTUATION = ".,;:!?"
_OPENING_COURTESY = frozenset({"please", "pls"})
_CLOSING_COURTESY = frozenset({"", "please", "pls", "thanks", "thank", "you"})


def parse_command(body: str, names: Sequence[str]) -> Command | None:
    """The first command in a comment; None where the bot is not called.

    It is called by `@NAME` at the start of a line that is neither quoted nor code nor hidden; a mention in running
    text calls nobody. Later calls in the same comment do not count.
    """
    called = {name.removeprefix("@").lower() for name in names}
    for line in spoken_lines(_storable(body)):
        call = _CALL.match(line)
        if call and call["name"].lower() in called:
            return _command(line[call.end() :].split())
    return None


def _storable(body: str) -> str:
    return printable(body).replace("\0", "\ufffd")


def _command(words: Sequence[str]) -> Command:
    said = _without_courtesy(words)
    fixed = _FIXED.get(" ".join(said).lower())
    if fixed is not None:
        return fixed
    match said:
        case [verb, *rest] if verb.lower() == "explain":
            return _explain(rest, _told(words))
        case [verb, *_] if verb.lower() == "ignore":
            # A reason may end with a full stop or with thanks.
            begin = next(index for index, word in enumerate(words) if word.lower().startswith("ignore"))
            return _ignore(words[begin + 1 :], _told(words))
        case _:
            return Unclear(_told(words))


def _told(words: Sequence[str]) -> str:
    return shortened(" ".join(words), _MOST_SAID_CHARACTERS)


def _without_courtesy(words: Sequence[str]) -> list[str]:
    said = list(words)
    while said and said[-1].strip(_PUNCTUATION).lower() in _CLOSING_COURTESY:
        said.pop()
    first = 0
    while first < len(said) and said[first].rstrip(_PUNCTUATION).lower() in _OPENING_COURTESY:
        first += 1
    said = said[first:]
    return [*said[:-1], said[-1].rstrip(_PUNCTUATION)] if said else []


def _explain(rest: Sequence[str], told: str) -> Command:
    finding = _finding(rest[0]) if len(rest) == 1 else None
    if finding is None:
        return Unclear(told, "Which finding? Its id stands below it: `explain a1b2c3d4`.")
    return Explain(finding)


def _ignore(rest: Sequence[str], told: str) -> Command:
    finding = _finding(rest[0]) if rest else None
    if finding is None:
        return Unclear(told, "Which finding? Its id stands below it: `ignore a1b2c3d4 because ...`.")
    gives_reason = len(rest) > 1 and rest[1].rstrip(_PUNCTUATION).lower() == "because"
    reason = " ".join(rest[2:]) if gives_reason else ""
    if not any(character.isalnum() for character in reason):
        return Unclear(told, f"Why? It is kept with the finding: `ignore {finding} because ...`.")
    return Ignore(finding, shortened(reason, MOST_REASON_CHARACTERS))


def _finding(word: str) -> str | None:
    found = _FINDING.fullmatch(word.rstrip(_PUNCTUATION))
    return found["digits"].lower() if found else None
