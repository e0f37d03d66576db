"""Any order of wanting, taking, letting go, dying and waking: nothing wanted is lost, and one at a time has it."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from reviewbot.domain.pull import PullRef
from reviewbot.store.pulls import Fenced, Hold, Pulls
from reviewbot.store.transactions import Transactions
from reviewbot.store.workers import Workers
from tests.store.builders import HEAD, INSTALLATION, REPO, silence
from tests.store.conftest import empty, run_sql

REFS = [PullRef(1, 1), PullRef(1, 2)]
WORKERS = ["w1", "w2", "w3"]
refs, workers = st.sampled_from(REFS), st.sampled_from(WORKERS)


class PullsMachine(RuleBasedStateMachine):
    transactions: Transactions
    holds = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        empty(self.transactions)
        # One for each worker, as in processes of their own.
        self.pulls = {worker: Pulls(self.transactions) for worker in WORKERS}
        self.beats = Workers(self.transactions)
        for worker in WORKERS:
            self.beats.beat(worker, f"executor of {worker}")
        self.alive = set(WORKERS)
        self.buried = set[str]()
        self.wanted: dict[PullRef, int] = defaultdict(int)
        self.handled: dict[PullRef, int] = defaultdict(int)
        self.holder: dict[PullRef, Hold] = {}
        self.issued: list[Hold] = []

    @rule(ref=refs)
    def want(self, ref: PullRef) -> None:
        self.wanted[ref] += 1
        assert self.pulls["w1"].want(ref, INSTALLATION, REPO) == self.wanted[ref]

    @rule(target=holds, ref=refs, worker=workers)
    def take(self, ref: PullRef, worker: str) -> Hold | None:
        hold = self.pulls[worker].take(ref, worker)
        holder = self.holder.get(ref)
        is_held = holder is not None and holder.worker in self.alive and holder.worker != worker
        assert (hold is not None) == (self.wanted[ref] > self.handled[ref] and not is_held)
        if hold is not None:
            assert hold.wanted == self.wanted[ref]
            assert all(hold.token > other.token for other in self.issued if other.ref == ref)
            self.holder[ref] = hold
            self.issued.append(hold)
            if worker in self.buried:
                # Nobody knows yet that it is not heard of: it gets the time of a worker that has just started.
                self.alive.add(worker)
        return hold

    @rule(hold=consumes(holds), again=st.sampled_from([None, 0.0, -5.0]))
    def release(self, hold: Hold | None, again: float | None) -> None:
        if hold is None:
            return
        if self.holder.get(hold.ref) != hold:
            with pytest.raises(Fenced):
                self.pulls[hold.worker].release(hold, due_in=again)
            return
        if again is None:
            self.handled[hold.ref] = hold.wanted
        more = self.pulls[hold.worker].release(hold, due_in=again)
        assert more == (self.wanted[hold.ref] > hold.wanted)
        del self.holder[hold.ref]

    @rule(hold=holds)
    def conclude(self, hold: Hold | None) -> None:
        if hold is None:
            return
        if self.holder.get(hold.ref) == hold:
            self.pulls[hold.worker].conclude(hold, HEAD, "complete", "")
        else:
            with pytest.raises(Fenced):
                self.pulls[hold.worker].conclude(hold, HEAD, "complete", "")

    @rule(ref=refs, worker=workers)
    def crash_in_a_look(self, ref: PullRef, worker: str) -> None:
        self.pulls[worker].drop(ref, worker, due_in=0)
        holder = self.holder.get(ref)
        if holder is not None and holder.worker == worker:
            del self.holder[ref]

    @rule(worker=workers)
    def fall_silent(self, worker: str) -> None:
        silence(self.transactions, worker)
        run_sql(self.transactions, "UPDATE pull SET taken_at = taken_at - 60 WHERE worker = :worker", worker=worker)
        self.alive.discard(worker)

    @rule(worker=workers)
    def wake(self, worker: str) -> None:
        self.beats.beat(worker, f"executor of {worker}")
        self.alive.add(worker)
        self.buried.discard(worker)

    @rule()
    def sweep(self) -> None:
        for worker, _ in self.beats.dead():
            self.beats.bury(worker)
            self.beats.bury(worker)
            self.buried.add(worker)
            self.holder = {ref: hold for ref, hold in self.holder.items() if hold.worker != worker}

    @invariant()
    def one_at_a_time_has_it(self) -> None:
        valid = [hold for hold in self.issued if self.pulls[hold.worker].is_mine(hold)]
        assert sorted(valid, key=str) == sorted(self.holder.values(), key=str)

    @invariant()
    def nothing_wanted_is_lost(self) -> None:
        """It is due for whoever looks, unless somebody alive has it."""
        held = {ref for ref, hold in self.holder.items() if hold.worker in self.alive}
        expected = {ref for ref in REFS if self.wanted[ref] > self.handled[ref]} - held
        assert set(Pulls(self.transactions).due(9)) == expected


def test_f60_f61_no_order_of_events_loses_what_is_wanted_or_gives_it_to_two(transactions: Transactions):
    class Machine(PullsMachine):
        pass

    Machine.transactions = transactions
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=40 if transactions.is_sqlite else 15,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
