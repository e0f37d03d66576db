"""A finding that repeats an incident of the record says so, and only then."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from reviewbot.domain.record import IncidentRecord, Stand
from reviewbot.domain.repository import RepoName
from reviewbot.domain.review import Usage
from reviewbot.ports import Completion, ModelUnreachable, Prompt
from tests.fakes.github import Repository, World
from tests.live.service import Service

FLAWED = "first = 1\nsecond = 2  # BUG-high-pool\nthird = 3\n"


@dataclass
class Comparer:
    """Answers which incident a finding repeats; `same` None is a model that is down."""

    same: int | None = 1
    name: str = "test:comparer"
    prompts: list[Prompt] = field(default_factory=list)

    def complete(self, prompt: Prompt) -> Completion:
        self.prompts.append(prompt)
        if self.same is None:
            raise ModelUnreachable("nobody answers")
        return Completion(json.dumps({"finding": "a", "incident": "b", "same": self.same}), Usage(10, 10), self.name)

    @property
    def seen(self) -> str:
        return "".join(part.text for one in self.prompts for turn in one.turns for part in turn.parts)


@pytest.fixture
def comparer(service: Service) -> Comparer:
    made = Comparer()
    service.factory.answerer = made
    return made


def past(service: Service, shop: Repository, name: str, **changes: object) -> None:
    assert shop.state.installation is not None
    values: dict[str, object] = {
        "key": f"api:{name}",
        "name": name,
        "repo_id": shop.id,
        "installation_id": shop.state.installation.id,
        "repo": RepoName.parse(shop.full_name),
        "title": "The pool fails under load",
        "root_cause": "Whoever runs it sees the pool fail: the line says so.",
        "opened_at": service.world.clock.now() - 1_000.0,
        "stand": Stand.ANSWERED,
        "link": f"https://github.com/{shop.full_name}/issues/42",
    }
    service.live.incidents.report(IncidentRecord(**{**values, **changes}), "reported")  # type: ignore[arg-type]


def said(service: Service, shop: Repository) -> str:
    pull = shop.pull(files={"app.py": FLAWED})
    service.receive(pull.opened)
    service.settle()
    (comment,) = pull.inline_comments
    return comment.body


def test_a_confirmed_repetition_is_cited_with_a_link(service: Service, shop: Repository, comparer: Comparer):
    past(service, shop, "INC-42")

    body = said(service, shop)

    assert "**Same mechanism as [INC\\-42](https://github.com/octo/shop/issues/42)**" in body
    assert "The pool fails under load" in body


def test_shared_words_alone_cite_nothing(service: Service, shop: Repository, comparer: Comparer):
    comparer.same = 0
    past(service, shop, "INC-42")

    assert "Same mechanism" not in said(service, shop)
    assert comparer.prompts


def test_without_a_model_and_with_one_that_is_down_the_review_goes_on(
    service: Service, shop: Repository, comparer: Comparer
):
    past(service, shop, "INC-42")
    comparer.same = None

    assert "pool fails" in said(service, shop)

    service.factory.answerer = None
    assert "Same mechanism" not in said(service, shop)


def test_what_was_opened_after_the_change_is_not_known_to_its_review(
    service: Service, shop: Repository, comparer: Comparer
):
    past(service, shop, "INC-42", opened_at=service.world.clock.now() + 86_400.0)

    assert "Same mechanism" not in said(service, shop)
    assert comparer.prompts == []


def test_s31_another_organisations_incident_is_never_seen(
    service: Service, shop: Repository, comparer: Comparer, world: World
):
    other = world.repository("acme/till")
    past(service, other, "INC-7", title="The pool fails, said the canary")

    assert "Same mechanism" not in said(service, shop)
    assert "canary" not in comparer.seen


def test_s19_a_public_pull_request_hears_of_its_own_repository_only(
    service: Service, shop: Repository, comparer: Comparer, world: World
):
    private = world.repository("octo/till")
    past(service, private, "INC-7", title="The pool fails, said the canary")
    assert "INC\\-7" in said(service, shop)

    shop.state.is_private = False
    comparer.prompts.clear()

    assert "Same mechanism" not in said(service, shop)
    assert "canary" not in comparer.seen


def test_a_link_to_elsewhere_is_not_made_one(service: Service, shop: Repository, comparer: Comparer):
    past(service, shop, "INC-42", link="https://evil.example/octo/shop/issues/1")

    body = said(service, shop)

    assert "evil.example" not in body
    assert "**Same mechanism as INC\\-42**" in body


def test_an_incident_that_was_taken_back_is_not_cited(service: Service, shop: Repository, comparer: Comparer):
    past(service, shop, "INC-42", stand=Stand.WITHDRAWN)

    assert "Same mechanism" not in said(service, shop)
