"""Trying a busy or unreachable model again: the only place where model calls are repeated."""

from __future__ import annotations

import time
from collections.abc import Callable

from reviewbot.ports import Completion, Model, ModelBusy, ModelUnreachable, Prompt
from reviewbot.telemetry import span

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0


class RetryingModel:
    """A model that waits and asks again while the one below is busy or unreachable.

    Waits double, with jitter, and are never shorter than the service asked for (up to a minute). A wait that would
    end after the deadline is not begun: the last error is raised instead.
    """

    def __init__(
        self,
        inner: Model,
        attempts: int = 4,
        deadline_seconds: float = 900,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._inner = inner
        self._attempts = attempts
        self._deadline_seconds = deadline_seconds
        self._sleep = sleep

    @property
    def name(self) -> str:
        return self._inner.name

    def complete(self, prompt: Prompt) -> Completion:
        import tenacity

        jittered = tenacity.wait_random_exponential(multiplier=FIRST_WAIT_SECONDS, max=LONGEST_WAIT_SECONDS)

        def wait_seconds(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.retry_after if isinstance(error, ModelBusy) else None
            return min(LONGEST_WAIT_SECONDS, max(jittered(state), asked or 0.0))

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type((ModelBusy, ModelUnreachable)),
            stop=tenacity.stop_after_attempt(self._attempts) | tenacity.stop_before_delay(self._deadline_seconds),
            wait=wait_seconds,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._asked, prompt)

    def _asked(self, prompt: Prompt) -> Completion:
        """One attempt, as a span by OpenTelemetry's names for generative models."""
        about = {"gen_ai.operation.name": "chat", "gen_ai.request.model": self._inner.name}
        with span(f"chat {self._inner.name}", **about) as put:
            answer = self._inner.complete(prompt)
            put("gen_ai.usage.input_tokens", answer.usage.input_tokens)
            put("gen_ai.usage.output_tokens", answer.usage.output_tokens)
            return answer
