"""`reviewbot retro learn` from end to end: a rule is made from misses and has to prove itself on others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reviewbot.domain.policy import Policy
from reviewbot.policy_file import load_policy
from tests.fakes.llm import FakeService
from tests.flows.world import (
    MODEL,
    Command,
    World,
    arm_of,
    incidents_yaml,
    is_judging,
    judge_answer,
    rows,
    scorecard,
    text_of,
)
from tests.flows.world import review_answer as usual_answer

RULE = (
    "Look twice where a guard or a key disappears from a change: name who relied on it, play one value through that "
    "the old code refused, and speak only where the new code lets it reach a place that fails."
)
SILENT = json.dumps({"findings": []})


def is_learning(request: dict[str, Any]) -> bool:
    return "blind_spot" in json.dumps(request["output_config"])


def marked(world: World) -> str:
    """The story's incidents, the first of them held out and the others to learn from."""
    text = incidents_yaml(world)
    for name, split in (("INC-1", "held-out"), ("INC-2", "tune"), ("INC-3", "tune")):
        assert f"id: {name}" in text
        text = text.replace(f"- id: {name}\n", f"- id: {name}\n    split: {split}\n")
    assert text.count("split:") == 3, text
    return text


class Pupil:
    """A model that says nothing until it is told the rule, and not even then where it does not help."""

    def __init__(self, rule: str = RULE, helps: bool = True) -> None:
        self.rule, self.helps = rule, helps
        self.lessons: list[str] = []

    def __call__(self, request: dict[str, Any]) -> str:
        if is_learning(request):
            self.lessons.append(text_of(request))
            return json.dumps({"kind": "lost guards", "rule": self.rule, "blind_spot": "It read what was added."})
        if is_judging(request):
            return judge_answer(request)
        knows = "Look twice where a guard" in json.dumps(request)
        return usual_answer(request) if knows and self.helps else SILENT


@pytest.fixture
def run(keyed: Command, service: FakeService, world: World, home: Path) -> None:
    """A run whose reviewer has missed everything."""
    (home / "incidents.yaml").write_text(marked(world))
    service.answerer = Pupil()
    arms = ["--reviewer", "llm", "--model", MODEL, "--trials", "1", "--out", "out"]
    ran = keyed("retro", "--incidents", "incidents.yaml", "--repos", world.mirrors, *arms)
    assert ran.code == 0, ran.said
    assert arm_of(scorecard(home / "out"), "llm")["caught"] == 0
    service.requests.clear()


def policies(home: Path) -> list[Path]:
    return sorted((home / "out" / "learned").glob("*/policy.yml"))


def test_a_rule_that_helps_on_the_other_half_is_said_to_and_not_adopted(
    run: None, keyed: Command, service: FakeService, home: Path, world: World
) -> None:
    service.answerer = pupil = Pupil()

    ran = keyed("retro", "learn", "--out", "out")

    assert "Learning from 2 cases and checking on 2, as the file marks them." in ran.out, ran.said
    assert "The tune half:" in ran.out and "The held-out half:" in ran.out
    assert "gained 1: INC-1" in ran.out
    assert "Nothing was adopted." in ran.out
    assert "idempotency" not in pupil.lessons[0], "nothing of the half that it has to prove itself on"
    assert "guard against an absent cart" in pupil.lessons[0]
    (policy,) = policies(home)
    assert load_policy(policy, Policy()).policy.instructions[0].text == RULE
    controls = [row for row in rows(policy.parent / "run" / "replays.jsonl") if row["kind"] == "control"]
    assert controls
    assert ran.code == 1, "it also says something of a quiet change"
    assert "nothing speaks for adopting it" in ran.out


def test_a_rule_that_helps_without_noise_ends_in_0_and_tells_how_to_adopt_it(
    run: None, keyed: Command, service: FakeService, home: Path
) -> None:
    pupil = Pupil()
    service.answerer = lambda request: SILENT if "first + ' ' + last" in json.dumps(request) else pupil(request)

    ran = keyed("retro", "learn", "--out", "out")

    assert ran.code == 0, ran.said
    assert "catches more, and says no more of quiet changes" in ran.out
    assert "into the repository's .reviewbot.yml" in ran.out and "Nothing was adopted." in ran.out


def test_a_rule_that_changes_nothing_is_not_recommended(
    run: None, keyed: Command, service: FakeService, home: Path
) -> None:
    service.answerer = Pupil(helps=False)

    ran = keyed("retro", "learn", "--out", "out")

    assert ran.code == 1 and "is not shown to help" in ran.out


def test_asking_again_pays_for_nothing_again(run: None, keyed: Command, service: FakeService) -> None:
    service.answerer = Pupil()
    first = keyed("retro", "learn", "--out", "out")
    service.requests.clear()

    again = keyed("retro", "learn", "--out", "out")

    assert service.requests == []
    assert again.out.partition("The tune half:")[2] == first.out.partition("The tune half:")[2]


def test_a_rule_that_names_the_case_is_refused_and_nothing_is_replayed(
    run: None, keyed: Command, service: FakeService, home: Path
) -> None:
    service.answerer = Pupil(rule=RULE.replace("a guard", "shop/cart.py"))

    ran = keyed("retro", "learn", "--out", "out")

    assert ran.code == 2 and "no rule came of it" in ran.err and "shop/cart.py" in ran.err
    assert policies(home) == []


@pytest.mark.parametrize(
    "options, said",
    [
        (["--class", "front-end"], "there is no miss that the class 'front-end' holds"),
        (["--arm", "static"], "arms of this run that have one: llm"),
    ],
)
def test_what_cannot_be_learned_from_is_said(
    run: None, keyed: Command, service: FakeService, options: list[str], said: str
) -> None:
    ran = keyed("retro", "learn", "--out", "out", *options)

    assert ran.code == 2 and said in ran.err
    assert service.requests == []
