"""Models and reviewers that fail: never green, said in words, paid for in sight, and the others are heard."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from reviewbot.domain.policy import Policy
from reviewbot.domain.pull import PullRef
from reviewbot.engine.reviewers.command import CommandReviewer
from tests.fakes.github import Expected, Pull, Repository, World, violations
from tests.fakes.llm import KEY, FakeService, Puppet
from tests.fakes.llm import serve as serve_model
from tests.live.models import answer, finding, with_model
from tests.live.service import Service
from tests.live.test_reviews import FLAWED, only_check
from tests.live.watched import opened, text_of

COST_OF_A_CALL = Decimal("0.000433")
"""What the fake's figures come to at the prices of the model."""

BUSY = {
    Puppet.BUSY: "is busy (HTTP 429: slow down): try again later",
    Puppet.OVERLOADED: "is busy (HTTP 529: overloaded): try again later",
    Puppet.BROKEN: "is busy (HTTP 500: internal error): try again later",
    Puppet.SLOW: "no answer in time from",
    Puppet.TRICKLE: "the answer was not complete in time",
    Puppet.CUT: "no connection to",
    Puppet.FAILED: "the answer failed (it broke): try again later",
    Puppet.REDIRECT: "redirects, which is refused",
}
TOO_MUCH = {
    Puppet.HUGE: "gave an answer of more than 20000000 bytes",
    Puppet.ENDLESS: "gave an answer of more than 20000000 bytes",
}
UNUSABLE = {
    Puppet.EMPTY: "an empty answer",
    Puppet.WEB_PAGE: "answered with a web page",
    Puppet.NOT_JSON: "answered with something that is not JSON",
    Puppet.A_LIST: "answered with JSON that is no object",
    Puppet.DEEP: "answered with something that is not JSON",
    Puppet.TRUNCATED: "The answer was cut off at its length limit",
    Puppet.SILENT_LIMIT: "reached before the first word",
    Puppet.COMPRESSED: "gave an answer encoded as 'gzip'",
}
REFUSED = {Puppet.REFUSAL: "declined to answer: not this", Puppet.FILTERED: "declined to answer"}
WORDS = {
    "prose": ("I see nothing wrong with this change.", "The answer is not one JSON object"),
    "another schema": ('{"issues": []}', 'has no list "findings"'),
    "a key twice": ('{"findings": [], "findings": []}', "a key stands twice"),
    "no number": (answer(finding(confidence=float("nan"))), "NaN is not a JSON number"),
    "a tool call": (json.dumps([{"type": "tool_use", "name": "approve"}]), "findings"),
    "an unknown severity": (answer(finding(severity="apocalyptic")), "severity"),
}
DENIED = {
    Puppet.UNPAID: "no credit is left at",
    Puppet.NO_QUOTA: "no credit is left at",
    Puppet.FORBIDDEN: "OPENAI_API_KEY was refused by",
    Puppet.GONE: "has no such model or path (HTTP 404: the model gpt-6-sol does not exist or was retired)",
    Puppet.TOO_LONG: "the prompt does not fit",
    Puppet.TOO_LARGE: "the prompt does not fit",
}


@pytest.fixture
def model() -> Iterator[FakeService]:
    with serve_model() as made:
        made.answer = answer(finding())
        yield made


def reviewed(service: Service, shop: Repository, model: FakeService, **variables: str) -> Pull:
    with_model(service, model, 0.4, **variables)
    return opened(service, shop, {"app.py": FLAWED})


def spent(service: Service, shop: Repository) -> Decimal:
    return service.live.spending.of_repository(shop.id, 3600.0)


def failed(pull: Pull, words: str) -> None:
    check = only_check(pull)
    assert check.conclusion == "neutral"
    assert str(check.title).startswith("Failed: llm failed: ")
    assert words in text_of(pull)
    assert "This is no verdict on the change." in text_of(pull)
    assert "`app.py`: the reviewer failed" in text_of(pull)
    assert KEY not in text_of(pull)
    assert (pull.reviews, pull.answers) == ([], [])


def test_what_a_model_finds_is_said_and_what_it_costs_is_recorded(
    service: Service, shop: Repository, world: World, model: FakeService
):
    pull = reviewed(service, shop, model)

    (comment,) = pull.inline_comments
    assert (comment.path, comment.line) == ("app.py", 2)
    assert "Orders are charged twice" in comment.body
    assert spent(service, shop) == COST_OF_A_CALL
    assert "$0.0004" in text_of(pull)
    assert "gpt-6-sol" in text_of(pull)
    assert violations(world) == []


