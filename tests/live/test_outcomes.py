"""What became of the findings: asked at the merge, and once more when a later fix touches what was ignored."""

from __future__ import annotations

import pytest

from reviewbot.domain.pull import PullRef
from reviewbot.domain.record import Outcome, Result
from tests.fakes.github import Pull, Repository, World
from tests.live.service import Service

BASE = "first = 1\nsecond = 2\nthird = 3\n"
FLAWED = "first = 1\nsecond = compute(2)  # BUG-high-second\nthird = 3\n"
REPAIRED = "first = 1\nsecond = compute(2, safely=True)\nthird = 3\n"


def outcomes(service: Service, shop: Repository, pull: Pull) -> list[Outcome]:
    return list(service.live.outcomes.of(PullRef(shop.id, pull.number)))


def reviewed(service: Service, shop: Repository, files: dict[str, str] | None = None, **options: str) -> Pull:
    pull = shop.pull(files=files or {"app.py": FLAWED}, **options)
    service.receive(pull.opened)
    service.settle()
    return pull


def merged(service: Service, pull: Pull) -> None:
    service.receive(pull.merge())
    service.settle()


def test_what_was_merged_as_it_was_is_ignored(service: Service, shop: Repository):
    pull = reviewed(service, shop)

    merged(service, pull)

    (outcome,) = outcomes(service, shop, pull)
    assert outcome.result is Result.IGNORED
    assert outcome.path == "app.py"
    assert outcome.lines == ("second = compute(2) # BUG-high-second",)


def test_what_a_later_push_took_away_is_addressed_by_that_commit(service: Service, shop: Repository):
    pull = reviewed(service, shop)
    service.receive(pull.push(files={"app.py": REPAIRED}))
    service.settle()

    merged(service, pull)

    (outcome,) = outcomes(service, shop, pull)
    assert (outcome.result, outcome.commit) == (Result.ADDRESSED, pull.head)


def test_a_push_that_nobody_reviewed_before_the_merge_counts_too(service: Service, shop: Repository):
    pull = reviewed(service, shop)
    pull.push(files={"app.py": REPAIRED})

    merged(service, pull)

    (outcome,) = outcomes(service, shop, pull)
    assert (outcome.result, outcome.commit) == (Result.ADDRESSED, pull.head)
    assert "changed before the merge" in outcome.reason


def test_what_somebody_said_to_ignore_is_dismissed_with_the_reason(service: Service, shop: Repository):
    pull = reviewed(service, shop)
    (comment,) = pull.inline_comments
    known = service.live.rounds.known(PullRef(shop.id, pull.number))[0].fingerprint[:8]
    service.receive(pull.reply("ada", comment.id, f"@reviewbot ignore {known} because the value is checked elsewhere"))
    service.settle()

    merged(service, pull)

    (outcome,) = outcomes(service, shop, pull)
    assert (outcome.result, outcome.reason) == (Result.DISMISSED, "the value is checked elsewhere")


def test_a_thread_that_was_resolved_without_a_change_is_dismissed(service: Service, shop: Repository):
    pull = reviewed(service, shop)
    service.receive(pull.resolve(pull.inline_comments[0].id))
    service.settle()

    merged(service, pull)

    (outcome,) = outcomes(service, shop, pull)
    assert (outcome.result, outcome.reason) == (Result.DISMISSED, "its thread was resolved without a change")


def test_a_pull_request_that_was_closed_without_a_merge_has_no_outcomes(service: Service, shop: Repository):
    pull = reviewed(service, shop)

    service.receive(pull.close())
    service.settle()

    assert outcomes(service, shop, pull) == []


def test_a_later_fix_of_its_lines_proves_an_ignored_finding_right(service: Service, shop: Repository):
    pull = reviewed(service, shop)
    merged(service, pull)
    fix = reviewed(service, shop, {"app.py": REPAIRED}, title="Fix the crash in second")

    merged(service, fix)

    (outcome,) = outcomes(service, shop, pull)
    assert outcome.proven_by == f"#{fix.number}"
    assert outcome.result is Result.IGNORED


def test_a_change_that_calls_itself_no_fix_or_edits_other_lines_proves_nothing(service: Service, shop: Repository):
    pull = reviewed(service, shop)
    merged(service, pull)

    merged(service, reviewed(service, shop, {"other.py": "x = 1\n"}, title="Fix another thing"))
    merged(service, reviewed(service, shop, {"app.py": FLAWED + "fourth = 4\n"}, title="Fix the end"))
    merged(service, reviewed(service, shop, {"app.py": REPAIRED}, title="Rename things"))

    (outcome,) = outcomes(service, shop, pull)
    assert outcome.proven_by == ""


@pytest.mark.parametrize("crossing", range(8))
def test_outcomes_survive_a_death_at_any_step(service: Service, shop: Repository, crossing: int):
    pull = reviewed(service, shop)
    event = pull.merge()

    with service.dying(crossing):
        service.receive(event)
        service.settle()

    (outcome,) = outcomes(service, shop, pull)
    assert outcome.result is Result.IGNORED
    assert service.deaths == (crossing < 7)


def test_without_the_code_what_is_known_is_kept(service: Service, shop: Repository, world: World):
    pull = reviewed(service, shop)
    service.git = "file:///nowhere"
    service.start()
    world.fault("GET", "/repos/{owner}/{repo}/pulls/{number}/files", "404", times=None)

    merged(service, pull)

    (outcome,) = outcomes(service, shop, pull)
    assert outcome.result is Result.IGNORED
