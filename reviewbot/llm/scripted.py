"""A model that answers from a file of recorded answers: examples and tests run without a key or a network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from reviewbot.domain.review import Usage
from reviewbot.errors import InputError
from reviewbot.llm.records import usage_in
from reviewbot.ports import Completion, ModelAnswerUnusable, Prompt

SCHEMA_VERSION = 1
# Stands in for the model's name in the key, so that a recording depends neither on its path nor on who recorded it.
RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class Answer:
    """One recorded answer; `prompt` is `name@version`, for people who read the file."""

    text: str
    prompt: str = ""
    usage: Usage = field(default_factory=Usage)
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """The answers of a file by request hash, the model that gave them, and the answer to everything else."""

    model: str
    recorded_at: str
    answers: Mapping[str, Answer]
    default: Answer | None = None


class ScriptedModel:
    """A model that replays a recording.

    Replaying costs nothing, so `cost_usd` is 0; the usage is the one that was recorded. `spelling` is the file as the
    user named it: it becomes part of the model's name.
    """

    def __init__(self, file: Path, spelling: str | None = None) -> None:
        self._file = file
        self._name = f"scripted:{spelling or file}"
        self._recording = load_recording(file)

    @property
    def name(self) -> str:
        return self._name

    def complete(self, prompt: Prompt) -> Completion:
        key = prompt.request_hash(RECORDED)
        answer = self._recording.answers.get(key, self._recording.default)
        if answer is None:
            raise ModelAnswerUnusable(
                f"{self._file} holds no answer to prompt {prompt.name}@{prompt.version} (request {key}): "
                "the prompt or what it is filled with has changed, record the answers again"
            )
        return Completion(answer.text, self._recording.model, answer.usage, Decimal(0), truncated=answer.truncated)


def load_recording(file: Path) -> Recording:
    """The recording in a file; raises InputError with file, line and reason."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({error}): name a file of recorded answers") from error
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise InputError(f"{file}:{line}: not JSON ({error}): record the answers again") from error
    if not isinstance(content, dict) or content.get("schema_version") != SCHEMA_VERSION:
        raise InputError(
            f'{file}:1: expected an object with "schema_version": {SCHEMA_VERSION}: record the answers again'
        )
    answers = content.get("answers")
    if not isinstance(answers, dict):
        raise InputError(f'{file}:1: "answers" is missing or no object: record the answers again')
    default = content.get("default")
    return Recording(
        str(content.get("model") or "unknown"),
        str(content.get("recorded_at") or ""),
        {key: _answer_in(entry, key, file, text) for key, entry in answers.items()},
        None if default is None else _answer_in(default, "default", file, text),
    )


def _answer_in(entry: object, key: str, file: Path, text: str) -> Answer:
    try:
        if not isinstance(entry, dict) or not isinstance(entry.get("text"), str):
            raise ValueError('"text" is missing or no string')
        usage = usage_in(entry.get("usage", {}))
        return Answer(entry["text"], str(entry.get("prompt", "")), usage, entry.get("truncated") is True)
    except ValueError as error:
        line = text.count("\n", 0, max(0, text.find(json.dumps(key)))) + 1
        raise InputError(f"{file}:{line}: answer {key}: {error}: record it again") from error