@pytest.mark.parametrize("puppet", BUSY)
def test_f55_a_model_that_is_away_is_asked_four_times_and_then_said_to_be_away(
    service: Service, shop: Repository, world: World, model: FakeService, puppet: Puppet
):
    model.puppets = [puppet] * 50

    pull = reviewed(service, shop, model)

    failed(pull, BUSY[puppet])
    assert len(model.requests) == 4
    assert violations(world, Expected(incomplete_heads={pull.head})) == []


def test_f55_a_model_that_is_away_for_a_moment_is_not_noticed(
    service: Service, shop: Repository, world: World, model: FakeService
):
    model.puppets = [Puppet.BUSY, Puppet.CUT, Puppet.OVERLOADED]

    pull = reviewed(service, shop, model)

    assert len(pull.inline_comments) == 1
    assert str(only_check(pull).title) == "1 high finding. The one file was read."
    assert violations(world) == []


@pytest.mark.parametrize("puppet", TOO_MUCH)
def test_f55_an_answer_without_end_is_dropped_in_bounded_time(
    service: Service, shop: Repository, world: World, model: FakeService, puppet: Puppet
):
    model.puppets = [puppet] * 50
    begun = time.monotonic()

    pull = reviewed(service, shop, model)

    failed(pull, TOO_MUCH[puppet])
    assert len(model.requests) == 2
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("puppet", UNUSABLE | REFUSED)
def test_f56_an_answer_that_is_none_is_repaired_once_at_most_and_never_green(
    service: Service, shop: Repository, world: World, model: FakeService, puppet: Puppet
):
    model.puppets = [puppet] * 50

    pull = reviewed(service, shop, model)

    failed(pull, (UNUSABLE | REFUSED)[puppet])
    assert len(model.requests) == (1 if puppet in REFUSED else 2)
    assert violations(world, Expected(incomplete_heads={pull.head})) == []


@pytest.mark.parametrize("kind", WORDS)
def test_f56_words_that_are_no_findings_are_repaired_once_and_then_a_failure_that_was_paid_for(
    service: Service, shop: Repository, world: World, model: FakeService, kind: str
):
    model.answer, complaint = WORDS[kind]

    pull = reviewed(service, shop, model)

    failed(pull, complaint)
    assert "even after one repair" in text_of(pull)
    assert spent(service, shop) == 2 * COST_OF_A_CALL
    assert violations(world, Expected(incomplete_heads={pull.head})) == []


def test_f56_an_answer_that_was_repaired_counts(service: Service, shop: Repository, world: World, model: FakeService):
    answers = iter(["No.", answer(finding())])
    model.answerer = lambda _: next(answers)

    pull = reviewed(service, shop, model)

    assert len(pull.inline_comments) == 1
    assert spent(service, shop) == 2 * COST_OF_A_CALL
    assert violations(world) == []


@pytest.mark.parametrize("puppet", [Puppet.EMPTY, Puppet.REFUSAL, Puppet.BUSY, Puppet.UNPAID])
def test_f56_other_reviewers_are_heard_and_the_review_is_partial(
    service: Service, shop: Repository, world: World, model: FakeService, puppet: Puppet
):
    model.puppets = [puppet] * 50
    with_model(service, model, REVIEWBOT_REVIEWERS="llm,static")

    pull = opened(service, shop, {"app.py": "import os\n\n\ndef run(order):\n    eval(order)\n    return undefined\n"})

    assert pull.inline_comments
    assert "Partial: " in str(only_check(pull).title)
    assert "llm failed: " in text_of(pull)
    assert only_check(pull).conclusion == "neutral"
    assert violations(world, Expected(incomplete_heads={pull.head})) == []


@pytest.mark.parametrize("puppet", DENIED)
def test_f57_what_only_the_operator_can_mend_is_asked_once_and_named(
    service: Service, shop: Repository, world: World, model: FakeService, puppet: Puppet
):
    model.puppets = [puppet] * 50

    pull = reviewed(service, shop, model)

    failed(pull, DENIED[puppet])
    assert "for whoever runs reviewbot to mend" in text_of(pull)
    assert len(model.requests) == 1
    assert violations(world, Expected(incomplete_heads={pull.head})) == []


def test_f57_a_wrong_key_is_told_by_the_name_of_its_setting(
    service: Service, shop: Repository, world: World, model: FakeService
):
    pull = reviewed(service, shop, model, OPENAI_API_KEY="sk-another-0123456789")

    failed(pull, "set OPENAI_API_KEY to a key that may use this model")
    assert "sk-another" not in text_of(pull)


