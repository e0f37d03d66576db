"""HTTP as uvicorn speaks it, with a limit on how long a request's head may take."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol


class PromptHeaders(H11Protocol):
    """Closes a connection on which no whole request head has come in time.

    uvicorn itself waits for the first one for ever, so that whoever opens enough connections and says nothing keeps
    everybody else out. Between requests its own keep-alive limit holds.
    """

    head_seconds: ClassVar[float] = 10.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(self.head_seconds, self._close_without_head)

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_timer.cancel()
        super().connection_lost(exc)

    def _close_without_head(self) -> None:
        if self.cycle is None:
            self.transport.close()
