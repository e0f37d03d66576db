"""What was asked and answered, on disk: a run that was stopped goes on without paying twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from reviewbot.errors import StoreError
from reviewbot.llm.ledger_file import LedgerFile
from reviewbot.llm.records import usage_in, usage_record
from reviewbot.ports import Completion, Model, ModelRefused, Prompt, PromptTooLong

_FINAL_FAILURES = {"refused": ModelRefused, "too long": PromptTooLong}


class LedgerModel:
    """A model whose answers are kept and given again, at the cost that they had then.

    Kept are answers and final failures (a refusal, a prompt too long); what may go better the next time is not. An
    answer is on disk before it is returned. Threads that ask the same share one call.
    """

    def __init__(self, inner: Model, path: Path) -> None:
        self._inner = inner
        self._path = path
        self._file = LedgerFile(path)
        self._counting = threading.Lock()
        self._in_flight: dict[str, _Turnstile] = {}
        self.calls_made = 0
        self.calls_replayed = 0

    @property
    def name(self) -> str:
        return self._inner.name

    def complete(self, prompt: Prompt) -> Completion:
        key = prompt.request_hash(self._inner.name)
        with self._alone_with(key):
            record = self._file.record_of(key)
            if record is None:
                return self._fresh_answer(key, prompt)
            with self._counting:
                self.calls_replayed += 1
        return self._replayed(record)

    def close(self) -> None:
        self._file.close()

    def _fresh_answer(self, key: str, prompt: Prompt) -> Completion:
        with self._counting:
            self.calls_made += 1
        about: dict[str, object] = {"key": key, "prompt": f"{prompt.name}@{prompt.version}"}
        try:
            completion = self._inner.complete(prompt)
        except (ModelRefused, PromptTooLong) as failure:
            status = next(name for name, kind in _FINAL_FAILURES.items() if isinstance(failure, kind))
            cost = _cost_record(failure.cost_usd)
            about |= {"status": status, "message": str(failure), "usage": usage_record(failure.usage), "cost_usd": cost}
            self._file.append(key, about)
            raise
        about |= {
            "status": "answered",
            "text": completion.text,
            "model": completion.model,
            "usage": usage_record(completion.usage),
            "cost_usd": _cost_record(completion.cost_usd),
            "seconds": completion.seconds,
            "truncated": completion.truncated,
        }
        self._file.append(key, about)
        return completion

    def _replayed(self, record: dict[str, object]) -> Completion:
        try:
            usage = usage_in(record["usage"])
            cost = None if record["cost_usd"] is None else Decimal(str(record["cost_usd"]))
            status = str(record["status"])
            if status in _FINAL_FAILURES:
                raise _FINAL_FAILURES[status](str(record["message"]), usage, cost)
            text, model, seconds = str(record["text"]), str(record["model"]), float(str(record["seconds"]))
        except (KeyError, ValueError, ArithmeticError) as error:
            what = f"{self._path}: the entry {record.get('key')} cannot be used ({error!r})"
            raise StoreError(f"{what}: remove its line, or start with a new file") from error
        return Completion(text, model, usage, cost, seconds, record.get("truncated") is True)

    @contextmanager
    def _alone_with(self, key: str) -> Iterator[None]:
        with self._counting:
            turnstile = self._in_flight.setdefault(key, _Turnstile())
            turnstile.users += 1
        try:
            with turnstile.lock:
                yield
        finally:
            with self._counting:
                turnstile.users -= 1
                if turnstile.users == 0:
                    del self._in_flight[key]


class _Turnstile:
    """A lock for one key, dropped with its last user so that memory stays flat."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0


def _cost_record(cost_usd: Decimal | None) -> str | None:
    return None if cost_usd is None else str(cost_usd)
