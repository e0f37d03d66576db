"""Recording a model's answers, for `scripted:FILE` to replay."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from reviewbot.errors import StoreError
from reviewbot.llm.records import usage_record
from reviewbot.llm.scripted import RECORDED, SCHEMA_VERSION, Answer, Recording, load_recording
from reviewbot.ports import Completion, Model, Prompt


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Recorder:
    """A file that answers of one or several models go into, under the label that a replay gives as the model.

    Each answer replaces the file at once, whole or not at all. Answers of an earlier recording stay until `prune`.
    """

    def __init__(self, file: Path, label: str, now: Callable[[], datetime] = _utc_now) -> None:
        self._file = file
        self._label = label
        self._now = now
        self._lock = threading.Lock()
        earlier = load_recording(file) if file.exists() else Recording("", "", {})
        self._default = earlier.default
        self._answers = dict(earlier.answers)
        self._asked: set[str] = set()

    def keep(self, prompt: Prompt, completion: Completion) -> None:
        key = prompt.request_hash(RECORDED)
        source = f"{prompt.name}@{prompt.version}"
        with self._lock:
            self._asked.add(key)
            self._answers[key] = Answer(completion.text, source, completion.usage, completion.truncated)
            self._write()

    def prune(self) -> int:
        """Drops the answers that were not asked for since the recording began; returns how many."""
        with self._lock:
            unasked = self._answers.keys() - self._asked
            self._answers = {key: answer for key, answer in self._answers.items() if key in self._asked}
            self._write()
        return len(unasked)

    def _write(self) -> None:
        content: dict[str, object] = {
            "schema_version": SCHEMA_VERSION,
            "model": self._label,
            "recorded_at": self._now().isoformat(timespec="seconds"),
            "answers": {key: _record_of(answer) for key, answer in self._answers.items()},
        }
        if self._default is not None:
            content["default"] = _record_of(self._default)
        replace_file(self._file, json.dumps(content, indent=1, sort_keys=True) + "\n")


class RecordingModel:
    """A model that passes every request on and has the answers kept."""

    def __init__(self, inner: Model, recorder: Recorder) -> None:
        self._inner = inner
        self._recorder = recorder

    @property
    def name(self) -> str:
        return self._inner.name

    def complete(self, prompt: Prompt) -> Completion:
        completion = self._inner.complete(prompt)
        self._recorder.keep(prompt, completion)
        return completion


def _record_of(answer: Answer) -> dict[str, object]:
    record: dict[str, object] = {"text": answer.text, "prompt": answer.prompt, "usage": usage_record(answer.usage)}
    return {**record, "truncated": True} if answer.truncated else record


def replace_file(path: Path, text: str) -> None:
    """Puts a file in place whole or not at all; raises StoreError."""
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        # A temporary file is its owner's alone; a recording is to be read by everyone who has the repository.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise StoreError(f"{path}: cannot be written ({error}): check its directory and the space left") from error
