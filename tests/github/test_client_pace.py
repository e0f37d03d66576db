"""Rules of the pace that is kept in memory."""

from __future__ import annotations

import pytest

from reviewbot.github.failures import RateLimited
from reviewbot.github.pace import MemoryPace
from tests.github.wire_server import StillClock


class Slept(list[float]):
    """Sleeping that only moves the clock."""

    def __init__(self, clock: StillClock) -> None:
        self._clock = clock

    def __call__(self, seconds: float) -> None:
        self.append(seconds)
        self._clock.advance(seconds)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def slept(clock: StillClock) -> Slept:
    return Slept(clock)


@pytest.fixture
def pace(clock: StillClock, slept: Slept) -> MemoryPace:
    return MemoryPace(1.0, clock.monotonic, slept)


def left(pace: MemoryPace, installation_id: int = 1) -> float:
    with pytest.raises(RateLimited) as raised:
        pace.before(installation_id, False)
    return raised.value.until_seconds_from_now


def test_writes_of_one_installation_are_a_second_apart(pace: MemoryPace, slept: Slept):
    for installation_id, is_write in [(1, True), (1, False), (1, True), (2, True), (1, True)]:
        pace.before(installation_id, is_write)

    assert slept == [1.0, 1.0]


def test_f48_a_parked_installation_says_how_long(pace: MemoryPace, clock: StillClock):
    pace.parked(1, 100, is_secondary=False)
    clock.advance(40)

    assert left(pace) == 60
    clock.advance(60)
    pace.before(1, False)


def test_f49_each_secondary_limit_in_a_row_is_twice_as_long_up_to_an_hour(pace: MemoryPace, clock: StillClock):
    lengths = []
    for _ in range(9):
        pace.parked(1, 60, is_secondary=True)
        lengths.append(left(pace))
        clock.advance(lengths[-1])

    assert lengths == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_f49_an_answer_after_some_calm_ends_the_row(pace: MemoryPace, clock: StillClock):
    pace.parked(1, 60, is_secondary=True)
    clock.advance(120)
    pace.went_well(1)

    pace.parked(1, 60, is_secondary=True)

    assert left(pace) == 60


def test_f49_a_read_that_is_answered_between_two_refused_writes_does_not_end_the_row(
    pace: MemoryPace, clock: StillClock
):
    pace.parked(1, 60, is_secondary=True)
    clock.advance(61)
    pace.went_well(1)

    pace.parked(1, 60, is_secondary=True)

    assert left(pace) == 120


def test_a_shorter_window_never_ends_a_longer_one(pace: MemoryPace):
    pace.parked(1, 500, is_secondary=False)
    pace.parked(1, 10, is_secondary=False)

    assert left(pace) == 500
