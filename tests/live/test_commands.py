"""What people can tell us in comments, and what they hear."""

from __future__ import annotations

import json
import re

import pytest

from reviewbot.domain.pull import PullRef
from reviewbot.domain.review import Usage
from reviewbot.ports import Completion, Prompt
from tests.fakes.github import Pull, Repository, World, violations
from tests.live.service import Service
from tests.live.test_reviews import CLEAN, FLAWED, TWICE, only_check


def reviewed(service: Service, shop: Repository, content: str = FLAWED, **options: object) -> Pull:
    pull = shop.pull(files={"app.py": content}, **options)
    service.receive(pull.opened)
    service.settle()
    return pull


def say(service: Service, pull: Pull, author: str, body: str) -> None:
    service.receive(pull.comment(author, body))
    service.settle()


def finding_ids(pull: Pull) -> list[str]:
    roots = [comment.body for comment in pull.inline_comments if comment.in_reply_to is None]
    return [match[1] for body in roots if (match := re.search(r"Finding `([0-9a-f]{8})`", body))]


def reads(service: Service) -> int:
    return len(service.factory.reviewers[0].reads)


def test_a_command_of_somebody_without_write_permission_is_refused_in_words(
    service: Service, shop: Repository, world: World
):
    pull = reviewed(service, shop)

    say(service, pull, "eve", "@reviewbot pause")

    (answer,) = pull.answers
    assert "Only people who can write" in answer.body
    work = service.live.pulls.work(PullRef(shop.id, pull.number))
    assert work is not None
    assert not work.is_paused
    assert violations(world) == []


def test_permission_is_asked_when_the_command_runs_and_no_answer_means_no(
    service: Service, shop: Repository, world: World
):
    pull = reviewed(service, shop)
    command = pull.comment("ada", "@reviewbot full review")
    shop.allow("ada", "read")

    service.receive(command)
    service.settle()

    assert reads(service) == 1
    assert "Only people who can write" in pull.answers[0].body


def test_a_comment_that_is_not_for_us_costs_nothing(service: Service, shop: Repository, world: World):
    pull = reviewed(service, shop)
    before = len(world.calls)

    say(service, pull, "ada", "I wonder what @reviewbot thinks of it.\n> @reviewbot pause")

    assert len(world.calls) == before
    assert pull.answers == []


def test_paused_pull_requests_are_skipped_in_sight_until_resumed(service: Service, shop: Repository, world: World):
    pull = reviewed(service, shop)
    say(service, pull, "ada", "@reviewbot pause")
    service.receive(pull.push(files={"app.py": TWICE}))
    service.settle()
    assert "paused" in (only_check(pull).title or "")
    assert len(pull.reviews) == 1

    say(service, pull, "ada", "@reviewbot resume")

    assert only_check(pull).conclusion == "neutral"
    assert len(pull.reviews) == 2
    assert violations(world) == []


def test_an_ignored_finding_stays_ignored_across_pushes_and_pull_requests(
    service: Service, shop: Repository, world: World
):
    pull = reviewed(service, shop)
    (name,) = finding_ids(pull)
    say(service, pull, "ada", f"@reviewbot ignore {name} because the caller checks it")
    assert only_check(pull).conclusion == "success"

    service.receive(pull.push(files={"app.py": FLAWED + "fourth = 4\n"}))
    service.settle()
    other = reviewed(service, shop)
    say(service, pull, "ada", "@reviewbot config")

    assert len(pull.reviews) == 1
    assert other.reviews == []
    assert only_check(other).conclusion == "success"
    assert name in pull.answers[-1].body
    assert "the caller checks it" in pull.answers[-1].body
    assert violations(world) == []


def test_ignoring_needs_a_reason_and_a_finding_that_exists(service: Service, shop: Repository, world: World):
    pull = reviewed(service, shop)
    (name,) = finding_ids(pull)

    say(service, pull, "ada", f"@reviewbot ignore {name}")
    say(service, pull, "ada", "@reviewbot ignore 0123abcd because of a typo")

    assert only_check(pull).conclusion == "neutral"
    asked, unknown = pull.answers
    assert "because" in asked.body
    assert name in unknown.body


def test_a_full_review_reads_everything_again_and_says_nothing_twice(service: Service, shop: Repository, world: World):
    pull = reviewed(service, shop)

    say(service, pull, "ada", "@reviewbot full review")

    assert reads(service) == 2
    assert len(pull.reviews) == 1
    assert only_check(pull).conclusion == "neutral"
    assert violations(world) == []


