"""Every step of eight scenarios with every fault at it, and a death at every point between two steps.

Some 800 of the 4,100 schedules are played, each on one of the two kinds of database, so chosen that every kind of
fault comes to reads and writes alike. `REVIEWBOT_TEST_SCHEDULES=all` plays all of them on both, which takes half an
hour. `pytest -s` prints how many were played, and how they ended.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from reviewbot.store.database import open_database
from tests.fakes.github import GitHub
from tests.live.scenarios import SCENARIOS, Scenario
from tests.live.schedules import ALL_KINDS, Schedule, Score, Theatre, deaths, faults, lost_commits, overtakings
from tests.live.troubled import TroubledTransactions

IS_ALL = os.environ.get("REVIEWBOT_TEST_SCHEDULES") == "all"
FAULT_PARTS = 13
_TURN = {"sqlite": 0, "postgresql": 1}


@pytest.fixture
def theatre(github: GitHub, address: str, tmp_path: Path) -> Iterator[Theatre]:
    transactions = TroubledTransactions(open_database(address))

    def empty() -> None:
        with transactions.writing() as session:
            for table in reversed(SQLModel.metadata.sorted_tables):
                session.execute(table.delete())

    yield Theatre(github, transactions, tmp_path / "cache", empty)
    transactions.close()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
def test_f41_f42_f43_f48_f49_f52_whatever_goes_wrong_at_any_request_a_scenario_ends_as_it_should(
    theatre: Theatre, scenario: Scenario
):
    score = theatre.score(scenario)

    failed = played(theatre, scenario, score, share(theatre, list(faults(score)), FAULT_PARTS))

    assert failed == [], "\n".join(failed)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
def test_f60_f42_f54_wherever_the_process_dies_a_scenario_ends_as_it_should(theatre: Theatre, scenario: Scenario):
    score = theatre.score(scenario)

    failed = played(theatre, scenario, score, share(theatre, list(deaths(score)), 7))

    assert failed == [], "\n".join(failed)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
def test_f61_wherever_a_process_is_overtaken_by_another_nothing_is_done_twice(theatre: Theatre, scenario: Scenario):
    score = theatre.score(scenario)

    failed = played(theatre, scenario, score, share(theatre, list(overtakings(score)), 7))

    assert failed == [], "\n".join(failed)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
def test_f63_whatever_commit_gets_no_answer_a_scenario_ends_as_it_should(theatre: Theatre, scenario: Scenario):
    score = theatre.score(scenario)

    failed = played(theatre, scenario, score, share(theatre, list(lost_commits(score)), 17))

    assert failed == [], "\n".join(failed)


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
def test_the_schedules_bring_every_kind_of_fault_to_reads_and_writes(theatre: Theatre):
    names: set[str] = set()
    for scenario in SCENARIOS:
        every = list(faults(theatre.score(scenario)))
        names |= {schedule.name for turn in _TURN.values() for schedule in chosen(every, turn, FAULT_PARTS)}

    for kind in ALL_KINDS:
        methods = {name.partition(" at ")[2].split(" ")[0] for name in names if name.startswith(str(kind))}
        assert methods >= {"POST", "PATCH"} or "422 " in kind, kind


def share(theatre: Theatre, schedules: Sequence[Schedule], parts: int) -> Sequence[Schedule]:
    """What is played on this kind of database."""
    return schedules if IS_ALL else chosen(schedules, _TURN[theatre.transactions.engine.dialect.name], parts)


def chosen(schedules: Sequence[Schedule], turn: int, parts: int) -> Sequence[Schedule]:
    """One of so many parts; a number without a divisor in common with that of the kinds brings each kind everywhere."""
    return schedules[turn * parts // 2 :: parts]


def played(theatre: Theatre, scenario: Scenario, score: Score, schedules: Sequence[Schedule]) -> list[str]:
    """What went wrong in each schedule that did not end well."""
    began, failed = time.monotonic(), []
    for schedule in schedules:
        failures = attempted(theatre, scenario, schedule, score)
        if failures:
            failed.append("\n    ".join((f"{schedule.name}:", *failures)))
    seconds = time.monotonic() - began
    print(
        f"{scenario.name:32} {theatre.transactions.engine.dialect.name:10} {len(schedules):5} schedules "
        f"{len(failed):3} violated {seconds:6.1f} s {1000 * seconds / len(schedules):4.0f} ms each",
        file=sys.stderr,
    )
    return failed


def attempted(theatre: Theatre, scenario: Scenario, schedule: Schedule, score: Score) -> list[str]:
    try:
        return theatre.failures(scenario, schedule, score)
    except Exception:  # noqa: BLE001 - the other schedules are to be played all the same
        return traceback.format_exc(limit=-4).splitlines()
