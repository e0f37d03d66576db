"""A review in several passes on a pull request: what survives is said once, and the receipt tells how it was found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.github import Pull, Repository, World, violations
from tests.fakes.llm import FakeService, Puppet
from tests.fakes.llm import serve as serve_model
from tests.live.models import answer, finding, with_model
from tests.live.service import Service
from tests.live.test_reviews import only_check
from tests.live.watched import opened, text_of

RETRIED = {
    "app.py": "import time\n\n\ndef send(order):\n    while True:\n        try:\n            return order.send()\n"
    "        except OSError:\n            time.sleep(order.timeout * 1000)\n"
}
SOUND = finding(5, "Retries have no end", quote="    while True:")
WRONG = finding(9, "A timeout of None is multiplied", quote="            time.sleep(order.timeout * 1000)")


def is_check(request: dict[str, Any]) -> bool:
    return "verdict" in request["text"]["format"]["schema"]["properties"]


def the_check_of(request: dict[str, Any]) -> str:
    """Confirms the claim of endless retries and refutes the other."""
    claim = str(request["input"]).partition("<<<<< claim")[2]
    is_sound = f"title: {SOUND['title']}" in claim
    return json.dumps(
        {
            "looks": [],
            "verdict": "confirmed" if is_sound else "refuted",
            "reason": "Nothing ends the loop." if is_sound else "An order always has a timeout.",
            "trigger": "the other side is down",
            "mechanism": "the loop has no way out",
            "consequence": "the worker is stuck",
            "quotes": [{"path": "app.py", "side": "RIGHT", "text": "while True:"}],
            "origin": "introduced",
            "harm": "outage",
            "reach": "some",
            "same_as": 0,
        }
    )


def found_or_checked(request: dict[str, Any]) -> str:
    return the_check_of(request) if is_check(request) else answer(SOUND, WRONG)


@pytest.fixture
def model() -> Iterator[FakeService]:
    with serve_model() as made:
        made.answerer = found_or_checked
        yield made


def reviewed(service: Service, shop: Repository, model: FakeService) -> Pull:
    with_model(service, model, REVIEWBOT_EFFORT="standard")
    return opened(service, shop, RETRIED)


def test_what_a_second_look_refutes_is_not_said_and_the_receipt_tells_of_both(
    service: Service, shop: Repository, world: World, model: FakeService
):
    pull = reviewed(service, shop, model)

    (comment,) = pull.inline_comments
    assert "Retries have no end" in comment.body
    text = text_of(pull)
    assert "standard: all-round, " in text and ", gap" in text
    assert "2 checked: 1 confirmed, 1 refuted" in text
    assert len(model.requests) == 3 + 2
    assert violations(world) == []


def test_f56_a_pass_that_fails_makes_the_review_partial_and_the_others_stand(
    service: Service, shop: Repository, world: World, model: FakeService
):
    model.puppets = [Puppet.REFUSAL]

    pull = reviewed(service, shop, model)

    assert len(pull.inline_comments) == 1
    assert only_check(pull).conclusion == "neutral"
    assert "1 of 3 prompts failed" in text_of(pull)
    assert violations(world) == []