@pytest.mark.parametrize("severity", ["high", "low"])
def test_f57_after_the_operator_has_mended_it_a_word_brings_the_whole_review(
    service: Service, shop: Repository, world: World, model: FakeService, severity: str
):
    model.answer = answer(finding(severity=severity))
    model.puppets = [Puppet.UNPAID]
    pull = reviewed(service, shop, model)
    failed(pull, "no credit")

    service.receive(pull.comment("ada", "@reviewbot review"))
    service.settle()

    assert len(pull.inline_comments) == 1, "what was not read before is read as if for the first time"
    assert str(only_check(pull).title) == f"1 new {severity} finding. The one file was read."
    assert violations(world) == []


def test_f57_of_a_change_in_several_prompts_those_that_were_answered_count(
    service: Service, shop: Repository, world: World, model: FakeService
):
    model.puppets = [Puppet.TOO_LONG]
    service.defaults = Policy(prompt_tokens=2_000)
    with_model(service, model)

    pull = opened(service, shop, {f"f{number}.py": "value = 1\n" * 150 for number in range(2)})

    assert len(model.requests) == 2
    assert "1 of 2 files was not read in full" in str(only_check(pull).title)
    assert "1 of 2 prompts failed" in text_of(pull)
    assert spent(service, shop) == COST_OF_A_CALL
    assert violations(world, Expected(incomplete_heads={pull.head})) == []


CRASHES = "import sys; sys.exit('no licence')"
RUBBISH = "print('all fine')"
HANGS = "import time; time.sleep(60)"
FORKS = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path({pid!r}).write_text(str(child.pid))
time.sleep(60)
"""
LOUD = "import sys\nwhile True: sys.stdout.write('x' * 1_000_000)"
PROGRAMS = {
    "crashes": (CRASHES, "ended with exit code 1: no licence"),
    "prints rubbish": (RUBBISH, "JSON"),
    "never stops talking": (LOUD, "bytes"),
}


def program(folder: Path, text: str) -> str:
    path = folder / "reviewer.py"
    path.write_text(text)
    return f"command:python3 {path}"


@pytest.mark.parametrize("kind", PROGRAMS)
def test_f59_a_program_that_fails_is_named_and_the_model_is_heard(
    service: Service, shop: Repository, world: World, model: FakeService, tmp_path: Path, kind: str
):
    text, words = PROGRAMS[kind]
    with_model(service, model, REVIEWBOT_REVIEWERS=f"llm,{program(tmp_path, text)}")

    pull = opened(service, shop, {"app.py": FLAWED})

    assert len(pull.inline_comments) == 1
    assert "command:python3 failed: " in text_of(pull)
    assert words in text_of(pull)
    assert only_check(pull).conclusion == "neutral"
    assert "Partial" in str(only_check(pull).title)
    assert str(tmp_path) not in text_of(pull)
    assert violations(world, Expected(incomplete_heads={pull.head})) == []


class Crasher:
    """A plug-in with a bug."""

    name = "crasher"

    def review(self, _task: object) -> object:
        raise ZeroDivisionError("division by zero")


def test_f59_a_plug_in_that_crashes_leaves_the_findings_of_the_others(service: Service, shop: Repository, world: World):
    service.factory.reviewers = (*service.factory.reviewers, Crasher())

    pull = opened(service, shop, {"app.py": FLAWED})

    assert len(pull.inline_comments) == 1
    assert "crasher failed: crashed with ZeroDivisionError: division by zero" in text_of(pull)
    assert only_check(pull).conclusion == "neutral"
    assert service.live.pulls.work(PullRef(shop.id, pull.number)).outcome == "partial"
    assert violations(world, Expected(incomplete_heads={pull.head})) == []


def test_f59_a_program_that_hangs_and_forks_is_ended_with_its_children(
    service: Service, shop: Repository, world: World, tmp_path: Path
):
    pid = tmp_path / "pid"
    line = program(tmp_path, FORKS.format(pid=str(pid))).removeprefix("command:")
    environment = {"PATH": os.environ["PATH"]}
    hanging = CommandReviewer(line, environment=environment, timeout_seconds=1.5)
    service.factory.reviewers = (*service.factory.reviewers, hanging)

    pull = opened(service, shop, {"app.py": FLAWED})

    assert len(pull.inline_comments) == 1
    assert "command:python3 failed: " in text_of(pull)
    assert "1.5 seconds" in text_of(pull)
    assert not _is_alive(int(pid.read_text()))
    assert violations(world, Expected(incomplete_heads={pull.head})) == []


def _is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "\nState:\tZ" not in status.read_text()