def test_a_review_of_a_draft_can_be_asked_for(service: Service, shop: Repository, world: World):
    pull = reviewed(service, shop, draft=True)
    assert pull.reviews == []

    say(service, pull, "ada", "@reviewbot review")

    assert len(pull.reviews) == 1


@pytest.mark.parametrize("command", ["help", "config"])
def test_the_same_command_delivered_twice_is_answered_once(
    service: Service, shop: Repository, world: World, command: str
):
    pull = reviewed(service, shop, CLEAN)
    event = pull.comment("ada", f"@reviewbot {command}")

    service.receive(event, times=2)
    service.settle()

    assert len(pull.answers) == 1
    assert violations(world) == []


def test_explain_tells_what_is_known_of_a_finding(service: Service, shop: Repository, world: World):
    pull = reviewed(service, shop)
    (name,) = finding_ids(pull)

    say(service, pull, "ada", f"@reviewbot explain {name}")

    assert "second fails" in pull.answers[0].body
    assert "It is open" in pull.answers[0].body


class Talker:
    """A model that has one answer."""

    name = "scripted"

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.prompts: list[Prompt] = []

    def complete(self, prompt: Prompt) -> Completion:
        self.prompts.append(prompt)
        return Completion(json.dumps({"stands": "yes", "answer": self.answer}), self.name, Usage())


def test_a_reply_in_a_findings_thread_is_answered_there_once(service: Service, shop: Repository, world: World):
    talker = Talker("Line 2 is run for every order. ![x](http://evil.example/x.png) @everyone")
    service.factory.answerer = talker
    pull = reviewed(service, shop)
    (comment,) = pull.inline_comments

    service.receive(pull.reply("ada", comment.id, "How would that happen?"), times=2)
    service.settle()

    ours = [one for one in pull.inline_comments if one.in_reply_to == comment.id]
    (answer,) = ours
    assert "Line 2 is run for every order" in answer.body
    assert "![" not in answer.body
    assert "@everyone" not in answer.body
    (prompt,) = talker.prompts
    assert "How would that happen?" in prompt.turns[0].text
    assert violations(world) == []


def test_our_own_words_and_other_bots_are_not_answered(service: Service, shop: Repository, world: World):
    service.factory.answerer = Talker("Yes.")
    pull = reviewed(service, shop)
    (comment,) = pull.inline_comments
    world.user("helper[bot]", kind="Bot")

    service.receive(
        pull.reply("helper[bot]", comment.id, "@reviewbot review"), pull.comment("helper[bot]", "@reviewbot help")
    )
    service.settle()

    assert len(pull.inline_comments) == 1
    assert pull.answers == []


def test_a_reply_of_a_stranger_is_feedback_and_gets_no_answer(service: Service, shop: Repository, world: World):
    service.factory.answerer = Talker("Yes.")
    pull = reviewed(service, shop)
    (comment,) = pull.inline_comments

    service.receive(pull.reply("eve", comment.id, "I do not think so."))
    service.settle()

    assert len(pull.inline_comments) == 1
    assert [one.kind for one in service.live.feedback.of(PullRef(shop.id, pull.number))] == ["reply"]


def test_two_bots_cannot_talk_for_ever(service: Service, shop: Repository, world: World):
    service.factory.answerer = Talker("Yes.")
    pull = reviewed(service, shop)
    (comment,) = pull.inline_comments

    for number in range(20):
        service.receive(pull.reply("ada", comment.id, f"And {number}?"))
        service.settle()

    replies = [one for one in pull.inline_comments if one.in_reply_to == comment.id]
    assert len(replies) <= service.limits.replies_per_thread


def test_the_check_follows_a_thread_that_is_resolved_and_opened_again(service: Service, shop: Repository, world: World):
    pull = reviewed(service, shop)
    (comment,) = pull.inline_comments

    service.receive(pull.resolve(comment.id, "ada"))
    service.settle()
    assert only_check(pull).conclusion == "success"
    service.receive(pull.push(files={"app.py": FLAWED + "fourth = 4\n"}))
    service.settle()
    assert only_check(pull).conclusion == "success"

    service.receive(pull.resolve(comment.id, "ada", resolved=False))
    service.settle()
    assert only_check(pull).conclusion == "neutral"
    assert len(pull.reviews) == 1
    assert violations(world) == []


def test_f16_threads_are_read_again_when_what_we_are_told_of_them_comes_late(
    service: Service, shop: Repository, world: World
):
    pull = reviewed(service, shop)
    (comment,) = pull.inline_comments
    resolved, opened = pull.resolve(comment.id, "ada"), pull.resolve(comment.id, "ada", resolved=False)

    service.receive(opened, resolved)
    service.settle()

    assert only_check(pull).conclusion == "neutral"
    assert violations(world) == []
