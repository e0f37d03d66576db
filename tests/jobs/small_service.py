"""A process with the real engine, the real server and tiny handlers, for tests that kill, stop and load it.

`python -m tests.jobs.small_service serve|work DATABASE_URL DIARY [--port N] [--busy SECONDS] [--quick]`

A delivery's body is a list of what to do: `{"pull": 7}` wants pull request 7 to be looked at. Everything that happens
is written to the diary, a line each: what, which one, by which process. Pull requests from 900 on never return.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

from reviewbot.domain.pull import PullRef
from reviewbot.domain.repository import RepoName
from reviewbot.github.webhook import OwnIdentity
from reviewbot.jobs.durable import DurableQueue
from reviewbot.jobs.engine import Engine
from reviewbot.jobs.queue import Again, Done, Handlers, Next, PullJob
from reviewbot.jobs.rhythm import Rhythm
from reviewbot.server.app import Probes, create_app
from reviewbot.server.ingest import Ingest
from reviewbot.server.metrics import Metrics
from reviewbot.server.process import serve, work
from reviewbot.server.webhook import WebhookEndpoint
from reviewbot.store.deliveries import Deliveries, DeliveryState
from reviewbot.store.pulls import Pulls
from reviewbot.store.transactions import Transactions, open_transactions

SECRET = b"a secret that only the tests know"
REPO = RepoName("octo", "widgets")
NEVER_RETURNS = 900
QUICK = Rhythm(heartbeat=0.2, dead_after=2.0, sweep=0.5, unsettled_after=1.0, first_retry=0.3)


class Diary:
    """A file that several processes add lines to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, what: str, which: int) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, f"{what} {which} {os.getpid()}\n".encode())
        os.close(file)

    def lines(self) -> list[tuple[str, int, int]]:
        """What, which one, by which process; in the order of writing."""
        if not self._path.exists():
            return []
        parts = [line.split() for line in self._path.read_text().splitlines()]
        return [(what, int(which), int(process)) for what, which, process in parts]


class TinyHandlers:
    """The least that can be done with a delivery and with a pull request. `busy_seconds` are spent computing."""

    def __init__(self, transactions: Transactions, engine: Engine, diary: Diary, busy_seconds: float) -> None:
        self._deliveries = Deliveries(transactions)
        self._pulls = Pulls(transactions)
        self._engine = engine
        self._diary = diary
        self._busy_seconds = busy_seconds

    def handlers(self) -> Handlers:
        return Handlers(self.delivery, self.pull, self.comment, self.let_go)

    def delivery(self, delivery_id: int) -> None:
        stored = self._deliveries.read(delivery_id)
        if stored.state is not DeliveryState.RECEIVED:
            return
        self._deliveries.begin(delivery_id)
        number = json.loads(stored.body).get("pull")
        if number is not None:
            ref = PullRef(1, number)
            wanted = self._pulls.want(ref, number % 5, REPO, trigger="opened")
            self._engine.jobs.enqueue(PullJob(ref, wanted, number % 5))
        self._deliveries.settle(delivery_id, DeliveryState.HANDLED, "")
        self._diary.note("delivered", delivery_id)

    def pull(self, ref: PullRef) -> Next:
        hold = self._pulls.take(ref, self._engine.worker_id)
        if hold is None:
            return Done()
        self._diary.note("begun", ref.number)
        until = time.perf_counter() + self._busy_seconds
        while time.perf_counter() < until or ref.number >= NEVER_RETURNS:
            sum(range(2_000)) if ref.number < NEVER_RETURNS else time.sleep(0.05)
        # Before it is let go: of one who is killed between the two, another notes the end, and not nobody.
        self._diary.note("ended", ref.number)
        more = self._pulls.release(hold)
        return Again(0.0) if more else Done()

    def comment(self, delivery_id: int) -> Next:
        return Done()

    def let_go(self, ref: PullRef) -> None:
        self._pulls.drop(ref, self._engine.worker_id, due_in=0.5)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("how", choices=("serve", "work"))
    parser.add_argument("url")
    parser.add_argument("diary", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--busy", type=float, default=0.0)
    parser.add_argument("--reviews", type=int, default=4)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    transactions = open_transactions(options.url)
    metrics = Metrics()
    engine = Engine(
        transactions,
        DurableQueue(transactions),
        reviews_at_once=options.reviews,
        rhythm=QUICK if options.quick else Rhythm(),
        observe=metrics.job_ended,
    )
    handlers = TinyHandlers(transactions, engine, Diary(options.diary), options.busy).handlers()
    if options.how == "work":
        work(engine, handlers)
        return
    ingest = Ingest([SECRET], OwnIdentity(1), transactions, engine.jobs)
    endpoint = WebhookEndpoint(ingest, metrics, writers=1 if transactions.is_sqlite else 4)
    serve(
        create_app(endpoint, Probes({"worker": engine.is_alive}), metrics), engine, handlers, "127.0.0.1", options.port
    )


if __name__ == "__main__":
    main()
