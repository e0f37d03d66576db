"""What the core asks of the world: a snapshot of a repository, a model, a reviewer, a clock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from reviewbot.domain.change import Change
from reviewbot.domain.policy import Policy
from reviewbot.domain.review import ReviewerRun, Usage
from reviewbot.errors import ReviewbotError


@dataclass(frozen=True, slots=True)
class GrepHit:
    """A line (counted from 1) of a file that holds a searched word."""

    path: str
    line: int
    text: str


class Snapshot(Protocol):
    """The files of a repository at one revision. It has no history: hindsight is not to be had from it."""

    @property
    def revision(self) -> str: ...

    def read_file(self, path: str) -> bytes | None:
        """The bytes of a regular file; None for a missing path, a directory, a symlink or a submodule."""
        ...

    def list_files(self) -> Sequence[str]:
        """Paths of all regular files, sorted."""
        ...

    def grep(self, words: Sequence[str], limit: int = 200) -> list[GrepHit]:
        """At most `limit` lines that hold one of the words (fixed text, whole word); prose may be left out."""
        ...

    def export(self, directory: Path) -> None:
        """Writes all regular files under an empty directory; no `.git`, no symlinks, no submodules."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a turn; `cacheable` marks the end of a prefix that other prompts of the same change share."""

    text: str
    cacheable: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One side's words in a dialogue with a model."""

    role: Literal["user", "assistant"]
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request to a model: instructions, turns, and the JSON Schema that the answer has to fit.

    `trial` counts repeated samples from 1; it is part of the request's hash but not of the request.
    """

    name: str
    version: str
    system: str
    turns: tuple[Turn, ...]
    schema: Mapping[str, Any]
    max_output_tokens: int = 8_000
    trial: int = 1

    def request_hash(self, model: str) -> str:
        """32 hex digits that are the same for the same request to the same model in the same trial."""
        content = [
            model,
            self.system,
            [[turn.role, [part.text for part in turn.parts]] for turn in self.turns],
            self.schema,
            self.max_output_tokens,
            self.trial,
        ]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]

    @property
    def estimated_tokens(self) -> int:
        """Input tokens by the usual rule of four characters a token."""
        characters = len(self.system) + sum(len(part.text) for turn in self.turns for part in turn.parts)
        return characters // 4 + 1


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's answer. `model` is the name that the service reported, `text` its words and nothing else.

    `cost_usd` is None where no price is known. `truncated` means that the answer was cut off at its token limit.
    """

    text: str
    model: str
    usage: Usage = field(default_factory=Usage)
    cost_usd: Decimal | None = None
    seconds: float = 0.0
    truncated: bool = False


class ModelError(ReviewbotError):
    """A model call that gave no usable answer. `usage` and `cost_usd` are what it cost all the same."""

    def __init__(self, message: str, usage: Usage | None = None, cost_usd: Decimal | None = Decimal(0)) -> None:
        super().__init__(message)
        self.usage = usage or Usage()
        self.cost_usd = cost_usd


class ModelRefused(ModelError):
    """The model declined to answer."""


class ModelBusy(ModelError):
    """Too many requests or an overloaded service: worth trying again, after `retry_after` seconds where given."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelUnreachable(ModelError):
    """No connection, or none within the deadline: worth trying again."""


class ModelAnswerUnusable(ModelError):
    """An answer came that cannot be read: empty, cut off, or not of the demanded form."""


class ModelDenied(ModelError):
    """A wrong key, no credit, no such model: the operator has to act, trying again is of no use."""


class PromptTooLong(ModelError):
    """The request does not fit the model's context."""


class Model(Protocol):
    """One language model. `name` is its specification as a user writes it, such as `anthropic:NAME`."""

    @property
    def name(self) -> str: ...

    def complete(self, prompt: Prompt) -> Completion:
        """The model's answer; raises a ModelError. Safe to call from several threads."""
        ...


@dataclass(frozen=True)
class ReviewTask:
    """All that a reviewer gets to see. `paths` are the files of the diff that are to be reviewed, in their order."""

    change: Change
    head: Snapshot
    base: Snapshot
    policy: Policy
    paths: tuple[str, ...]
    trial: int = 1


@runtime_checkable
class Reviewer(Protocol):
    """Anything that reads a change and says what is wrong with it: a model, an analyser, a program."""

    @property
    def name(self) -> str: ...

    def review(self, task: ReviewTask) -> ReviewerRun:
        """What was found, or a stated failure in the run; never raises for bad input."""
        ...


class Clock(Protocol):
    """The time, so that tests can hold it still."""

    def now(self) -> datetime:
        """The current time, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds of a clock that never jumps."""
        ...
