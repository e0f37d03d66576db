"""The web side of the service: the webhook, whether it is well, what it counts, and a page that says what it is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from reviewbot.errors import ReviewbotError
from reviewbot.server.metrics import Metrics
from reviewbot.server.webhook import WebhookEndpoint

log = logging.getLogger(__name__)

WEBHOOK_PATH: Final = "/github/webhook"
_PROBE_SECONDS: Final = 2.0
_LAG_MEASURED_EVERY_SECONDS: Final = 0.1
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>reviewbot</title></head>
<body><h1>reviewbot</h1><p>This is a reviewbot server. GitHub posts to <code>/github/webhook</code>;
<a href="readyz">readyz</a> says whether it is ready.</p></body></html>
"""
_PAGE_HEADERS: Final = {"content-security-policy": "default-src 'none'", "x-content-type-options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Probes:
    """What has to be well for the process to be ready: by name, a function that raises or gives False where it is not.

    They may block; each call has two seconds for all of them.
    """

    checks: Mapping[str, Callable[[], bool]] = field(default_factory=dict)


def create_app(webhook: WebhookEndpoint, probes: Probes, metrics: Metrics, dashboard: FastAPI | None = None) -> FastAPI:
    """The application, ready to be served; people find the dashboard in it, or a page that says what it is."""
    app = FastAPI(title="reviewbot", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan(metrics))
    # Its own thread: whatever somebody asks about the service cannot delay a delivery.
    aside = ThreadPoolExecutor(1, thread_name_prefix="reviewbot-probes")

    @app.get("/healthz")
    async def healthz() -> Response:
        return PlainTextResponse("ok\n")

    @app.get("/readyz")
    async def readyz() -> Response:
        running = asyncio.get_running_loop().run_in_executor(aside, _findings, probes)
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                found = await running
        except TimeoutError:
            found = {"answer in time": False}
        is_ready = all(found.values())
        return JSONResponse({"ready": is_ready, "checks": found}, 200 if is_ready else 503)

    @app.get("/metrics")
    async def shown_metrics() -> Response:
        text = await asyncio.get_running_loop().run_in_executor(aside, metrics.render)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    async def receive(request: Request) -> Response:
        return await webhook(request)

    app.add_route(WEBHOOK_PATH, receive, methods=["POST"])
    if dashboard is not None:
        app.mount("/", dashboard)
        return app

    @app.get("/")
    async def page() -> Response:
        return HTMLResponse(_PAGE, headers=_PAGE_HEADERS)

    return app


def _findings(probes: Probes) -> dict[str, bool]:
    found = {}
    for name, check in probes.checks.items():
        try:
            found[name] = check()
        except ReviewbotError as error:
            log.warning("not ready", extra={"check": name, "why": str(error)[:300]})
            found[name] = False
    return found


def _lifespan(metrics: Metrics) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        measuring = asyncio.create_task(_measure_lag(metrics))
        yield
        measuring.cancel()
        with suppress(asyncio.CancelledError):
            await measuring

    return lifespan


async def _measure_lag(metrics: Metrics) -> None:
    """Whoever blocks the event loop delays every acknowledgement: so that is counted too."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _LAG_MEASURED_EVERY_SECONDS
        await asyncio.sleep(_LAG_MEASURED_EVERY_SECONDS)
        metrics.lagged(max(0.0, loop.time() - due))
