"""Single requests to a vendor's batch interface, through its SDK."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reviewbot.llm.batching import BatchGone
from reviewbot.llm.sdk import RawAnswer, body_of
from reviewbot.llm.service import Service, answer_in
from reviewbot.ports import ModelDenied


@dataclass(frozen=True, slots=True)
class BatchCalls:
    """Sends what the SDK is told to; every method raises a ModelError. `sdk_error` is what the SDK raises."""

    service: Service
    sdk_error: type[Exception]

    def answer(self, send: Callable[[], RawAnswer]) -> dict[str, object]:
        """The JSON object of an answer."""
        return answer_in(self.service, body_of(send, self.service, self.sdk_error))

    def about(self, batch: str, send: Callable[[], RawAnswer]) -> dict[str, object]:
        """The same for a question about a batch: BatchGone where the service has none of that name."""
        return answer_in(self.service, self.bytes_of(batch, send))

    def rows_of(self, batch: str, send: Callable[[], RawAnswer]) -> list[dict[str, object]]:
        """The rows of a file in JSON lines that belongs to a batch."""
        lines = self.bytes_of(batch, send).splitlines()
        return [answer_in(self.service, line) for line in lines if line.strip()]

    def bytes_of(self, batch: str, send: Callable[[], RawAnswer]) -> bytes:
        """The body of an answer about a batch."""
        try:
            return body_of(send, self.service, self.sdk_error)
        except ModelDenied as error:
            if "HTTP 404" in str(error):
                raise BatchGone(f"{self.service.name}: there is no batch {batch}, or nothing of it any more") from error
            raise
