"""`reviewbot retro --batch`: the same figures at half the price, whatever stops the run in between."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from subprocess import Popen

import pytest

from tests.fakes.llm import FakeService
from tests.flows.world import MODEL, Command, World, arm_of, ended, is_judging, scorecard

FEW = 4
"""Two where the machine is quick: a wave is sent when nobody has asked for a second."""


def arguments(world: World, *further: str) -> list[str]:
    arms = ["--reviewer", "llm", "--model", MODEL, "--trials", "2"]
    return ["retro", "--incidents", "incidents.yaml", "--repos", str(world.mirrors), "--out", "out", *arms, *further]


def figures(out: Path) -> dict[str, object]:
    arm = arm_of(scorecard(out), "llm")
    return {name: value for name, value in arm.items() if "cost" not in name}


@pytest.fixture
def one_by_one(keyed: Command, incidents: Path, world: World, home: Path, service: FakeService) -> dict[str, object]:
    """The figures of the same run without batches, which leaves nothing behind."""
    ran = keyed(*arguments(world))
    assert ran.code == 0, ran.said
    (home / "out").rename(home / "usual")
    service.requests.clear()
    return figures(home / "usual")


def wait_for_batch(service: FakeService, process: Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while not service.batches.known and process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    assert service.batches.known


def bodies(service: FakeService) -> list[str]:
    """Everything that was paid for, trials aside."""
    return [json.dumps(one) for one in (*service.batches.paid, *service.requests)]


def test_the_figures_are_the_same_at_half_the_price_in_one_wave_for_each_stage(
    one_by_one: dict[str, object], keyed: Command, world: World, service: FakeService, home: Path
) -> None:
    ran = keyed(*arguments(world, "--batch"))

    assert ran.code == 0, ran.said
    assert figures(home / "out") == one_by_one
    costs = [arm_of(scorecard(home / name), "llm")["cost_usd"] for name in ("usual", "out")]
    assert costs[1] == pytest.approx(costs[0] / 2)
    assert not service.requests, "nothing was asked one by one"
    stages = [is_judging(batch.rows[0]["params"]) for batch in service.batches.known.values()]
    assert stages == sorted(stages) and stages[-1], "judging comes last"
    assert len(stages) <= FEW, "trials and cases share batches"


def test_a_run_that_is_killed_while_a_batch_is_under_way_pays_for_nothing_twice(
    one_by_one: dict[str, object], keyed: Command, world: World, service: FakeService, home: Path
) -> None:
    service.batches.looks_needed = 10**6
    process = keyed.start(*arguments(world, "--batch"))
    wait_for_batch(service, process)
    process.kill()
    process.communicate()

    service.batches.looks_needed = 1
    ran = keyed(*arguments(world, "--batch", "--resume"))

    assert ran.code == 0, ran.said
    assert figures(home / "out") == one_by_one
    paid = bodies(service)
    assert all(paid.count(one) <= 2 for one in paid), "one for each of two trials"
    assert len(service.batches.known) <= FEW


def test_an_interrupted_run_ends_at_once_with_a_partial_report_and_can_be_taken_up(
    one_by_one: dict[str, object], keyed: Command, world: World, service: FakeService, home: Path
) -> None:
    service.batches.looks_needed = 10**6
    process = keyed.start(*arguments(world, "--batch"))
    wait_for_batch(service, process)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    ran = ended(process)

    assert ran.code == 3, ran.said
    assert "Go on with --resume" in ran.err

    service.batches.looks_needed = 1
    ran = keyed(*arguments(world, "--batch", "--resume"))
    assert ran.code == 0, ran.said
    assert figures(home / "out") == one_by_one
    assert len(service.batches.known) <= FEW


def test_past_the_deadline_the_rest_is_asked_one_by_one_and_said(
    one_by_one: dict[str, object], keyed: Command, world: World, service: FakeService, home: Path
) -> None:
    service.batches.looks_needed = 10**6

    ran = keyed(*arguments(world, "--batch", "--batch-deadline", "1s"))

    assert ran.code == 0, ran.said
    assert figures(home / "out") == one_by_one
    assert "is past its deadline: the rest is asked for one by one" in ran.err
    assert service.requests


def test_half_a_batch_that_expires_is_made_up_for(
    one_by_one: dict[str, object], keyed: Command, world: World, service: FakeService, home: Path
) -> None:
    service.batches.fate = lambda row: "expired" if row["custom_id"] < "8" else "succeeded"

    ran = keyed(*arguments(world, "--batch"))

    assert ran.code == 0, ran.said
    assert figures(home / "out") == one_by_one


@pytest.mark.parametrize(
    "options, said",
    [
        (["--batch-deadline", "2h"], "--batch-deadline is for --batch"),
        (["--batch", "--batch-deadline", "soon"], "write it as 90m, 2h or 600s"),
        (["--batch", "--judge", "compatible:m@http://127.0.0.1:1/v1"], "has no batch interface"),
    ],
)
def test_what_cannot_be_asked_for_is_said_before_anything_is_spent(
    keyed: Command, incidents: Path, world: World, service: FakeService, options: list[str], said: str
) -> None:
    ran = keyed(*arguments(world, *options))

    assert ran.code == 2 and said in ran.err
    assert not service.requests and not service.batches.known
