"""Every step of a scenario together with everything that can go wrong at it: made by a rule, not by chance.

A scenario is played once undisturbed, which tells the requests it makes and the points at which its process can die.
From these come the schedules; each is the same scenario with one thing, or two, going wrong.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.github import Expected, Fault, GitHub, violations
from tests.fakes.github.faults import Kind
from tests.fakes.github.ledger import Call
from tests.live.scenario_end import untruths
from tests.live.scenarios import BEFORE, Scenario, Stage
from tests.live.troubled import TroubledService, TroubledTransactions

_NUMBER = re.compile(r"/(?:\d+|[0-9a-f]{40})(?=/|$)")

# What passes by itself: afterwards everything is as if it had never been.
_ANY: tuple[tuple[Kind, dict[str, Any]], ...] = (
    (Kind.RESET_BEFORE, {}),
    (Kind.ERROR_BEFORE, {"status": 502}),
    (Kind.TIMEOUT_BEFORE, {"seconds": 0.0}),
    (Kind.UNAUTHORIZED, {}),
    (Kind.PRIMARY_403, {"reset_seconds": 1800}),
    (Kind.PRIMARY_429, {}),
    (Kind.SECONDARY_403, {"retry_after": 90}),
    (Kind.SECONDARY_429, {}),
    (Kind.ABUSE, {}),
    (Kind.HTML, {}),
    (Kind.TRUNCATED, {}),
    (Kind.CUT, {}),
    (Kind.BROKEN_GZIP, {}),
    (Kind.EMPTY, {}),
    (Kind.WRONG_JSON, {}),
    (Kind.REDIRECT_SAME_HOST, {}),
    (Kind.REDIRECT_OTHER_HOST, {}),
    (Kind.DELAY, {"seconds": 0.01}),
    (Kind.SLOW_DRIP, {"seconds": 0.01}),
)
_WRITES: tuple[tuple[Kind, dict[str, Any]], ...] = (
    (Kind.RESET_AFTER, {}),
    (Kind.ERROR_AFTER, {"status": 502}),
    (Kind.TIMEOUT_AFTER, {"seconds": 0.0}),
    (Kind.ERROR_AFTER, {"stale_seconds": 25.0}),
    (Kind.STALE, {"seconds": 25.0}),
)
# What GitHub says once and, as far as anybody can tell, for good: the end may fall short, and has to say so.
_FINAL: tuple[tuple[Kind, dict[str, Any]], ...] = (
    (Kind.NOT_FOUND, {}),
    (Kind.FORBIDDEN, {}),
    (Kind.GONE, {}),
    (Kind.BLOCKED, {}),
    (Kind.UNPROCESSABLE, {}),
)
_REVIEWS: tuple[tuple[Kind, dict[str, Any]], ...] = (
    (Kind.UNPROCESSABLE_LINE, {}),
    (Kind.UNPROCESSABLE_COMMIT, {}),
)
FINAL = frozenset(kind for kind, _ in (*_FINAL, *_REVIEWS))
ALL_KINDS = tuple(dict.fromkeys(kind for kind, _ in (*_ANY, *_WRITES, *_FINAL, *_REVIEWS)))


@dataclass(frozen=True)
class Step:
    """The nth request of one shape in a scenario, counted from its start."""

    method: str
    path: str
    nth: int
    is_write: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}" + (f" the {self.nth}. time" if self.nth > 1 else "")


@dataclass(frozen=True)
class Schedule:
    """A scenario with something that goes wrong: `arm` is called when it begins."""

    name: str
    arm: Callable[[Stage], None]
    more_reads: int = 0
    may_fall_short: bool = False
    is_disturbed: bool = False


@dataclass(frozen=True)
class Score:
    """An undisturbed play: its requests, its crossings, and how often a reviewer read something."""

    steps: tuple[Step, ...]
    crossings: tuple[str, ...]
    commits: int
    reads: int


@dataclass
class Theatre:
    """Plays scenarios one after the other, each in a world of its own, on one database that is emptied in between."""

    github: GitHub
    transactions: TroubledTransactions
    folder: Path
    empty: Callable[[], None]

    def score(self, scenario: Scenario) -> Score:
        """What happens undisturbed; AssertionError where that is not as it should be."""
        steps: list[Step] = []
        crossings: list[str] = []
        commits = 0

        def note(stage: Stage, calls: int, crossed: int) -> None:
            nonlocal commits
            steps.extend(_steps(list(stage.world.calls)[calls:]))
            crossings.extend(stage.service.crossed[crossed:])
            commits = self.transactions.commits

        found, reads = self._played(scenario, Schedule("nothing goes wrong", lambda stage: None), note)
        assert found == [], found
        return Score(tuple(steps), tuple(crossings), commits, reads)

    def failures(self, scenario: Scenario, schedule: Schedule, score: Score) -> list[str]:
        """What is wrong at the end of a schedule, as sentences."""
        found, reads = self._played(scenario, schedule, lambda *_: None)
        if reads > score.reads + schedule.more_reads:
            found.append(f"{reads} reviews were paid for in the place of {score.reads}")
        return found

    def _played(
        self, scenario: Scenario, schedule: Schedule, note: Callable[[Stage, int, int], None]
    ) -> tuple[list[str], int]:
        self.transactions.heal()
        self.empty()
        world = self.github.world()
        self.transactions.world = world
        shop = world.repository("octo/shop", files={"app.py": BEFORE})
        shop.allow("ada", "write")
        service = TroubledService(world, self.transactions, self.folder)
        pull = shop.pull(files=scenario.files, draft=scenario.is_draft)
        stage = Stage(world, shop, service, pull, schedule.may_fall_short, schedule.is_disturbed)
        try:
            scenario.prepare(stage)
            calls, crossed = len(world.calls), len(service.crossed)
            self.transactions.heal()
            schedule.arm(stage)
            scenario.happen(stage)
            note(stage, calls, crossed)
            missed = [fault for fault in world.faults._faults if not fault.struck and not isinstance(fault, _LostWrite)]
            service.reconcile()
            service.settle()
            found = [*violations(world, Expected(silent_heads=stage.silent_heads())), *untruths(scenario, stage)]
            found += [f"the fault never struck: {fault.kind} at {fault.method} {fault.pattern}" for fault in missed]
            return found, stage.reads()
        finally:
            world.close()


def faults(score: Score) -> Iterator[Schedule]:
    """Each request of a scenario with each kind of fault, and with people who act at that very moment."""
    for step in score.steps:
        for kind, options in _kinds(step):
            yield _fault(step, kind, options)
        yield from _disturbances(step)


def deaths(score: Score) -> Iterator[Schedule]:
    """The process dies at each crossing, and the write that follows is answered by an error after its effect."""
    for number, name in enumerate(score.crossings):
        yield Schedule(f"dies at {number} ({name})", lambda stage, at=number: _die(stage, at), more_reads=1)
        yield Schedule(
            f"dies at {number} ({name}), then 5xx after effect",
            lambda stage, at=number: _die(stage, at, then_lost=True),
            more_reads=1,
        )


def overtakings(score: Score) -> Iterator[Schedule]:
    """At each crossing the process sleeps for a minute, another takes its work, and it goes on as if nothing were."""
    for number, name in enumerate(score.crossings):
        yield Schedule(f"overtaken at {number} ({name})", lambda stage, at=number: _sleep(stage, at), more_reads=1)


def lost_commits(score: Score) -> Iterator[Schedule]:
    """The connection to the database breaks at each commit: before it, or after it and before its answer."""
    for number in range(score.commits):
        for is_after in (False, True):
            when = "after" if is_after else "before"
            name = f"the connection breaks {when} commit {number}"
            yield Schedule(name, lambda stage, at=number, is_after=is_after: _break(stage, at, is_after))


def _steps(calls: list[Call]) -> Iterator[Step]:
    seen: Counter[tuple[str, str]] = Counter()
    for call in calls:
        shape = (call.method, _NUMBER.sub("/*", call.path))
        seen[shape] += 1
        yield Step(*shape, seen[shape], call.is_write)


def _kinds(step: Step) -> tuple[tuple[Kind, dict[str, Any]], ...]:
    is_review = step.method == "POST" and step.path.endswith("/reviews")
    return (*_ANY, *(_WRITES if step.is_write else ()), *_FINAL, *(_REVIEWS if is_review else ()))


def _fault(step: Step, kind: Kind, options: dict[str, Any]) -> Schedule:
    def arm(stage: Stage) -> None:
        stage.world.fault(step.method, step.path, kind, nth=step.nth, **options)

    said = f" ({', '.join(f'{name} {value}' for name, value in options.items())})" if options else ""
    return Schedule(f"{kind}{said} at {step}", arm, may_fall_short=kind in FINAL)


def _disturbances(step: Step) -> Iterator[Schedule]:
    """At the moment of a request somebody pushes, closes or locks; the event of it comes at once."""
    yield Schedule(f"a push at {step}", lambda stage: _meanwhile(stage, step, "push"), 2, is_disturbed=True)
    yield Schedule(f"closed at {step}", lambda stage: _meanwhile(stage, step, "close"), 1, is_disturbed=True)
    yield Schedule(f"locked at {step}", lambda stage: _meanwhile(stage, step, "lock"), 0, True, is_disturbed=True)


def _meanwhile(stage: Stage, step: Step, what: str) -> None:
    actions = {
        "push": lambda: stage.pull.push(files={"other.py": "y = 1\n"}),
        "close": stage.pull.close,
        "lock": stage.pull.lock,
    }

    def happen() -> None:
        stage.service.receive(actions[what]())

    stage.world.fault(step.method, step.path, Kind.DELAY, nth=step.nth, seconds=0.0, before=happen)


@dataclass
class _LostWrite(Fault):
    """Strikes the first write once the process has died."""

    service: TroubledService | None = None

    def strikes(self, method: str, path: str) -> bool:
        is_write = method in ("POST", "PATCH", "DELETE") and path.startswith("/repos/")
        if self.struck or not is_write or self.service is None or not self.service.deaths:
            return False
        self.struck = 1
        return True


def _die(stage: Stage, at: int, then_lost: bool = False) -> None:
    stage.service.die_at = {len(stage.service.crossed) + at}
    if then_lost:
        stage.world.faults.add(_LostWrite("*", "**", Kind.ERROR_AFTER, status=502, service=stage.service))


def _sleep(stage: Stage, at: int) -> None:
    stage.service.sleeps_at = len(stage.service.crossed) + at


def _break(stage: Stage, at: int, is_after: bool) -> None:
    stage.service.transactions.breaks_at = (at, is_after)
