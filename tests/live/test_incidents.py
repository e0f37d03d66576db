"""What an incident on record gets: its cause, one plain comment on what the review of it came to, and a replay."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from reviewbot.domain.finding import Severity
from reviewbot.domain.incident import Verdict
from reviewbot.domain.policy import Policy
from reviewbot.domain.record import Answer, IncidentRecord, Stand
from reviewbot.domain.review import Usage
from reviewbot.ports import Completion, ModelUnreachable, Prompt
from tests.fakes.github import Issue, Pull, Repository, World, violations
from tests.live.service import Service

FLAWED = "first = 1\nsecond = compute(2)  # BUG-high-second\nthird = 3\n"
UNSAID = "first = 1\nsecond = compute(2)  # BUG-low-second\nthird = 3\n"
SILENT = "first = 1\nsecond = compute(2)\nthird = 3\n"
REPAIRED = "first = 1\nsecond = compute(2, safely=True)\nthird = 3\n"


@dataclass
class Judge:
    """Calls a remark a hit where its title says `second`."""

    name: str = "test:judge"
    prompts: list[Prompt] = field(default_factory=list)
    is_down: bool = False

    def complete(self, prompt: Prompt) -> Completion:
        self.prompts.append(prompt)
        if self.is_down:
            raise ModelUnreachable("nobody answers")
        text = "".join(part.text for turn in prompt.turns for part in turn.parts)
        answer = {
            "incident_mechanism": "compute is called without a guard",
            "finding_mechanism": "the same",
            "counter_argument": "none",
            "quote": "second = compute(2)",
            "verdict": "hit" if "Title: second fails" in text else "miss",
        }
        return Completion(json.dumps(answer), Usage(10, 10), "test:judge")


@pytest.fixture
def judge(service: Service) -> Judge:
    made = Judge()
    service.factory.judge = made
    return made


def merged(service: Service, shop: Repository, text: str, title: str = "Change the shop") -> Pull:
    pull = shop.pull(files={"app.py": text}, title=title)
    service.receive(pull.opened)
    service.settle()
    service.receive(pull.merge())
    service.settle()
    return pull


def reported(service: Service, shop: Repository, fix: Pull, body: str | None = "Orders fail.") -> Issue:
    """An incident whose fix has closed its issue."""
    issue = shop.issue("Orders fail", body)
    service.receive(issue.opened)
    service.settle()
    service.incidents()
    service.receive(issue.close(by=fix))
    service.settle()
    service.incidents()
    return issue


def record(service: Service, shop: Repository, issue: Issue) -> IncidentRecord:
    found = service.live.incidents.find(f"github:{shop.id}:{issue.number}")
    assert found is not None
    return found.record


def test_an_ignored_finding_is_told_on_the_issue_with_a_link(
    service: Service, shop: Repository, world: World, judge: Judge
):
    culprit = merged(service, shop, FLAWED)
    fix = merged(service, shop, REPAIRED, "Fix second")

    issue = reported(service, shop, fix)

    kept = record(service, shop, issue)
    assert (kept.stand, kept.answer) == (Stand.ANSWERED, Answer.FLAGGED_AND_IGNORED)
    assert kept.cause is not None
    assert kept.cause.pull == culprit.number
    (answer,) = issue.answers
    assert answer.body.startswith("**We told you. The review of [pull request ")
    assert f"/pull/{culprit.number}#discussion_r{culprit.inline_comments[0].id}" in answer.body
    assert "With today's settings the review would have caught it" in answer.body
    assert kept.today is Verdict.CAUGHT
    assert violations(world) == []


def test_a_finding_that_was_settled_without_a_change_is_told_with_the_reason(
    service: Service, shop: Repository, judge: Judge
):
    culprit = shop.pull(files={"app.py": FLAWED})
    service.receive(culprit.opened)
    service.settle()
    service.receive(culprit.resolve(culprit.inline_comments[0].id))
    service.settle()
    service.receive(culprit.merge())
    service.settle()

    issue = reported(service, shop, merged(service, shop, REPAIRED, "Fix second"))

    assert record(service, shop, issue).answer is Answer.FLAGGED_WITHOUT_EFFECT
    assert "settled without effect" in issue.answers[0].body
    assert "resolved without a change" in issue.answers[0].body


def test_a_finding_that_was_held_back_is_owned_up_to_with_the_stage(service: Service, shop: Repository, judge: Judge):
    service.defaults = Policy(min_severity=Severity.MEDIUM)
    service.start()
    merged(service, shop, UNSAID)

    issue = reported(service, shop, merged(service, shop, REPAIRED, "Fix second"))

    kept = record(service, shop, issue)
    assert kept.answer is Answer.HELD_BACK
    assert "We had it and did not say it" in issue.answers[0].body
    assert "choose" in issue.answers[0].body


def test_a_miss_is_said_as_plainly(service: Service, shop: Repository, judge: Judge):
    merged(service, shop, SILENT)

    issue = reported(service, shop, merged(service, shop, REPAIRED, "Fix second"))

    kept = record(service, shop, issue)
    assert kept.answer is Answer.MISSED
    assert issue.answers[0].body.startswith("**We missed it.")
    assert kept.today is Verdict.MISSED
    assert "would miss it again" in issue.answers[0].body


def test_another_finding_does_not_count_as_having_told(service: Service, shop: Repository, judge: Judge):
    merged(service, shop, SILENT.replace("third = 3", "third = 3  # BUG-high-third"))

    issue = reported(service, shop, merged(service, shop, REPAIRED, "Fix second"))

    kept = record(service, shop, issue)
    assert (kept.answer, kept.why) == (Answer.MISSED, "1 other finding was said")


def test_a_change_that_nobody_reviewed_is_not_called_a_miss(service: Service, shop: Repository, judge: Judge):
    shop.commit({"app.py": FLAWED}, message="Straight to main")

    issue = reported(service, shop, merged(service, shop, REPAIRED, "Fix second"))

    kept = record(service, shop, issue)
    assert kept.answer is Answer.NOT_REVIEWED
    assert "without a pull request" in kept.why
    assert "We did not look" in issue.answers[0].body


def test_what_no_code_caused_is_said_to_be_that(service: Service, shop: Repository, judge: Judge):
    issue = shop.issue("Power cut", "The lights went out.\n\nCause: external")
    service.receive(issue.opened)
    service.settle()
    service.incidents()

    assert record(service, shop, issue).answer is Answer.NOT_A_CODE_CAUSE
    assert "no review could have stopped it" in issue.answers[0].body


def test_without_a_judge_nothing_is_called_caught_or_missed(service: Service, shop: Repository):
    merged(service, shop, FLAWED)

    issue = reported(service, shop, merged(service, shop, REPAIRED, "Fix second"))

    assert record(service, shop, issue).answer is Answer.NOT_JUDGED
    assert "has not been judged" in issue.answers[0].body


def test_an_incident_without_a_fix_waits_in_silence(service: Service, shop: Repository, judge: Judge):
    issue = shop.issue("Orders fail")
    service.receive(issue.opened)
    service.settle()
    service.incidents()

    assert record(service, shop, issue).stand is Stand.WAITING
    assert issue.answers == []


def test_an_issue_without_the_label_is_none_until_it_gets_it(service: Service, shop: Repository, judge: Judge):
    issue = shop.issue("Orders fail", labels=())
    service.receive(issue.opened)
    service.settle()
    assert service.live.incidents.find(f"github:{shop.id}:{issue.number}") is None

    service.receive(issue.label("Incident"))
    service.settle()
    service.incidents()

    assert record(service, shop, issue).stand is Stand.WAITING


def test_an_incident_that_loses_its_label_or_its_issue_is_taken_back(service: Service, shop: Repository, judge: Judge):
    first, second = shop.issue("One"), shop.issue("Two")
    service.receive(first.opened, second.opened)
    service.settle()
    service.incidents()

    service.receive(first.unlabel("incident"), second.delete())
    service.settle()
    service.incidents()

    assert record(service, shop, first).stand is Stand.WITHDRAWN
    assert record(service, shop, second).stand is Stand.WITHDRAWN


def test_somebody_who_knows_the_cause_better_is_believed_in_the_same_comment(
    service: Service, shop: Repository, judge: Judge, world: World
):
    culprit = merged(service, shop, FLAWED)
    other = merged(service, shop, FLAWED + "fourth = 4\n")
    issue = reported(service, shop, merged(service, shop, REPAIRED + "fourth = 4\n", "Fix second"))
    assert record(service, shop, issue).cause.pull == culprit.number

    service.receive(issue.edit(f"Orders fail.\n\nCaused by #{other.number}"))
    service.settle()
    service.incidents()

    kept = record(service, shop, issue)
    assert (kept.cause.pull, kept.answer) == (other.number, Answer.MISSED)
    (answer,) = issue.answers
    assert answer.body.startswith("**We missed it.")
    assert violations(world) == []


def test_reports_that_came_while_nobody_listened_are_found(service: Service, shop: Repository, judge: Judge):
    merged(service, shop, FLAWED)
    fix = merged(service, shop, REPAIRED, "Fix second")
    issue = shop.issue("Orders fail")
    issue.close(by=fix)

    assert service.import_issues() == 1
    assert service.import_issues() == 0
    service.incidents()

    assert record(service, shop, issue).answer is Answer.FLAGGED_AND_IGNORED


@pytest.mark.parametrize("crossing", range(0, 22, 2))
def test_a_death_at_any_step_costs_nothing_and_says_nothing_twice(
    service: Service, shop: Repository, judge: Judge, world: World, crossing: int
):
    merged(service, shop, FLAWED)
    fix = merged(service, shop, REPAIRED, "Fix second")

    with service.dying(crossing):
        issue = reported(service, shop, fix)
    service.settle()
    service.incidents()

    kept = record(service, shop, issue)
    assert (kept.answer, kept.today) == (Answer.FLAGGED_AND_IGNORED, Verdict.CAUGHT)
    assert len(issue.answers) == 1
    assert violations(world) == []


def test_a_fault_of_github_is_waited_out(service: Service, shop: Repository, judge: Judge, world: World):
    merged(service, shop, FLAWED)
    fix = merged(service, shop, REPAIRED, "Fix second")
    world.fault("POST", "/repos/*/*/issues/*/comments", "5xx after effect", times=1)
    world.fault("GET", "/repos/*/*/issues/*", "5xx before effect", times=9)

    issue = reported(service, shop, fix)

    assert record(service, shop, issue).answer is Answer.FLAGGED_AND_IGNORED
    assert len(issue.answers) == 1
    assert violations(world) == []


def test_a_judge_that_is_down_leaves_it_open(service: Service, shop: Repository, judge: Judge):
    merged(service, shop, FLAWED)
    judge.is_down = True

    issue = reported(service, shop, merged(service, shop, REPAIRED, "Fix second"))

    kept = record(service, shop, issue)
    assert kept.answer is Answer.NOT_JUDGED
    assert kept.today is Verdict.UNJUDGED
