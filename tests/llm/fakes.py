"""Models for the tests of what is wrapped around models."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from decimal import Decimal

from reviewbot.domain.review import Usage
from reviewbot.ports import Completion, Prompt


class StubModel:
    """Gives the answers and raises the errors of a list in turn, and the last one for ever after."""

    def __init__(self, answers: Sequence[str | Exception], name: str = "anthropic:claude-opus-5") -> None:
        self._answers = list(answers)
        self._name = name
        self._lock = threading.Lock()
        self.calls = 0

    @property
    def name(self) -> str:
        return self._name

    def complete(self, prompt: Prompt) -> Completion:
        with self._lock:
            answer = self._answers[min(self.calls, len(self._answers) - 1)]
            self.calls += 1
        if isinstance(answer, Exception):
            raise answer
        return Completion(answer, self._name, Usage(10, 5), Decimal("0.0125"), 1.5)
