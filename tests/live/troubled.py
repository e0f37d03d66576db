"""A service that falls asleep in the middle of its work, and a database whose connections break."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from reviewbot.pipelines.reconcile import ReconcileReport
from reviewbot.store.transactions import _ConnectionLost
from tests.live.service import Died, Service, WorldTransactions

_ASLEEP_SECONDS = 60.0
_AWAY_SECONDS = 20.0


class TroubledTransactions(WorldTransactions):
    """`breaks_at` is the number of a commit since the last `heal`, and whether it is carried out all the same."""

    breaks_at: tuple[int, bool] | None = None
    commits = 0

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.heal()

    def heal(self) -> None:
        self.breaks_at, self.commits = None, 0

    @contextmanager
    def writing(self) -> Iterator[Session]:
        number, self.commits = self.commits, self.commits + 1
        if self.breaks_at == (number, False):
            raise _ConnectionLost("the test broke the connection before the commit")
        with super().writing() as session:
            yield session
        if self.breaks_at == (number, True):
            raise _ConnectionLost("the test broke the connection after the commit")


@dataclass
class TroubledService(Service):
    """At the crossing `sleeps_at` it sleeps until it is taken for dead and another process has begun with its job.

    The other one gets no further than half a minute: a request that is sent after that cannot be told from a new one.
    """

    transactions: TroubledTransactions
    sleeps_at: int = -1
    _doing: tuple[Any, ...] = ()

    def reconcile(self) -> ReconcileReport:
        """As it is done on a schedule: a death ends it, and the next process does it at its own time."""
        try:
            return super().reconcile()
        except Died:
            self.deaths += 1
            self.live.workers.leave(self.worker)
            self.start()
            return ReconcileReport(0, 0)

    def _do(self, job: tuple[Any, ...]) -> float | None:
        self._doing = job
        return super()._do(job)

    def _cross(self, name: str) -> None:
        super()._cross(name)
        if len(self.crossed) - 1 == self.sleeps_at:
            self.sleeps_at = -1
            self.world.clock.advance(_ASLEEP_SECONDS)
            if self._doing:
                self._be_overtaken()

    def _be_overtaken(self) -> None:
        world = self.world
        other = Service(
            world, self.transactions, self.folder, self.factory, self.limits, _processes=itertools.count(1_000)
        )
        other._put(self._doing, 0.0)
        other.settle(_AWAY_SECONDS)
        other.live.workers.leave(other.worker)
        # The durable queue keeps what the other one was to do later.
        for due, _, waiting in other._jobs:
            self._put(waiting, max(0.0, due - world.clock.now()), again=True)
