"""One history: what people do, what becomes of the events, what breaks, and what the service makes of it."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from reviewbot.ports import ReviewTask
from reviewbot.store.transactions import Transactions
from tests.fakes.github import Event, World
from tests.fakes.github.deliveries import record
from tests.live.people import People
from tests.live.service import Died, Service

_HANGS_SECONDS = 25.0
"""Longer than a worker may be silent, and shorter than the time between two looks for a lost write."""


class Passage(StrEnum):
    """What becomes of the events of a deed on their way to us."""

    NOW = "now"
    TWICE = "twice"
    LATE = "late"
    DROPPED = "dropped"
    """GitHub knows that it failed."""
    LOST = "lost"
    """GitHub believes that it arrived."""
    NEVER = "never fired"


@dataclass
class MortalService(Service):
    """A service whose processes die without a word, hang while others work, and are watched by people at any step."""

    meanwhile: dict[int, Callable[[], None]] = field(default_factory=dict)
    dies_silently: bool = False
    _hangs: bool = False
    _doing: tuple[Any, ...] = ("tick", None)

    def replaced(self) -> None:
        """A process that died silently is only known to be dead by its silence."""
        self.deaths += 1
        if not self.dies_silently:
            self.live.workers.leave(self.worker)
        self.start()

    def at(self, crossing: int, deed: Callable[[], None]) -> None:
        """Has something happen between two steps: at this crossing, counted from now."""
        self.meanwhile[len(self.crossed) + crossing] = deed

    def hang(self) -> None:
        """This process stands still so long that it counts as dead; another does what is due, and this one goes on."""
        if self._hangs:
            return
        self._hangs, sleeper, name, doing = True, self.live, self.worker, self._doing
        self.world.clock.advance(_HANGS_SECONDS)
        self.start()
        self.bury()
        try:
            for job in (doing, *(("pull", ref, self.worker) for ref in self.live.pulls.due(100))):
                later = self._do(job)
                if later is not None:
                    self._put((*job[:2], self.worker), later, again=True)
        except Died:
            self.deaths += 1
        self.live.workers.leave(self.worker)
        self._hangs, self.live, self.worker = False, sleeper, name

    def bury(self) -> None:
        """What the sweep thread of every worker does about the dead."""
        for worker_id, _ in self.live.workers.dead():
            self.live.workers.bury(worker_id)

    def _do(self, job: tuple[Any, ...]) -> float | None:
        self._doing = job
        return super()._do(job)

    def _sweep(self) -> None:
        """What a dead process holds is due already, but free only when its silence has been long enough."""
        self.bury()
        super()._sweep()
        soon = self.world.clock.now() + 5.0
        self._jobs = [(max(due, soon) if job[0] == "tick" else due, number, job) for due, number, job in self._jobs]
        heapq.heapify(self._jobs)

    def _cross(self, name: str) -> None:
        deed = self.meanwhile.pop(len(self.crossed), None)
        super()._cross(name)
        if deed is not None:
            deed()


@dataclass
class History:
    """A repository, its people, and a service that is to keep its word whatever happens to it."""

    world: World
    transactions: Transactions
    folder: Path
    late: list[Event] = field(default_factory=list)
    read_in_vain: dict[str, bool] = field(default_factory=dict)
    """For each head that a reviewer read: whether it failed the last time."""
    _posted: int = 0

    def __post_init__(self) -> None:
        self.world.clock.hold()
        self.people = People(self.world)
        self.service = MortalService(self.world, self.transactions, self.folder)
        self.service.factory.reviewers[0].during = self._noted
        self.world.hook = self._received

    # What becomes of events

    def post(self, passage: Passage = Passage.NOW) -> None:
        """Sends off what has happened since the last time."""
        events, self._posted = self.world.events[self._posted :], len(self.world.events)
        for number, event in enumerate(events):
            event.guid = f"{self._posted:05}-{number:03}"
            self._send(event, passage)

    def deliver_late(self) -> None:
        """Everything that was held back arrives, the last first."""
        late, self.late = self.late[::-1], []
        for event in late:
            self._send(event, Passage.NOW)

    def _send(self, event: Event, passage: Passage) -> None:
        match passage:
            case Passage.NOW | Passage.TWICE:
                for _ in range(2 if passage is Passage.TWICE else 1):
                    record(self.world, event, event.guid, self._received(event, event.guid))
            case Passage.LATE:
                self.late.append(event)
            case Passage.DROPPED:
                record(self.world, event, event.guid, 503)
            case Passage.LOST:
                record(self.world, event, event.guid, 202)
            case Passage.NEVER:
                pass

    def _received(self, event: Event, guid: str) -> int:
        self.service.receive(replace(event, guid=guid))
        return 202

    # What the service does

    def settle(self, seconds: float) -> None:
        self.service.settle(seconds)

    def step(self) -> None:
        """One job that is due, if there is one."""
        jobs = self.service._jobs
        if jobs and min(jobs)[0] <= self.world.clock.now():
            self.service.step()

    def reconcile(self) -> None:
        try:
            self.service.reconcile()
        except Died:
            self.service.replaced()

    def _noted(self, task: ReviewTask) -> None:
        reader = self.service.factory.reviewers[0]
        self.read_in_vain[str(task.change.head)] = reader.failure is not None

    # The end

    def end(self) -> None:
        """Nothing breaks any more, and everything that can still arrive does."""
        service = self.service
        service.die_at, service.meanwhile = set(), {}
        self.world.faults.clear()
        service.factory.reviewers[0].failure = None
        installation = self.people.shop.state.installation
        if installation is not None and installation.suspended_at is not None:
            self.world.unsuspend(installation)
        for _ in range(4):
            self._come_to_rest()
            # A refused key is not asked about again for a while.
            self.world.clock.advance(3600.0)
            self.reconcile()
        self._come_to_rest()

    def _come_to_rest(self) -> None:
        self.deliver_late()
        while True:
            self.post()
            self.service.settle(24 * 3600.0)
            if self._posted == len(self.world.events):
                return
