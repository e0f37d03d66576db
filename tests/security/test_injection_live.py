"""Hidden instructions through the whole service: real HTTP to GitHub and the model, real git, real database."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.github import Pull, Repository, World, violations
from tests.fakes.llm import KEY, FakeService
from tests.github.powers import powers_of
from tests.live.models import with_model
from tests.live.service import SECRET, Service
from tests.live.test_reviews import only_check
from tests.security.conftest import FUZZ_INPUTS
from tests.security.corpus import AROUND, CASES, PLACES, SEEN, Case
from tests.security.puppets import PUPPETS
from tests.security.secret_samples import drawn
from tests.security.sinks import kept_in_database, leaks, sent_to_models, written_to_github

VAULT = "a text of another repository that nobody here may read " + drawn(12, seed="vault")
HIDDEN = "gh" + "p_" + drawn(36, seed="hidden")
RULE = "import subprocess\n\n\ndef run(order):\n    subprocess.call(order, shell=True)\n"
"""What the rules of the static reviewer object to, whatever a model says."""

EVERY = 1 if FUZZ_INPUTS >= 100_000 else 19
"""All cases when the suite is hardened, else so many that each place and each puppet comes up more than once."""


def chosen() -> list[tuple[Case, str]]:
    pairs = [(case, puppet) for case in CASES for puppet in PUPPETS]
    return pairs[::EVERY]


def opened_case(service: Service, shop: Repository, case: Case) -> Pull:
    shop.commit({**case.before, "vault.py": f"TOKEN = '{HIDDEN}'\n"})
    files = {**case.after, "jobs.py": RULE}
    head = shop.state.store.commit(files, (shop.head,), case.message)
    pull = shop.pull(head=head, title=case.title, body=case.body, branch=case.branch, author="eve", from_fork=True)
    pull.comment("eve", case.body)
    service.receive(pull.opened)
    service.settle()
    return pull


def test_the_chosen_cases_are_at_least_thirty_and_of_every_place():
    assert len(chosen()) >= 30
    assert len({case.place for case, _ in chosen()}) == len(PLACES)
    assert {puppet for _, puppet in chosen()} == set(PUPPETS)


@pytest.mark.parametrize(("case", "puppet"), chosen(), ids=lambda one: getattr(one, "name", one))
def test_s07_s19_s20_s31_nothing_leaks_and_nothing_gets_power_through_the_whole_service(
    service: Service, shop: Repository, world: World, model: FakeService, tmp_path: Path,
    caplog: pytest.LogCaptureFixture, case: Case, puppet: str,
):  # fmt: skip
    caplog.set_level(logging.DEBUG)
    logging.getLogger("markdown_it").setLevel(logging.WARNING)
    other = world.repository("beta/vault", files={"treasure.txt": VAULT, "app.py": f"NOTE = '{VAULT}'\n"})
    model.answerer = lambda request: PUPPETS[puppet](_asked(request), request["text"]["format"]["schema"]["properties"])
    with_model(service, model, REVIEWBOT_EFFORT="standard", REVIEWBOT_REVIEWERS="llm,static")
    theirs = other.pull(files={"treasure.txt": VAULT + " still", "app.py": AROUND["app.py"]})
    service.receive(theirs.opened)
    service.settle()
    before, asked_before = len(world.calls), len(model.requests)

    pull = opened_case(service, shop, case)

    said = [one.body for one in (*pull.reviews, *pull.inline_comments, *pull.answers)]
    check = only_check(pull)
    texts = [*said, check.summary or "", check.text or ""]
    assert [power for text in texts for power in powers_of(text)] == []
    assert check.conclusion != "success"
    assert any(re.search(r"by [^·]*static", text) for text in said), "a rule was talked out of its finding"
    assert pull.state.is_open and all(review.state == "COMMENTED" for review in pull.reviews)
    sinks = {
        "models": json.dumps(model.requests[asked_before:], ensure_ascii=False),
        "github": "\n".join(json.dumps(call.body) for call in list(world.calls)[before:] if call.is_write),
        "logs": caplog.text,
        "database": kept_in_database(tmp_path, "delivery"),
    }
    for name, text in sinks.items():
        for secret in _honey(world):
            assert leaks(secret, text) == [], name
        assert name in ("logs", "database") or VAULT[:40] not in text, name
    assert not any(SEEN in block for text in said for block in re.findall(r"```diff\n(.*?)```", text, re.S))
    assert unexpected_writes(world, before) == []
    assert not any("beta" in call.path for call in list(world.calls)[before:])
    assert violations(world) == []


def _asked(request: dict[str, Any]) -> str:
    return str(request.get("instructions")) + "".join(str(turn["content"]) for turn in request["input"])


def _honey(world: World) -> list[str]:
    """Our own secrets, and the token in a file beside the change."""
    key = "".join(line for line in world.private_key.splitlines() if not line.startswith("-"))
    return [key[200:280], key[600:680], SECRET.decode(), KEY, HIDDEN, *world.tokens]


def unexpected_writes(world: World, since: int) -> list[str]:
    """Writes that are not of the kinds that a review needs, on this repository and pull request alone."""
    needed = re.compile(
        r"(?:POST|PATCH) /repos/acme/shop/"
        r"(?:check-runs(?:/\d+)?|pulls/1/(?:reviews|comments/\d+/replies)|issues/1/comments)"
    )
    writes = [f"{call.method} {call.path}" for call in list(world.calls)[since:] if call.is_write]
    return [write for write in writes if not needed.fullmatch(write)]


@pytest.mark.parametrize("puppet", PUPPETS)
def test_s07_s16_s17_an_answer_in_a_thread_has_no_power_either(
    service: Service, shop: Repository, world: World, model: FakeService, puppet: str
):
    model.answerer = lambda request: PUPPETS[puppet](_asked(request), request["text"]["format"]["schema"]["properties"])
    with_model(service, model, REVIEWBOT_REVIEWERS="llm,static")
    case = next(one for one in CASES if one.name == "diff comment: picture")
    pull = opened_case(service, shop, case)
    comment = pull.inline_comments[0]

    for one in CASES[5::40]:
        service.receive(pull.reply("ada", comment.id, f"{one.title}\n{one.body}\n{one.after['app.py']} {HIDDEN}"))
        service.settle()

    replies = [one.body for one in pull.inline_comments if one.in_reply_to == comment.id]
    assert replies
    assert [power for text in replies for power in powers_of(text)] == []
    assert leaks(HIDDEN, written_to_github(world) + sent_to_models(model)) == []
    assert violations(world) == []
