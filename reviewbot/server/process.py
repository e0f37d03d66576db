"""A process that serves, with another beside it that works, until it is told to stop; then both are soon gone."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from types import FrameType
from typing import Final

import uvicorn
from fastapi import FastAPI

from reviewbot.jobs.engine import Chore, Engine
from reviewbot.jobs.queue import Handlers
from reviewbot.server.protocol import PromptHeaders
from reviewbot.server.worker import WorkerProcess, run_worker, stop_on_signals

log = logging.getLogger(__name__)

# Ten seconds from the signal to the end: requests and handlers end beside each other.
_REQUESTS_END_SECONDS: Final = 4
_WORKER_ENDS_SECONDS: Final = 9.0
_MOST_CONNECTIONS: Final = 1000


def serve(app: FastAPI, engine: Engine, handlers: Handlers, host: str, port: int, chores: Sequence[Chore] = ()) -> None:
    """Serves here and works in a child until SIGTERM or SIGINT. Call it in the main thread, before there are others.

    `engine` must not have been launched: it is launched in the child, and counts there through its `observe`, which
    is called here. The port is opened when the child works. Raises StoreError where it cannot.
    """
    stop = stop_on_signals()
    # A connection to a database must not be shared by two processes; both open their own.
    engine.disconnect()
    worker = WorkerProcess(engine, handlers, chores, engine.observe)
    worker.start()
    server = _Server(server_config(app, host, port), worker)
    try:
        if not stop.is_set():
            server.run()
    finally:
        worker.stop()
        worker.wait(_WORKER_ENDS_SECONDS)


def work(engine: Engine, handlers: Handlers, chores: Sequence[Chore] = ()) -> None:
    """Works without serving, until SIGTERM or SIGINT. Raises StoreError where the engine cannot start."""
    run_worker(engine, handlers, chores, lambda: log.info("working", extra={"worker": engine.worker_id}))


class _Server(uvicorn.Server):
    """Passes a signal on to the worker at once, not only when the last request has ended."""

    def __init__(self, config: uvicorn.Config, worker: WorkerProcess) -> None:
        super().__init__(config)
        self._worker = worker

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._worker.stop()


def server_config(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    """How HTTP is spoken: one process, no access log, no word about the server's kind, nothing believed of proxies."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="asyncio",
        http=PromptHeaders,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=_REQUESTS_END_SECONDS,
        h11_max_incomplete_event_size=32_768,
    )
