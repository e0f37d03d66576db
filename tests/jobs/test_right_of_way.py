from __future__ import annotations

import os
import time
from pathlib import Path

from sqlalchemy import create_engine, text

from reviewbot.jobs.right_of_way import RightOfWay


def seconds_to_give(way: RightOfWay) -> float:
    started = time.monotonic()
    way.give()
    return time.monotonic() - started


def test_f69_whoever_gives_way_waits_while_somebody_asks_but_not_for_ever():
    way = RightOfWay()
    free = seconds_to_give(way)
    with way.asked(), way.asked():
        pass
    with way.asked():
        asked = seconds_to_give(way)

    assert free < 0.1
    assert 0.2 < asked < 2
    assert seconds_to_give(way) < 0.1


def test_f69_a_child_gives_way_to_its_parent():
    way = RightOfWay()
    with way.asked():
        child = os.fork()
        if child == 0:
            os._exit(7 if seconds_to_give(way) > 0.2 else 0)
        _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 7


def test_f69_a_transaction_gives_way_before_it_has_the_lock(tmp_path: Path):
    way, engine = RightOfWay(), create_engine(f"sqlite:///{tmp_path / 'reviewbot.db'}")
    way.given_by(engine)
    with way.asked():
        started = time.monotonic()
        with engine.begin() as connection:
            took = time.monotonic() - started
            connection.execute(text("SELECT 1"))
    engine.dispose()

    assert 0.2 < took < 2
