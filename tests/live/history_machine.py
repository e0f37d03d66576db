"""A random history of the live service as a state machine: deeds of people, passages of events, faults, deaths."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.fakes.github import Kind
from tests.live.history import History, Passage
from tests.live.history_end import wrongs
from tests.live.people import EDITS, PEOPLE, POLICIES, SAYINGS, TURNS

_PASSAGES = st.sampled_from([Passage.NOW, Passage.NOW, Passage.NOW, *Passage])
_THEN = st.sampled_from(["settle", "step", "nothing", "settle"])
_SMALL = st.integers(0, 5)
_PULLS = st.integers(0, 2)
_CROSSINGS = st.integers(0, 24)
_READS = ("/repos/*/*/pulls/*", "**/check-runs", "**/reviews", "**/reviews/*/comments", "**/comments", "**/permission")
_WRITES = (
    "**/check-runs",
    "**/check-runs/*",
    "**/reviews",
    "**/comments",
    "**/replies",
    "/graphql",
    "**/access_tokens",
)
_OF_THE_SWEEP = ("**/pulls", "/app/**", "/installation/**")
_PLACES = st.sampled_from(
    [("*", "**"), *(("*", place) for place in _WRITES), *(("GET", place) for place in (*_READS, *_OF_THE_SWEEP))]
)


def _answerable(fault: tuple[tuple[str, str], Kind, int, int]) -> tuple[tuple[str, str], Kind, int, int]:
    """GitHub calls a body unprocessable; what has none, like the GETs of its description, never gets that answer."""
    (method, path), kind, first, count = fault
    return (("POST" if kind.startswith("422") else method, path), kind, first, count)


_FAULTS = st.tuples(_PLACES, st.sampled_from(Kind), st.integers(1, 3), st.integers(1, 4)).map(_answerable)
_TROUBLES = st.one_of(
    st.none(),
    st.tuples(st.just("die"), _CROSSINGS, st.booleans()),
    st.tuples(st.just("hang"), _CROSSINGS),
    st.tuples(st.just("fault"), _FAULTS),
    st.tuples(st.just("push"), _CROSSINGS, _PULLS, st.sampled_from(EDITS), _SMALL),
    st.tuples(st.just("turn"), _CROSSINGS, _PULLS, st.sampled_from(TURNS)),
)
"""What happens while the service works on a deed: at a crossing from then on, or at a call."""


Trouble = tuple[Any, ...] | None


class Machine(RuleBasedStateMachine):
    """One random history; `opened` gives it a world, a database and a folder of its own."""

    opened: Callable[[], History]

    def __init__(self) -> None:
        super().__init__()
        self.history = self.opened()
        self.people, self.world = self.history.people, self.history.world

    @initialize(mark=_SMALL, passage=_PASSAGES, trouble=_TROUBLES, then=_THEN)
    def first(self, mark: int, passage: Passage, trouble: Trouble, then: str) -> None:
        self.people.open(mark, draft=False, from_fork=False)
        self._then(passage, trouble, then)

    @rule(mark=_SMALL, draft=st.booleans(), from_fork=st.booleans(), passage=_PASSAGES, trouble=_TROUBLES, then=_THEN)
    def open(self, mark: int, draft: bool, from_fork: bool, passage: Passage, trouble: Trouble, then: str) -> None:
        self.people.open(mark, draft, from_fork)
        self._then(passage, trouble, then)

    @rule(
        pull=_PULLS,
        edit=st.sampled_from(EDITS),
        mark=_SMALL,
        severity=_SMALL,
        passage=_PASSAGES,
        trouble=_TROUBLES,
        then=_THEN,
    )
    def push(
        self, pull: int, edit: str, mark: int, severity: int, passage: Passage, trouble: Trouble, then: str
    ) -> None:
        self.people.push(self.people.pull(pull), edit, mark, severity)
        self._then(passage, trouble, then)

    @rule(
        pull=_PULLS,
        how=st.sampled_from(["back", "force", "rebase", "empty"]),
        mark=_SMALL,
        passage=_PASSAGES,
        trouble=_TROUBLES,
        then=_THEN,
    )
    def rewrite(self, pull: int, how: str, mark: int, passage: Passage, trouble: Trouble, then: str) -> None:
        self.people.rewrite(self.people.pull(pull), how, mark)
        self._then(passage, trouble, then)

    @rule(pull=_PULLS, to=st.sampled_from(TURNS), passage=_PASSAGES, trouble=_TROUBLES, then=_THEN)
    def turn(self, pull: int, to: str, passage: Passage, trouble: Trouble, then: str) -> None:
        self.people.turn(self.people.pull(pull), to)
        self._then(passage, trouble, then)

    @rule(
        pull=_PULLS,
        who=st.sampled_from(PEOPLE),
        saying=st.sampled_from(SAYINGS),
        which=_SMALL,
        passage=_PASSAGES,
        trouble=_TROUBLES,
        then=_THEN,
    )
    def say(self, pull: int, who: str, saying: str, which: int, passage: Passage, trouble: Trouble, then: str) -> None:
        self.people.say(self.people.pull(pull), who, saying, which)
        self._then(passage, trouble, then)

    @rule(
        pull=_PULLS,
        what=st.sampled_from(["reply", "resolve", "unresolve", "delete", "thumb", "command"]),
        which=_SMALL,
        who=st.sampled_from(PEOPLE[:2]),
        passage=_PASSAGES,
        trouble=_TROUBLES,
        then=_THEN,
    )
    def touch(self, pull: int, what: str, which: int, who: str, passage: Passage, trouble: Trouble, then: str) -> None:
        self.people.touch(self.people.pull(pull), what, which, who)
        self._then(passage, trouble, then)

    @rule(pull=_PULLS, suite=st.booleans(), passage=_PASSAGES, trouble=_TROUBLES, then=_THEN)
    def rerun(self, pull: int, suite: bool, passage: Passage, trouble: Trouble, then: str) -> None:
        self.people.rerun(self.people.pull(pull), suite)
        self._then(passage, trouble, then)

    @rule(policy=st.sampled_from(POLICIES))
    def decide(self, policy: str | None) -> None:
        self.people.decide(policy)

    @rule(passage=_PASSAGES, trouble=_TROUBLES, then=_THEN)
    def suspend(self, passage: Passage, trouble: Trouble, then: str) -> None:
        installation = self.world.installation()
        self.world.suspend() if installation.suspended_at is None else self.world.unsuspend()
        self._then(passage, trouble, then)

    @rule(fails=st.booleans())
    def reviewers(self, fails: bool) -> None:
        self.history.service.factory.reviewers[0].failure = "the model is down" if fails else None

    @rule()
    def late_arrives(self) -> None:
        self.history.deliver_late()

    @rule(seconds=st.sampled_from([1.0, 31.0, 300.0, 3601.0]))
    def wait(self, seconds: float) -> None:
        self.world.clock.advance(seconds)

    @rule()
    def step(self) -> None:
        self.history.step()

    @rule(trouble=_TROUBLES)
    def settle(self, trouble: Trouble) -> None:
        self._prepare(trouble)
        self.history.settle(600.0)

    @rule(trouble=_TROUBLES)
    def reconcile(self, trouble: Trouble) -> None:
        self._prepare(trouble)
        self.history.reconcile()

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.history.end()
                found = wrongs(self.history)
                assert not found, "\n".join(found)
        finally:
            self.world.close()

    def _then(self, passage: Passage, trouble: Trouble, then: str) -> None:
        """Sends off the events of a deed, and lets the service work for a while, or not."""
        self._prepare(trouble)
        self.history.post(passage)
        if then == "settle":
            self.history.settle(120.0)
        elif then == "step":
            self.history.step()

    def _prepare(self, trouble: Trouble) -> None:
        service, people = self.history.service, self.people
        match trouble:
            case ("die", crossing, silently):
                service.die_at.add(len(service.crossed) + crossing)
                service.dies_silently = silently
            case ("hang", crossing):
                service.at(crossing, service.hang)
            case ("fault", (place, kind, nth, times)):
                seconds = {"seconds": 20.0} if kind is Kind.STALE else {}
                self.world.fault(*place, kind, nth=nth, times=times, **seconds)
            case ("push", crossing, pull, edit, mark):
                self._meanwhile(crossing, lambda: people.push(people.pull(pull), edit, mark, mark))
            case ("turn", crossing, pull, to):
                self._meanwhile(crossing, lambda: people.turn(people.pull(pull), to))

    def _meanwhile(self, crossing: int, deed: Callable[[], None]) -> None:
        def happens() -> None:
            deed()
            self.history.post()

        self.history.service.at(crossing, happens)
