"""`kill -9` of the whole product under load: what was acknowledged is reviewed, once."""

from __future__ import annotations

import os
import random
import signal
import time

from tests.fakes.github import World
from tests.processes.load import Load, repositories, settled_after
from tests.processes.product import Product


def test_f03_f60_three_kills_under_load_lose_and_repeat_nothing(product: Product, world: World):
    chance = random.Random(7)
    load = Load(product, repositories(world, 8), per_second=2.0)
    server = product.serve()
    load.start()

    for _ in range(3):
        time.sleep(chance.uniform(1.0, 3.0))
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        server = product.serve()
    load.end()

    settled_after(load, world)
    assert load.acknowledged > 5
