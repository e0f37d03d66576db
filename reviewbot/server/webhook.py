"""The endpoint that GitHub posts to: limits first, then the signature, then the disk, then the answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from reviewbot.errors import StoreError
from reviewbot.jobs.right_of_way import RIGHT_OF_WAY
from reviewbot.server.body import BodyLimits, BodyReader, BodyTooLarge, BodyTooSlow, NoRoomForBody
from reviewbot.server.ingest import Ingest, Post, Receipt, Reception
from reviewbot.server.metrics import Metrics

log = logging.getLogger(__name__)

# Hashing less than this takes about a millisecond: handing it to a thread would take longer.
_HASHED_AT_ONCE: Final = 1_048_576
_STATUS: Final[Mapping[Reception, int]] = {
    Reception.ACCEPTED: 202,
    Reception.IGNORED: 202,
    Reception.KNOWN: 202,
    Reception.CONFLICT: 202,
    Reception.UNSIGNED: 401,
    Reception.MALFORMED: 400,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to a request: an HTTP status, a word that is also counted, the delivery and the reason."""

    status: int
    result: str
    guid: str = ""
    why: str = ""


_UNSIGNED: Final = Answer(401, Reception.UNSIGNED, why="X-Hub-Signature-256 is missing, or there are several")
_TOO_LARGE: Final = Answer(413, "too_large", why="the body is larger than any delivery of GitHub's")
_TOO_SLOW: Final = Answer(408, "too_slow", why="the body was not complete in time")
_BUSY: Final = Answer(503, "busy", why="too much is being received at this moment; deliver it again")
_NOT_KEPT: Final = Answer(503, "not_kept", why="the delivery could not be kept; deliver it again")
_GONE: Final = Answer(400, "gone", why="the sender went away")


class WebhookEndpoint:
    """Answers each request once what it brought is on the disk, or says within seconds that it is not.

    `writers` threads write: one for SQLite, where more would only wait for each other, and badly (p99 ten times as
    long); a few for PostgreSQL. A commit that takes longer than `deadline_seconds` is answered with 503; where it
    succeeds after all, GitHub's redelivery finds the delivery known.
    """

    def __init__(
        self,
        ingest: Ingest,
        metrics: Metrics,
        writers: int = 1,
        limits: BodyLimits | None = None,
        deadline_seconds: float = 3.0,
    ) -> None:
        self._ingest = ingest
        self._metrics = metrics
        self._bodies = BodyReader(limits)
        self._deadline_seconds = deadline_seconds
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="reviewbot-writer")
        self._hashers = ThreadPoolExecutor(1, thread_name_prefix="reviewbot-hasher")

    @property
    def held_bytes(self) -> int:
        """What the bodies of all requests take in memory at this moment."""
        return self._bodies.held_bytes

    async def __call__(self, request: Request) -> Response:
        started = time.perf_counter()
        answer = await self._answer(request)
        self._metrics.received(answer.result, time.perf_counter() - started)
        log.log(
            logging.INFO if answer.status < 300 else logging.WARNING,
            "delivery %s",
            answer.result,
            extra={"status": answer.status, "delivery": answer.guid, "why": answer.why},
        )
        said = {"status": answer.result, "delivery": answer.guid, "why": answer.why}
        # A body that was not read to its end would be taken for the next request.
        headers = {"connection": "close"} if answer.status in (401, 408, 413, 503) else {}
        if answer.status == 503:
            headers["retry-after"] = "30"
        return JSONResponse({key: value for key, value in said.items() if value}, answer.status, headers)

    def close(self) -> None:
        """Ends the threads; what they have begun they finish."""
        self._writers.shutdown(wait=False)
        self._hashers.shutdown(wait=False)

    async def _answer(self, request: Request) -> Answer:
        if len(request.headers.getlist("x-hub-signature-256")) != 1:
            return _UNSIGNED
        async with self._bodies.hold() as body:
            try:
                content = await body.read(request.stream(), request.headers.get("content-length"))
            except BodyTooLarge:
                return _TOO_LARGE
            except BodyTooSlow:
                return _TOO_SLOW
            except NoRoomForBody:
                return _BUSY
            except ClientDisconnect:
                return _GONE
            return await self._kept(Post(request.headers.raw, content))

    async def _kept(self, post: Post) -> Answer:
        if not await self._is_signed(post):
            return _UNSIGNED
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._deadline_seconds):
                with RIGHT_OF_WAY.asked():
                    receipt = await loop.run_in_executor(self._writers, self._ingest.receive, post)
        except TimeoutError:
            log.error("delivery not kept: the database took too long", extra={"seconds": self._deadline_seconds})
            return _NOT_KEPT
        except StoreError as error:
            log.error("delivery not kept", extra={"why": str(error)[:300]})
            return _NOT_KEPT
        return _said(receipt)

    async def _is_signed(self, post: Post) -> bool:
        """Looked at before the writers see it, so that what is not GitHub's cannot keep them busy."""
        if len(post.body) <= _HASHED_AT_ONCE:
            return self._ingest.is_signed(post)
        return await asyncio.get_running_loop().run_in_executor(self._hashers, self._ingest.is_signed, post)


def _said(receipt: Receipt) -> Answer:
    return Answer(_STATUS[receipt.reception], receipt.reception, receipt.guid, receipt.why)
