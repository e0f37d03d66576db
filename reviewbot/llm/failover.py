"""Several models for one task, in a declared order: the next one stands in where the one before it is out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from reviewbot.ports import Completion, Model, ModelBusy, ModelDenied, ModelError, ModelUnreachable, Prompt

OUT_SECONDS = 300.0
"""How long a model that failed is passed over before it is asked first again."""

_OUTAGES = (ModelBusy, ModelUnreachable, ModelDenied)


class FailoverModel:
    """Asks the first model that is not known to be out; what every one of them refuses is the last one's error.

    Only outages move on to the next: a model that refuses a prompt or answers badly has answered.
    Its name is that of all, in their order, with ` | ` between them; an answer names the model that gave it.
    """

    def __init__(self, models: Sequence[Model], monotonic: Callable[[], float] = time.monotonic) -> None:
        if not models:
            raise ValueError("a failover needs a model")
        self._models = tuple(models)
        self._monotonic = monotonic
        self._out_until: dict[int, float] = {}
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return " | ".join(model.name for model in self._models)

    def complete(self, prompt: Prompt) -> Completion:
        failures: list[ModelError] = []
        for position in self._order():
            try:
                return self._models[position].complete(prompt)
            except _OUTAGES as error:
                failures.append(error)
                self._note_out(position)
        raise failures[-1]

    def _order(self) -> list[int]:
        """Those that are not known to be out, in their order; then the others, for one of them may be back."""
        now = self._monotonic()
        with self._lock:
            out = {position for position, until in self._out_until.items() if until > now}
        positions = range(len(self._models))
        return [at for at in positions if at not in out] + [at for at in positions if at in out]

    def _note_out(self, position: int) -> None:
        with self._lock:
            self._out_until[position] = self._monotonic() + OUT_SECONDS
