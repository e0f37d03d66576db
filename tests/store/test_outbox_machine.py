"""Any order of sending, losing answers, dying, looking and being pushed aside: what is written is written once.

The machine is GitHub, which shows a write at once or only later, and two workers that follow the outbox's rules, die
where they like and come back when their hold is gone.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from reviewbot.errors import StoreError
from reviewbot.store.outbox import Outbox, Outgoing, SendState
from reviewbot.store.pulls import Fenced, Hold, Pulls
from reviewbot.store.transactions import Transactions
from tests.store.builders import INSTALLATION, REF, REPO
from tests.store.conftest import empty, run_sql

KEY = "1:2:3:head"
STALE_SECONDS = 30.0
"""GitHub's lists may be that old."""


class OutboxMachine(RuleBasedStateMachine):
    transactions: Transactions

    def __init__(self) -> None:
        super().__init__()
        empty(self.transactions)
        self.outbox, self.pulls = Outbox(self.transactions), Pulls(self.transactions)
        self.pulls.want(REF, INSTALLATION, REPO)
        self.hold = self._taken("w0")
        self.lost: list[Hold] = []
        self.id = self.outbox.plan(self.hold, KEY, "review", {"body": "x"}).id
        self.clock = 0.0
        self.arrived: list[float] = []
        self.is_on_its_way = False
        self.ended: Outgoing | None = None

    def _taken(self, worker: str) -> Hold:
        hold = self.pulls.take(REF, worker)
        assert hold is not None
        return hold

    def _row(self) -> Outgoing:
        row = self.outbox.find(KEY, "review")
        assert row is not None
        return row

    @rule()
    def plan(self) -> None:
        assert self.outbox.plan(self.hold, KEY, "review", {"body": "another"}).request == {"body": "x"}

    @precondition(lambda self: not self.is_on_its_way)
    @rule()
    def begin(self) -> None:
        before = self._row().state
        began = self.outbox.sending(self.hold, self.id)
        assert (began is not None) == (before is SendState.PLANNED)
        self.is_on_its_way = began is not None

    @precondition(lambda self: self.is_on_its_way)
    @rule(fate=st.sampled_from(["answered", "not applied", "lost before", "lost after", "refused"]))
    def send(self, fate: str) -> None:
        self.is_on_its_way = False
        if fate in ("answered", "lost after"):
            self.arrived.append(self.clock)
        if fate == "answered":
            assert self.outbox.sent(self.hold, self.id, "1")
        elif fate == "not applied":
            assert self.outbox.planned_again(self.hold, self.id)
        elif fate == "refused":
            assert self.outbox.refused(self.hold, self.id, "422")
        else:
            assert self.outbox.unknown(self.hold, self.id, "reset")

    @rule(has_arrived=st.booleans(), is_own=st.booleans())
    def die(self, has_arrived: bool, is_own: bool) -> None:
        """The next worker takes it; a request that was on its way arrives or does not, and nobody hears of it."""
        if self.is_on_its_way and has_arrived:
            self.arrived.append(self.clock)
        self.is_on_its_way = False
        self.lost.append(self.hold)
        name = self.hold.worker if is_own else f"w{len(self.lost)}"
        run_sql(self.transactions, "UPDATE pull SET taken_at = taken_at - 60")
        self.hold = self._taken(name)
        claimed = self.outbox.claim(self.hold, KEY)
        assert all(row.state is SendState.UNKNOWN for row in claimed)

    @rule(seconds=st.sampled_from([1.0, 16.0, 31.0]))
    def wait(self, seconds: float) -> None:
        self.clock += seconds
        run_sql(self.transactions, "UPDATE outgoing SET clean_read_at = clean_read_at - :s", s=seconds)

    @precondition(lambda self: not self.is_on_its_way)
    @rule(is_stale=st.booleans())
    def look(self, is_stale: bool) -> None:
        """The rule for callers: adopt what is found, and send again after two looks thirty seconds apart."""
        if self._row().state is not SendState.UNKNOWN:
            return
        seen = [at for at in self.arrived if not is_stale or self.clock - at >= STALE_SECONDS]
        if seen:
            assert self.outbox.sent(self.hold, self.id, "1")
        elif self.outbox.clean_read(self.hold, self.id) >= STALE_SECONDS:
            assert self.outbox.planned_again(self.hold, self.id)

    @precondition(lambda self: not self.is_on_its_way)
    @rule()
    def be_hasty(self) -> None:
        """Who does not look twice gets nowhere."""
        reads = run_sql(self.transactions, "SELECT clean_reads FROM outgoing")[0][0]
        if self._row().state is SendState.UNKNOWN and reads < 2:
            with pytest.raises(StoreError, match="may have arrived"):
                self.outbox.planned_again(self.hold, self.id)

    @precondition(lambda self: self.lost)
    @rule(number=st.integers(0, 99), act=st.sampled_from(["sending", "sent", "unknown", "planned_again", "refused"]))
    def come_back(self, number: int, act: str) -> None:
        arguments = {"sent": ("2",), "unknown": ("",), "refused": ("",)}.get(act, ())
        with pytest.raises(Fenced):
            getattr(self.outbox, act)(self.lost[number % len(self.lost)], self.id, *arguments)

    @invariant()
    def it_is_written_once(self) -> None:
        assert len(self.arrived) <= 1

    @invariant()
    def an_end_is_the_end(self) -> None:
        row = replace(self._row(), clean_read_at=None)
        if self.ended is not None:
            assert row == self.ended
        elif row.state in (SendState.SENT, SendState.REFUSED):
            self.ended = row
        if row.state is SendState.SENT:
            assert len(self.arrived) == 1


def test_f42_f43_f60_f61_no_order_of_events_writes_twice(transactions: Transactions):
    class Machine(OutboxMachine):
        pass

    Machine.transactions = transactions
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=50 if transactions.is_sqlite else 15,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
