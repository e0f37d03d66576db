"""The live service in one thread: real pipelines, real database, real HTTP to the fake GitHub, and a clock that jumps.

Jobs wait in a list in the place of the durable queue: like that one it forgets nothing, and runs a job again whose
process has died.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session, select

from reviewbot.bootstrap_live import SharedPace
from reviewbot.domain.policy import Policy
from reviewbot.domain.pull import PullRef
from reviewbot.git.live import LiveCache
from reviewbot.github.app import GitHubApp
from reviewbot.github.pace import MemoryPace
from reviewbot.github.webhook import OwnIdentity
from reviewbot.pipelines.answer_comment import answer_comment
from reviewbot.pipelines.handle_delivery import handle_delivery
from reviewbot.pipelines.live import Limits, Live
from reviewbot.pipelines.reconcile import ReconcileReport, reconcile
from reviewbot.pipelines.record.backtest import work_on_backtests
from reviewbot.pipelines.record.noticed import IssueImporter
from reviewbot.pipelines.record.work import work_on_incidents
from reviewbot.pipelines.review_pull import let_go, review_pull
from reviewbot.store.backtests import Backtests
from reviewbot.store.deliveries import Deliveries, Delivery
from reviewbot.store.feedback import Feedback
from reviewbot.store.incidents import Incidents
from reviewbot.store.installations import Installations
from reviewbot.store.outbox import Outbox
from reviewbot.store.outcomes import Outcomes
from reviewbot.store.policies import Policies
from reviewbot.store.pull_facts import PullFacts
from reviewbot.store.pulls import Pulls
from reviewbot.store.record_rows import IncidentRow
from reviewbot.store.rounds import Rounds
from reviewbot.store.spending import Spending
from reviewbot.store.transactions import Transactions
from reviewbot.store.workers import Workers
from tests.fakes.github import Event, World
from tests.live.reviewers import Factory

SECRET = b"a secret of the tests"
LONGEST_SECONDS = 6 * 3600.0


class Died(BaseException):
    """The process is gone: nothing after this point happened."""


class WorldTransactions(Transactions):
    """A database whose clock is the world's."""

    world: World

    def now(self, session: Session) -> float:
        return self.world.clock.now()


@dataclass
class WorldClock:
    world: World

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.world.clock.now(), UTC)

    def monotonic(self) -> float:
        return self.world.clock.now()


