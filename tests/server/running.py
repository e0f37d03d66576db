"""The real application behind a real socket, in a thread, with a queue that only notes what is put in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from sqlmodel import Session

from reviewbot.github.webhook import OwnIdentity
from reviewbot.jobs.queue import Job, Jobs
from reviewbot.server.app import Probes, create_app
from reviewbot.server.body import BodyLimits
from reviewbot.server.ingest import Ingest
from reviewbot.server.metrics import Metrics
from reviewbot.server.process import server_config
from reviewbot.server.webhook import WebhookEndpoint
from reviewbot.store.deliveries import Deliveries
from reviewbot.store.transactions import Transactions
from tests.jobs.small_service import SECRET
from tests.jobs.waiting import wait_until

OLD_SECRET = b"the secret before this one"


@dataclass
class NotedJobs:
    """A queue for tests of the door: each job is noted when its transaction is under way."""

    noted: list[Job] = field(default_factory=list)

    def enqueue(self, job: Job, session: Session | None = None, delay_seconds: float = 0.0) -> None:
        assert session is not None, "a delivery and its job are one transaction"
        self.noted.append(job)


@dataclass
class Door:
    """A running server and what is behind it."""

    port: int
    endpoint: WebhookEndpoint
    deliveries: Deliveries
    metrics: Metrics

    def counts(self) -> dict[str, int]:
        """States of the stored deliveries, those that there are."""
        return {state: count for state, count in self.deliveries.counts().items() if count}


@contextmanager
def open_door(
    transactions: Transactions,
    jobs: Jobs,
    limits: BodyLimits | None = None,
    deadline_seconds: float = 3.0,
    probes: Probes | None = None,
    protocol: type | None = None,
) -> Iterator[Door]:
    metrics = Metrics()
    ingest = Ingest([SECRET, OLD_SECRET], OwnIdentity(1), transactions, jobs)
    endpoint = WebhookEndpoint(ingest, metrics, 1 if transactions.is_sqlite else 4, limits, deadline_seconds)
    config = server_config(create_app(endpoint, probes or Probes(), metrics), "127.0.0.1", 0)
    if protocol is not None:
        config.http = protocol
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Door(port, endpoint, Deliveries(transactions), metrics)
    finally:
        server.should_exit = True
        thread.join(10)
        endpoint.close()
