"""The policy file from the default branch to what stands on the pull request: every key has its effect."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.github import Event, Expected, Pull, Repository, World, violations
from tests.fakes.llm import FakeService
from tests.fakes.llm import serve as serve_model
from tests.live.models import answer, finding, with_model
from tests.live.service import Service
from tests.live.test_reviews import CLEAN, FLAWED, only_check
from tests.live.watched import opened, text_of

SEVERITIES = {
    "one.py": "x = 1  # BUG-critical-a\n",
    "three.py": "x = 3  # BUG-medium-c\n",
    "two.py": "x = 2  # BUG-high-b\n",
    "zero.py": "x = 4  # BUG-low-d\n",
}


@pytest.fixture
def model() -> Iterator[FakeService]:
    with serve_model() as made:
        made.answer = answer(finding())
        yield made


def policy(shop: Repository, *lines: str, **more: Any) -> None:
    """The policy file of the default branch, and other files beside it."""
    shop.commit({".reviewbot.yml": "\n".join(("version: 1", *lines, "")), **more})


def said(pull: Pull) -> list[str]:
    """The names of the marks that stand in comments."""
    return sorted(match[1] for one in pull.inline_comments if (match := re.search(r"\*\*\w+: (\w+) fails", one.body)))


def receive(service: Service, *events: Event) -> None:
    service.receive(*events)
    service.settle()


def prompt_of(request: dict[str, Any]) -> str:
    return "".join(turn["content"] for turn in request["input"])


# When a review begins


def test_triggers_say_after_what_a_review_is_made(service: Service, shop: Repository, world: World):
    policy(shop, "triggers: [opened]")
    pull = opened(service, shop, {"app.py": FLAWED})
    assert only_check(pull).conclusion == "neutral"

    receive(service, pull.push(files={"new.py": "x = 1\n"}))

    assert "Skipped: the policy does not review what was pushed; say @reviewbot review" in text_of(pull)
    assert len(service.factory.reviewers[0].reads) == 1
    receive(service, pull.comment("ada", "@reviewbot review"))
    assert len(service.factory.reviewers[0].reads) == 2
    assert violations(world) == []


def test_without_triggers_only_a_word_begins_a_review_and_not_the_sweep(
    service: Service, shop: Repository, world: World
):
    policy(shop, "triggers: []")
    pull = shop.pull(files={"app.py": FLAWED})

    service.reconcile()
    receive(service, pull.opened, pull.close(), pull.reopen())

    assert "the policy reviews only what somebody asks for" in text_of(pull)
    assert only_check(pull).conclusion == "skipped"
    receive(service, pull.comment("ada", "@reviewbot review"))
    assert len(pull.reviews) == 1
    assert violations(world) == []


def test_drafts_are_reviewed_where_the_policy_says_so(service: Service, shop: Repository, world: World):
    policy(shop, "drafts: true")

    pull = opened(service, shop, {"app.py": FLAWED}, draft=True)

    assert len(pull.reviews) == 1
    assert violations(world) == []


# What is read


def test_paths_bound_what_is_read_and_the_check_names_the_rest(service: Service, shop: Repository, world: World):
    policy(shop, "paths:", "  include: ['src/**']", "  ignore: ['*.gen.py']")
    flawed = "x = 1  # BUG-high-x\n"

    pull = opened(service, shop, {"src/a.py": flawed, "src/b.gen.py": flawed, "tools/c.py": flawed})

    assert service.factory.reviewers[0].reads == [("src/a.py",)]
    assert [comment.path for comment in pull.inline_comments] == ["src/a.py"]
    assert "`src/b.gen.py`: excluded by the policy" in text_of(pull)
    assert "`tools/c.py`: excluded by the policy: not among the paths that are reviewed" in text_of(pull)
    assert violations(world) == []


def test_the_policy_picks_among_the_operators_reviewers_and_gets_no_other(
    service: Service, shop: Repository, world: World, model: FakeService
):
    policy(shop, "reviewers: [static, other]")
    with_model(service, model, REVIEWBOT_REVIEWERS="llm,static")

    pull = opened(service, shop, {"app.py": CLEAN})

    assert model.requests == []
    assert "other, which this server does not offer" in text_of(pull)
    assert only_check(pull).conclusion == "success"


@pytest.mark.parametrize(("offered", "calls"), [("llm:standard", 3), ("llm", 1), ("static", 0)])
def test_llm_of_a_policy_is_the_operators_at_the_effort_that_it_was_given(
    service: Service, shop: Repository, world: World, model: FakeService, offered: str, calls: int
):
    model.answer = answer()
    policy(shop, "reviewers: [static, llm]")
    with_model(service, model, REVIEWBOT_REVIEWERS=f"static,{offered}")

    pull = opened(service, shop, {"app.py": "def send(order):\n    return order.total\n"})

    assert len(model.requests) == calls
    assert ("llm, which this server does not offer" in text_of(pull)) is (calls == 0)
    assert violations(world) == []


# What reviewers are told


def test_instructions_guidelines_and_language_reach_the_prompt_of_their_files(
    service: Service, shop: Repository, world: World, model: FakeService
):
    told = (
        "instructions:",
        "  - {paths: '*.py', text: Sums are cents.}",
        "  - {paths: '*.sql', text: Tables are big.}",
    )
    policy(shop, *told, "language: German", **{"AGENTS.md": "Money is never a float.\n"})
    with_model(service, model)

    opened(service, shop, {"app.py": FLAWED})

    (request,) = model.requests
    prompt = prompt_of(request)
    assert "Sums are cents." in prompt
    assert "Money is never a float." in prompt
    assert "German" in prompt
    assert "Tables are big." not in prompt
    assert violations(world) == []


def test_guidelines_can_be_left_out(service: Service, shop: Repository, world: World, model: FakeService):
    policy(shop, "guidelines: false", **{"AGENTS.md": "Money is never a float.\n"})
    with_model(service, model)

    opened(service, shop, {"app.py": FLAWED})

    assert "never a float" not in json.dumps(model.requests)


# What is said


def test_findings_below_the_severity_are_not_said_and_counted(service: Service, shop: Repository, world: World):
    policy(shop, "severity: high")

    pull = opened(service, shop, SEVERITIES)

    assert said(pull) == ["a", "b"]
    assert "2 findings were held back" in text_of(pull)
    assert "2 × severity below high" in text_of(pull)
    assert violations(world) == []


def test_findings_below_the_confidence_are_not_said(
    service: Service, shop: Repository, world: World, model: FakeService
):
    policy(shop, "confidence: 0.8")
    model.answer = answer(finding(1, "first fails", confidence=0.79), finding(2, "second fails", confidence=0.8))
    with_model(service, model)

    pull = opened(service, shop, {"app.py": "first = 11\nsecond = 22\nthird = 3\n"})

    assert [comment.line for comment in pull.inline_comments] == [2]
    assert "1 × confidence below 0.8" in text_of(pull)


def test_no_more_findings_are_said_than_the_policy_allows_the_gravest_first(
    service: Service, shop: Repository, world: World
):
    policy(shop, "max_findings: 2")

    pull = opened(service, shop, SEVERITIES)

    assert said(pull) == ["a", "b"]
    assert "2 findings were held back" in text_of(pull)


@pytest.mark.parametrize(("least", "expected"), [("critical", ["a"]), ("medium", ["a", "b", "c"])])
def test_later_rounds_say_what_reaches_their_own_severity(
    service: Service, shop: Repository, world: World, least: str, expected: list[str]
):
    policy(shop, f"later_severity: {least}")
    pull = opened(service, shop, {"app.py": CLEAN})

    receive(service, pull.push(files=SEVERITIES))

    assert said(pull) == expected
    assert violations(world) == []


def test_a_suggestion_that_is_applied_gives_the_file_that_was_meant(
    service: Service, shop: Repository, world: World, model: FakeService
):
    policy(shop, "suggestions: true")
    before = "def total(items):\n\tresult = 0\n\tfor item in items:\n\t\tresult = item\n\treturn result\n"
    repaired = "\tfor item in items:\n\t\tresult += item"
    model.answer = answer(finding(3, last_line=4, suggestion=f"Add instead of replacing.\n```\n{repaired}\n```"))
    with_model(service, model)

    pull = opened(service, shop, {"app.py": before})

    (comment,) = pull.inline_comments
    block = re.search(r"^```suggestion\n(.*?)\n```$", comment.body, re.DOTALL | re.MULTILINE)
    assert block is not None
    lines = before.splitlines()
    lines[(comment.start_line or comment.line) - 1 : comment.line] = block[1].split("\n")
    assert "\n".join(lines) + "\n" == before.replace("result = item", "result += item")
    assert "ten lines" in prompt_of(model.requests[0])


def test_without_the_key_a_suggestion_is_only_a_sentence(
    service: Service, shop: Repository, world: World, model: FakeService
):
    model.answer = answer(finding(suggestion="```\nsecond = 3\n```"))
    with_model(service, model)

    pull = opened(service, shop, {"app.py": FLAWED})

    (comment,) = pull.inline_comments
    assert "```suggestion" not in comment.body


# How the check run ends


@pytest.mark.parametrize(("bar", "conclusion"), [("critical", "neutral"), ("high", "failure"), ("never", "neutral")])
def test_the_gate_fails_the_check_from_a_severity_on(
    service: Service, shop: Repository, world: World, bar: str, conclusion: str
):
    policy(shop, f"gate: {{fail_from: {bar}}}")

    pull = opened(service, shop, {"app.py": FLAWED})

    assert only_check(pull).conclusion == conclusion
    assert ("The check fails because 1 open finding is high" in text_of(pull)) == (conclusion == "failure")


def test_the_gate_opens_when_the_finding_is_fixed(service: Service, shop: Repository, world: World):
    policy(shop, "gate: {fail_from: high}")
    pull = opened(service, shop, {"app.py": FLAWED})
    receive(service, pull.push(files={"other.py": "x = 1\n"}))
    assert only_check(pull).conclusion == "failure"

    receive(service, pull.push(files={"app.py": CLEAN}))

    assert only_check(pull).conclusion == "success"
    assert violations(world) == []


@pytest.mark.parametrize(("incomplete", "conclusion"), [("failure", "failure"), ("neutral", "neutral")])
def test_the_gate_says_how_an_incomplete_review_ends(
    service: Service, shop: Repository, world: World, incomplete: str, conclusion: str
):
    policy(shop, f"gate: {{incomplete: {incomplete}}}")
    service.factory.reviewers[0].failure = "it broke"

    pull = opened(service, shop, {"app.py": CLEAN})

    assert only_check(pull).conclusion == conclusion
    assert ("`gate.incomplete` of the policy" in text_of(pull)) == (conclusion == "failure")
    assert violations(world, Expected(incomplete_heads={pull.head})) == []