@dataclass
class Service:
    """One process of the service after another, on one database, against one world."""

    world: World
    transactions: Transactions
    folder: Path
    factory: Factory = field(default_factory=Factory)
    limits: Limits = field(default_factory=lambda: Limits(quiet_seconds=0.0))
    defaults: Policy = field(default_factory=Policy)
    crossed: list[str] = field(default_factory=list)
    die_at: set[int] = field(default_factory=set)
    deaths: int = 0
    git: str = ""
    """Where repositories are fetched from; by default the world's directory, without a server."""
    _jobs: list[tuple[float, int, tuple[Any, ...]]] = field(default_factory=list)
    _count: Iterator[int] = field(default_factory=itertools.count)
    _asked: set[tuple[Any, ...]] = field(default_factory=set)
    _processes: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """A new process: nothing in memory is kept but what the durable queue holds."""
        world, transactions = self.world, self.transactions
        self.worker = f"w{next(self._processes)}"
        installations = Installations(transactions)
        pace = SharedPace(installations, MemoryPace(0.0, monotonic=world.clock.now, sleep=world.clock.advance))
        clock = WorldClock(world)
        self.live = Live(
            own=OwnIdentity(world.app_id, world.slug),
            github=GitHubApp(
                world.app_id, world.private_key, world.api_url, pace, 2.0, sleep=world.clock.advance, clock=clock
            ),
            cache=LiveCache(self.folder),
            histories=LiveCache(self.folder / "histories"),
            git_address=lambda repo: f"{self.git or world.file_url}/{repo}.git",
            deliveries=Deliveries(transactions),
            pulls=Pulls(transactions),
            outbox=Outbox(transactions),
            rounds=Rounds(transactions),
            spending=Spending(transactions),
            installations=installations,
            policies=Policies(transactions),
            feedback=Feedback(transactions),
            outcomes=Outcomes(transactions),
            pull_facts=PullFacts(transactions),
            incidents=Incidents(transactions),
            backtests=Backtests(transactions),
            workers=Workers(transactions),
            reviewers=self.factory,
            queue=self,
            clock=clock,
            worker=self.worker,
            marker_secret=SECRET,
            server_url="https://github.com",
            limits=self.limits,
            defaults=self.defaults,
            crashpoint=self._cross,
        )
        self.live.workers.beat(self.worker, self.worker)
        self._importer = IssueImporter(self.live)

    # The queue of the pipelines

    def pull(self, ref: PullRef, installation_id: int, wanted: int, delay_seconds: float) -> None:
        self._put(("pull", ref, wanted), delay_seconds)

    def comment(self, delivery_id: int, installation_id: int) -> None:
        self._put(("comment", delivery_id), 0.0)

    # What a test does

    def receive(self, *events: Event, times: int = 1) -> None:
        """Stores deliveries like the web server does."""
        for event in events:
            for _ in range(times):
                delivery = Delivery(f"integration:{self.world.app_id}", event.guid, event.name, event.body)
                self.live.deliveries.remember(delivery, lambda _, number: self._put(("delivery", number), 0.0))

    def settle(self, seconds: float = LONGEST_SECONDS) -> None:
        """Works, and lets time pass where there is nothing to do, until nothing is left or the time is over."""
        end = self.world.clock.now() + seconds
        while True:
            self.work()
            self._sweep()
            if not self._jobs or self._jobs[0][0] > end:
                return
            self.world.clock.advance(max(0.0, self._jobs[0][0] - self.world.clock.now()))

    def work(self) -> None:
        """Does everything that is due now."""
        for _ in range(500):
            if not self._jobs or self._jobs[0][0] > self.world.clock.now():
                return
            self.step()
        raise AssertionError(f"the jobs never end: {self._jobs[:5]}")

    def step(self) -> None:
        """Does one job; a death leaves it in the queue for the next process."""
        due, number, job = heapq.heappop(self._jobs)
        self.live.workers.beat(self.worker, self.worker)
        try:
            later = self._do(job)
        except Died:
            heapq.heappush(self._jobs, (due, number, job))
            self.replaced()
            return
        if later is not None:
            self._put((*job[:2], "again"), later, again=True)

    def replaced(self) -> None:
        """The process has died, and the next one starts."""
        self.deaths += 1
        self.live.workers.leave(self.worker)
        self.start()

    def incidents(self, rounds: int = 60) -> None:
        """Works on the incidents that are due, and lets time pass where one has to wait."""
        for _ in range(rounds):
            try:
                work_on_incidents(self.live)
            except Died:
                self.replaced()
            due = self._next_incident()
            if due is None:
                return
            self.world.clock.advance(max(0.0, due - self.world.clock.now()) + 0.01)
        raise AssertionError("the incidents never come to rest")

    def backtest(self) -> None:
        """Makes the backtests that are wanted now."""
        try:
            work_on_backtests(self.live)
        except Died:
            self.replaced()

    def import_issues(self) -> int:
        return self._importer.import_issues()

    def _next_incident(self) -> float | None:
        with self.transactions.reading() as session:
            rows = session.exec(select(IncidentRow.due_at).where(IncidentRow.due_at.is_not(None)))
            return min((due for due in rows if due is not None), default=None)

    def reconcile(self) -> ReconcileReport:
        return reconcile(self.live)

    @contextmanager
    def dying(self, *crossings: int) -> Iterator[None]:
        """The process dies at these crossings, counted from now."""
        start = len(self.crossed)
        self.die_at = {start + number for number in crossings}
        yield
        self.die_at = set()

    def _do(self, job: tuple[Any, ...]) -> float | None:
        match job[0]:
            case "delivery":
                handle_delivery(self.live, job[1])
                return None
            case "comment":
                return answer_comment(self.live, job[1])
            case "tick":
                return None
            case _:
                return self._look(job[1])

    def _look(self, ref: PullRef) -> float | None:
        try:
            return review_pull(self.live, ref)
        except Exception:
            let_go(self.live, ref)
            raise

    def _put(self, job: tuple[Any, ...], delay_seconds: float, again: bool = False) -> None:
        if job in self._asked and not again:
            return
        self._asked.add(job)
        heapq.heappush(self._jobs, (self.world.clock.now() + delay_seconds, next(self._count), job))

    def _sweep(self) -> None:
        """What the sweep thread of a worker does: nothing that is due may lack a job."""
        for ref in self.live.pulls.due(100):
            self._put(("pull", ref, "sweep"), 0.0, again=True)
        if self._jobs:
            return
        waiting = [work.due_at for work in self.live.pulls.open_work() if work.due_at is not None]
        if waiting and not self._jobs:
            heapq.heappush(self._jobs, (min(waiting), next(self._count), ("tick", None)))

    def _cross(self, name: str) -> None:
        self.crossed.append(name)
        if len(self.crossed) - 1 in self.die_at:
            raise Died(name)


Scenario = Callable[[Service], None]
