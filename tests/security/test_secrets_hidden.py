"""A secret in a repository reaches no model, no comment, no table and no log, and findings about it still stand."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from reviewbot.domain.change import Change
from reviewbot.domain.diff import Diff
from reviewbot.domain.review import Outcome
from reviewbot.engine.review import Reviewable, review
from reviewbot.engine.reviewers.command import CommandReviewer
from reviewbot.engine.reviewers.llm import LlmReviewer
from reviewbot.server.logs import LineFormatter
from reviewbot.testing import MemorySnapshot
from tests.engine.builders import file_diff
from tests.engine.reviews import Answering
from tests.fakes.github import Repository, World, violations
from tests.fakes.llm import FakeService
from tests.live.models import answer, finding, with_model
from tests.live.service import Service
from tests.live.watched import opened, text_of
from tests.security.secret_samples import BASE64, drawn
from tests.security.sinks import kept_in_database, leaks, sent_to_models, written_to_github

ADDED = "gh" + "p_" + drawn(36, seed="added")
REMOVED = "sk-" + "ant-api03-" + drawn(60, seed="removed")
AROUND = drawn(30, seed="around")
TITLED = "gl" + "pat-" + drawn(20, seed="titled")
KEY = [drawn(64, BASE64, f"line {number}") for number in range(8)]
BLOCK = f"{'-' * 5}BEGIN RSA PRIVATE KEY{'-' * 5}\n" + "\n".join(KEY) + f"\n{'-' * 5}END RSA PRIVATE KEY{'-' * 5}\n"
SECRETS = [ADDED, REMOVED, AROUND, TITLED, *KEY]
BEFORE = {
    "app.py": f"import net\n\nold = '{REMOVED}'\n\n\ndef send(order):\n    return net.call(order)\n",
    "net.py": f"PASSWORD = '{AROUND}'\n\n\ndef call(order):\n    return connect(PASSWORD).send(order)\n",
    "deploy.pem": "a key comes here\n",
}
AFTER = {
    "app.py": f"import net\n\ntoken = '{ADDED}'\n\n\ndef send(order):\n    return net.call(order, token)\n",
    "deploy.pem": BLOCK,
}


def curious(request: dict[str, Any]) -> str:
    """Looks into every file, then quotes all that it saw of tokens, one quote in the words of the file itself."""
    looks = [
        {"tool": "read_file", "path": path, "text": "", "first_line": 1, "last_line": 100, "side": side}
        for path, side in (("net.py", "RIGHT"), ("app.py", "LEFT"), ("deploy.pem", "RIGHT"))
    ] + [{"tool": "grep", "path": "", "text": "PASSWORD", "first_line": 1, "last_line": 1, "side": "RIGHT"}]
    schema = request["text"]["format"]["schema"]["properties"]
    if "verdict" in schema:
        return json.dumps({**CONFIRMED, "looks": []})
    seen = any(turn["role"] == "assistant" for turn in request["input"])
    found = finding(3, "A token stands in the code", quote="token = '[redacted: github token]'")
    return json.dumps({"looks": [] if seen else looks, "findings": [found]})


CONFIRMED = {
    "verdict": "confirmed",
    "reason": "It stands there.",
    "trigger": "anybody reads the repository",
    "mechanism": "the token is in the code",
    "consequence": "it is used by others",
    "quotes": [{"path": "app.py", "side": "RIGHT", "text": "token = '[redacted: github token]'"}],
    "origin": "introduced",
    "harm": "security",
    "reach": "most",
    "worth": "stop",
    "same_as": 0,
}


@pytest.mark.parametrize("effort", ["quick", "standard", "deep"])
def test_s20_secrets_of_a_change_and_around_it_reach_no_sink_and_the_finding_stands(
    service: Service, shop: Repository, world: World, model: FakeService, tmp_path: Path,
    caplog: pytest.LogCaptureFixture, effort: str,
):  # fmt: skip
    shop.commit(BEFORE)
    model.answerer = curious
    with_model(service, model, REVIEWBOT_EFFORT=effort)
    caplog.set_level(logging.DEBUG)

    pull = opened(service, shop, AFTER, title=f"Use {TITLED}", body=f"It is {ADDED}, was {REMOVED}.")

    sinks = {
        "models": sent_to_models(model),
        "comments": written_to_github(world),
        "database": kept_in_database(tmp_path, "delivery"),
        "logs": caplog.text,
    }
    assert {name: [leak for secret in SECRETS for leak in leaks(secret, text)] for name, text in sinks.items()} == {
        name: [] for name in sinks
    }
    assert "[redacted: github token]" in sinks["models"] and "[redacted: anthropic key]" in sinks["models"]
    assert "A token stands in the code" in sinks["database"]
    (comment,) = pull.inline_comments
    assert (comment.path, comment.line) == ("app.py", 3), "the quote of a marker is found where it stands"
    assert "secrets were hidden from the models" in text_of(pull)
    assert violations(world) == []


def test_s20_a_finding_on_a_secret_is_the_same_finding_after_the_next_push(
    service: Service, shop: Repository, world: World, model: FakeService
):
    shop.commit(BEFORE)
    model.answerer = curious
    with_model(service, model)
    pull = opened(service, shop, AFTER)

    service.receive(pull.push(files={"other.py": "x = 1\n"}))
    service.settle()

    assert len(pull.inline_comments) == 1
    assert "fixed" not in text_of(pull)
    model.answerer, model.answer = None, answer()
    service.receive(pull.push(files={"app.py": "import net\n"}))
    service.settle()
    assert "1 fixed" in text_of(pull)
    assert violations(world) == []


def test_s20_line_numbers_of_what_a_model_sees_are_those_of_the_files():
    changed = file_diff("key.pem", 1, *(f"+{line}" for line in BLOCK.splitlines()), "+last = 1")
    model = Answering()

    review(Reviewable(Change(Diff((changed,))), MemorySnapshot({}), MemorySnapshot({})), [LlmReviewer(model)])

    lines = [line for line in model.texts[0].split("\n") if "[redacted: private key]" in line]
    assert [line.split()[0] for line in lines] == [str(number) for number in range(2, 10)]
    assert "         11 + last = 1" in model.texts[0]
    assert leaks(KEY[0], model.texts[0]) == []


def test_s20_what_a_program_of_the_operator_quotes_is_hidden_too(tmp_path: Path):
    """It gets the files as they are, so that it can look for secrets; what it says of them is stored and shown."""
    said = {"title": f"Token {ADDED}", "explanation": f"In the code: {ADDED}", "severity": "high", "path": "app.py",
            "first_line": 1, "last_line": 1, "evidence": [f"token = '{ADDED}'"]}  # fmt: skip
    program = tmp_path / "scan.py"
    program.write_text(
        "import json, pathlib, sys\n"
        f"assert {ADDED!r} in (pathlib.Path('app.py').read_text())\n"
        f"assert {ADDED!r} not in sys.stdin.read()\n"
        f"print(json.dumps({{'findings': [{said!r}]}}))\n"
    )
    changed = file_diff("app.py", 1, f"+token = '{ADDED}'")
    head = MemorySnapshot({"app.py": f"token = '{ADDED}'\n".encode()})

    made = review(
        Reviewable(Change(Diff((changed,))), MemorySnapshot({}), head),
        [CommandReviewer(f"/usr/bin/env python3 {program}", environment={"PATH": "/usr/bin:/bin"})],
    )

    assert made.outcome is Outcome.COMPLETE, made.reason
    (found,) = made.findings
    assert leaks(ADDED, repr(made)) == []
    assert found.anchor_text == "token = '[redacted: github token]'"


def test_s20_s21_no_log_line_holds_a_secret_whatever_way_it_came():
    formatter = LineFormatter("%(message)s")
    record = logging.LogRecord("reviewbot", logging.WARNING, __file__, 1, f"failed with {ADDED}", (), None)
    record.why = f"Authorization: Bearer {AROUND}"
    try:
        raise ValueError(f"postgres://shop:{AROUND}@db/shop")
    except ValueError as error:
        record.exc_info = (type(error), error, error.__traceback__)

    line = formatter.format(record)

    assert leaks(ADDED, line) == [] and leaks(AROUND, line) == []
    assert line.count("[redacted:") >= 3


def test_s20_a_model_that_answers_with_a_secret_has_it_from_elsewhere_and_it_is_not_said(
    service: Service, shop: Repository, world: World, model: FakeService, tmp_path: Path
):
    model.answer = answer(finding(title=f"Use {ADDED}", explanation=f"As in {REMOVED}.", suggestion=f"`{ADDED}`"))
    with_model(service, model)

    pull = opened(service, shop, {"app.py": "first = 1\nsecond = 3\nthird = 3\n"})

    assert len(pull.inline_comments) == 1
    text = written_to_github(world) + kept_in_database(tmp_path)
    assert leaks(ADDED, text) == [] and leaks(REMOVED, text) == []
