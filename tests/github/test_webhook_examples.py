"""GitHub's own example payloads are all understood or ignored with a reason.

They are no part of this repository. To run these tests, unpack the npm package `@octokit/webhooks-examples` as
`../shared/webhooks-examples` or under a `node_modules` beside or in the checkout.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from reviewbot.domain.events import Event, Ignored
from reviewbot.github.webhook import parse_event
from tests.github.payload_samples import OWN

ROOT = Path(__file__).parents[2]
PLACES = (
    ROOT.parent / "shared" / "webhooks-examples",
    ROOT.parent / "node_modules" / "@octokit" / "webhooks-examples",
    ROOT / "node_modules" / "@octokit" / "webhooks-examples",
)

Example = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    found = [index for place in PLACES for index in sorted(place.glob("*/index.json"))]
    if not found:
        pytest.skip("no example payloads here: unpack the npm package @octokit/webhooks-examples beside the checkout")
    return [
        (kind["name"], payload)
        for index in found
        for kind in json.loads(index.read_text(encoding="utf-8"))
        for payload in kind["examples"]
    ]


def test_f13_every_example_is_understood_or_ignored_with_a_reason(examples: list[Example]):
    assert len(examples) >= 329

    for name, payload in examples:
        event = parse_event(name, json.dumps(payload).encode(), OWN)

        assert isinstance(event, Event)
        assert not isinstance(event, Ignored) or event.reason


def test_f15_every_example_is_understood_when_an_app_gets_it(examples: list[Example]):
    meanings: Counter[str] = Counter()
    for name, payload in examples:
        sent = {**payload, "installation": payload.get("installation") or {"id": 1}}
        meanings[type(parse_event(name, json.dumps(sent).encode(), OWN)).__name__] += 1

    expected = {"PullChanged", "PullStopped", "CommentWritten", "ThreadSettled", "InstallationChanged"}
    assert expected | {"RepositoriesRemoved", "RepositoryMoved", "Ignored"} <= set(meanings)
