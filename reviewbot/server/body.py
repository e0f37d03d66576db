"""Reading the body of a request within limits of size, time and memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

MEGABYTE: Final = 1_048_576


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """GitHub sends no delivery above 25 MB; a smaller limit here would lose some without a word.

    `all_bytes` bounds what the bodies of all requests together may take in memory.
    """

    bytes: int = 25 * MEGABYTE
    seconds: float = 10.0
    all_bytes: int = 256 * MEGABYTE


class BodyTooLarge(Exception):
    """More than the limit was sent or announced."""


class BodyTooSlow(Exception):
    """The body was not complete in time."""


class NoRoomForBody(Exception):
    """Too much is being received at this moment."""


class BodyReader:
    """Reads bodies; all of them share one allowance of memory. Belongs to one event loop."""

    def __init__(self, limits: BodyLimits | None = None) -> None:
        self.limits = limits or BodyLimits()
        self.held_bytes = 0

    def hold(self) -> HeldBody:
        """A body whose memory counts from `read` until the `async with` ends."""
        return HeldBody(self)


class HeldBody:
    """One body, and what it takes of the allowance."""

    def __init__(self, reader: BodyReader) -> None:
        self._reader = reader
        self._bytes = 0

    async def __aenter__(self) -> HeldBody:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reader.held_bytes -= self._bytes

    async def read(self, stream: AsyncIterator[bytes], announced_length: str | None) -> bytes:
        """The whole body; raises BodyTooLarge, BodyTooSlow or NoRoomForBody as soon as it is certain.

        The length that was announced only serves to refuse early: a chunked body has none, and another may lie.
        """
        limits = self._reader.limits
        if announced_length is not None and announced_length.isdecimal() and int(announced_length[:20]) > limits.bytes:
            raise BodyTooLarge
        chunks: list[bytes] = []
        try:
            async with asyncio.timeout(limits.seconds):
                async for chunk in stream:
                    self._take(len(chunk))
                    chunks.append(chunk)
        except TimeoutError:
            raise BodyTooSlow from None
        return b"".join(chunks)

    def _take(self, size: int) -> None:
        self._bytes += size
        self._reader.held_bytes += size
        if self._bytes > self._reader.limits.bytes:
            raise BodyTooLarge
        if self._reader.held_bytes > self._reader.limits.all_bytes:
            raise NoRoomForBody
