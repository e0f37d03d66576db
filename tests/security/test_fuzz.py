"""Damaged input at every door: an answer or a typed refusal, never a 5xx and never another exception.

REVIEWBOT_FUZZ_INPUTS says how many inputs there are in all; the doors share them.
"""

from __future__ import annotations

import http.client
import json
import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from reviewbot.dialogue import AnswerError, fenced, neutral
from reviewbot.domain.diff import Diff
from reviewbot.domain.diff_text import parse_diff, render_diff
from reviewbot.domain.events import Event
from reviewbot.domain.policy import Policy
from reviewbot.engine.anchor import anchor
from reviewbot.engine.answer import read_findings
from reviewbot.engine.external import parse_external
from reviewbot.engine.looks import Look, Window, read_looks, shown
from reviewbot.engine.prompts import chunks_of, diff_block
from reviewbot.engine.refuting import read_check
from reviewbot.errors import InputError
from reviewbot.github.commands import (
    Explain,
    FullReview,
    Help,
    Ignore,
    Pause,
    Resume,
    Review,
    ShowConfig,
    Unclear,
    parse_command,
)  # fmt: skip
from reviewbot.github.webhook import UnreadablePayload, decode_body, parse_event
from reviewbot.policy_file import parse_policy
from reviewbot.retro.exposures import load_exposures
from reviewbot.retro.incident_schema import incident_check
from reviewbot.store.transactions import open_transactions
from reviewbot.testing import MemorySnapshot
from tests.fakes.repositories import RepositoryBuilder
from tests.github.payload_samples import OWN, samples
from tests.live.models import answer, finding
from tests.retro.incident_texts import FULL
from tests.security.conftest import FUZZ_INPUTS
from tests.security.corpus import CASES, GOALS
from tests.security.fuzzing import damaged, rearranged
from tests.server.deliveries import PATH, headers_for
from tests.server.running import NotedJobs, open_door

SHARES = {
    "http": 4,
    "webhook": 16,
    "json": 18,
    "diff": 14,
    "policy": 9,
    "incidents": 6,
    "command": 15,
    "answer": 13,
    "fence": 5,
}
"""Of a hundred inputs, how many go to which door."""

POLICY = b"""version: 1
severity: medium
confidence: 0.4
paths: {ignore: ["docs/**"], only: ["src/**", "*.py"]}
reviewers: [llm, static]
instructions:
  - paths: "src/**"
    text: Money is never a float.
gate: {fail_from: high}
suggestions: true
language: Deutsch
"""
COMMANDS = [
    f"@reviewbot {words}".encode()
    for words in (
        "review", "full review", "pause", "resume", "ignore 0123abcd because the caller checks it", "explain 0123abcd",
        "config", "help", "please review, thanks!", "ignore 0123abcd", "review --model=evil --key=x", "config set a=b",
    )
]  # fmt: skip
CHECK = {
    "verdict": "confirmed",
    "reason": "x",
    "trigger": "t",
    "mechanism": "m",
    "consequence": "c",
    "origin": "introduced",
    "quotes": [{"path": "app.py", "side": "RIGHT", "text": "a = 1"}],
    "harm": "failure",
    "reach": "most",
    "worth": "fix",
    "same_as": 0,
    "looks": [{"tool": "grep", "path": "", "text": "a", "first_line": 1, "last_line": 9, "side": "RIGHT"}],
}
SARIF = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {"driver": {"name": "x", "rules": [{"id": "r", "defaultConfiguration": {"level": "error"}}]}},
            "originalUriBaseIds": {"ROOT": {"uri": "file:///src/"}},
            "results": [
                {
                    "ruleId": "r",
                    "ruleIndex": 0,
                    "level": "warning",
                    "message": {"text": "it breaks"},
                    "locations": [
                        {
                            "physicalLocation": {
                                "artifactLocation": {"uri": "app.py", "uriBaseId": "ROOT"},
                                "region": {"startLine": 1, "endLine": 2},
                            }
                        }
                    ],
                }
            ],
        }
    ],
}
RDJSON = {
    "source": {"name": "x"},
    "diagnostics": [
        {
            "message": "it breaks",
            "severity": "ERROR",
            "code": {"value": "E1"},
            "location": {"path": "app.py", "range": {"start": {"line": 1, "column": 1}, "end": {"line": 2}}},
        }
    ],
}
FOUND = {
    "findings": [
        {
            "path": "app.py",
            "first_line": 1,
            "last_line": 2,
            "title": "t",
            "explanation": "e",
            "severity": "high",
            "confidence": 0.5,
            "category": "correctness",
            "evidence": ["a"],
            "suggestion": None,
            "rule": "r",
            "side": "LEFT",
        }
    ]
}
COMMAND_KINDS = (Review, FullReview, Pause, Resume, Ignore, Explain, ShowConfig, Help, Unclear)


def share(door: str) -> int:
    return max(1, FUZZ_INPUTS * SHARES[door] // 100)


def test_the_shares_are_all_there_is():
    assert sum(SHARES.values()) == 100
    assert FUZZ_INPUTS >= 1_000


@cache
def payloads() -> list[tuple[str, dict[str, Any]]]:
    return [(event, json.loads(json.dumps(payload))) for event, payload in samples()]


def test_f14_s03_s30_damaged_deliveries_over_http_get_no_5xx(tmp_path: Path):
    """Signed ones, so that all of them get past the door; every eighth is not."""
    chance, names = random.Random("http"), [event for event, _ in payloads()]
    seeds = [json.dumps(payload).encode() for _, payload in payloads()]
    transactions = open_transactions(f"sqlite:///{tmp_path / 'reviewbot.db'}")
    seen = set[int]()
    with open_door(transactions, NotedJobs()) as door:
        connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=20)
        for number, body in enumerate(damaged(seeds, share("http"), "http")):
            headers = headers_for(body, f"guid-{number}", chance.choice([*names, "x" * 300, "", "ping"]))
            if number % 8 == 7:
                headers["X-Hub-Signature-256"] = chance.choice(["", "sha256=", "sha256=" + "0" * 64, "sha1=x", "é" * 9])
            if number % 16 == 3:
                headers["Content-Type"] = chance.choice(
                    ["application/x-www-form-urlencoded", "text/plain", "", "a/b;c=d;;="]
                )
            try:
                connection.request("POST", PATH, body, headers)
                answered = connection.getresponse()
                answered.read()
            except (http.client.HTTPException, ConnectionError):
                connection.close()
                continue
            seen.add(answered.status)
            assert answered.status < 500, (answered.status, headers, body[:300])
    transactions.engine.dispose()
    assert seen >= {200, 400, 401} or seen >= {202, 400, 401}


def answered_webhook(event: str, kind: str, raw: bytes) -> None:
    try:
        read = parse_event(event, decode_body(kind, raw), OWN)
    except UnreadablePayload as refused:
        assert str(refused).isprintable()
        return
    assert isinstance(read, Event)
    repr(read).encode()


def test_f14_f15_damaged_payloads_are_an_event_or_unreadable():
    chance, half = random.Random("webhook"), share("webhook") // 2
    events = sorted({event for event, _ in payloads()})
    for value in rearranged([payload for _, payload in payloads()], half, "payload"):
        answered_webhook(chance.choice(events), "application/json", json.dumps(value).encode())
    for raw in damaged([json.dumps(payload).encode() for _, payload in payloads()], half, "webhook"):
        kind = chance.choice(["application/json", "application/json", "application/x-www-form-urlencoded"])
        answered_webhook(chance.choice(events), kind, b"payload=" + raw if "form" in kind else raw)


def answered_external(raw: bytes) -> None:
    try:
        found = parse_external(raw, "tool", "/src")
    except InputError as refused:
        assert "\n" not in str(refused)
        return
    for one in found:
        assert one.title and one.reviewer == "tool" and 0 <= one.confidence <= 1
        json.dumps(repr(one)).encode()
    anchor(found, Diff(), lambda _path, _side: ("a = 1",))


def test_f59_s07_what_programs_print_is_findings_or_refused():
    half = share("json") // 2
    for value in rearranged([SARIF, RDJSON, FOUND], half, "external"):
        answered_external(json.dumps(value).encode())
    for raw in damaged([json.dumps(one).encode() for one in (SARIF, RDJSON, FOUND)], half, "printed"):
        answered_external(raw)


@pytest.fixture(scope="module")
def diffs(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Diffs that git wrote: text, no end of line, odd names, modes, links, a submodule, a binary file."""
    built = RepositoryBuilder(tmp_path_factory.mktemp("diffs") / "repo")
    before = {"a.py": b"a = 1\nb = 2\n" * 9, "sp ace.txt": b"x\n", "bin": b"\0\1", "caf\u00e9": b"x", "gone": b"y\n"}
    after = {"a.py": b"a = 2\nb = 2\n" * 9, "sp ace.txt": b"x\r\ny", "bin": b"\0\2", "caf\u00e9": b"z\n", "new": b"n\n"}
    for path, content in before.items():
        built.write(path, content)
    first = built.commit()
    for path, content in after.items():
        built.write(path, content, executable=path == "a.py")
    second = built.remove("gone").link("link", "a.py").commit()
    made = [
        built.git("diff", *options, first, second).encode("utf-8", "surrogateescape") + b"\n"
        for options in ((), ("-U0",), ("--binary",), ("--no-renames", "--full-index"))
    ]
    return [*made, *(f"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-{one}\n+{one[::-1]}\n".encode() for one in GOALS.values())]


def answered_diff(raw: bytes) -> None:
    try:
        read = parse_diff(raw)
    except InputError as refused:
        assert str(refused)
        return
    render_diff(read)
    paths = tuple(file.path for file in read.files)
    for chunk in chunks_of(read, paths, 2_000):
        chunk.text.encode()
    for file in read.files:
        for hunk in file.hunks:
            assert all((line.old_number or 1) >= 0 and (line.new_number or 1) >= 0 for line in hunk.lines)


def test_f40_s24_damaged_diffs_are_read_or_refused(diffs: list[bytes]):
    for raw in damaged(diffs, share("diff"), "diff"):
        answered_diff(raw)


def answered_policy(text: bytes) -> None:
    try:
        read = parse_policy(text, ".reviewbot.yml", Policy())
    except InputError as refused:
        assert ".reviewbot.yml" in str(refused)
        return
    assert isinstance(read.policy, Policy)


def test_f70_s26_damaged_policies_are_a_policy_or_file_problems():
    for text in damaged([POLICY, b"version: 1\n"], share("policy"), "policy"):
        answered_policy(text)


def answered_incidents(path: Path, text: bytes) -> None:
    path.write_bytes(text)
    try:
        check = incident_check(path)
    except InputError:
        return
    try:
        load_exposures(path)
    except InputError:
        assert check.problems, "the door of the replays refuses what the check lets through"


def test_s26_s35_damaged_incident_files_are_read_or_refused_by_both_doors(tmp_path: Path):
    for text in damaged([FULL.encode()], share("incidents"), "incidents"):
        answered_incidents(tmp_path / "incidents.yaml", text)


def answered_command(body: str) -> None:
    command = parse_command(body, ("reviewbot", "acme-reviewbot"))
    assert command is None or isinstance(command, COMMAND_KINDS)
    match command:
        case Ignore(finding=name) | Explain(finding=name):
            assert re.fullmatch(r"[0-9a-f]{4,16}", name)
        case Unclear(said=said):
            assert "\0" not in said


def test_s03_damaged_comments_are_no_command_or_one_of_the_closed_list():
    seeds = [
        *COMMANDS,
        *(f"{command.decode()}\n\n{goal}".encode() for command, goal in zip(COMMANDS, GOALS.values(), strict=False)),
    ]
    for raw in damaged(seeds, share("command"), "command"):
        answered_command(raw.decode("utf-8", "surrogateescape"))


TREE = MemorySnapshot({"app.py": b"a = 1\nb = a\n", "lib/x.py": b"def a():\n    return 1\n"})


def answered_answer(text: str) -> None:
    for read in (lambda one: read_findings(one, "llm"), read_check):
        try:
            read(text)
        except AnswerError as refused:
            assert str(refused)
    try:
        rows = json.loads(text).get("looks") if text.startswith("{") else None
    except (ValueError, RecursionError):
        return
    looks = read_looks(rows)
    assert len(looks) <= 4 and all(isinstance(look, Look) for look in looks)
    assert len(shown(looks, Window(TREE, TREE))) < 20_000


def test_f56_s07_damaged_answers_of_models_are_read_or_refused():
    half = share("answer") // 2
    good: list[Any] = [json.loads(answer(finding(), finding(9))), CHECK, {"findings": [], "looks": CHECK["looks"]}]
    for value in rearranged(good, half, "answers"):
        answered_answer(json.dumps(value))
    for raw in damaged([json.dumps(one).encode() for one in good], half, "answer"):
        answered_answer(raw.decode("utf-8", "replace"))


def texts() -> Iterator[str]:
    seeds = [goal.encode("utf-8", "surrogatepass") for goal in GOALS.values()]
    seeds += [fenced("diff", case.body).encode() for case in CASES[::17]]
    for raw in damaged(seeds, share("fence"), "fence"):
        yield raw.decode("utf-8", "surrogateescape")


def test_s13_s14_a_fenced_text_is_read_back_exactly_and_cannot_end_its_fence():
    for text in texts():
        block = fenced("diff", text) + fenced("claims", "what follows")
        read = re.fullmatch(
            r"<<<<< diff ([0-9a-f]{12})\n(.*)\n>>>>> end of diff \1\n"
            r"<<<<< claims (\w+)\nwhat follows\n>>>>> end of claims \3\n",
            block, re.DOTALL,
        )  # fmt: skip
        assert read is not None
        assert read[2] == neutral(text).rstrip("\n")
        assert f">>>>> end of diff {read[1]}" not in read[2] and f"<<<<< diff {read[1]}" not in read[2]
        assert not re.search(r"<\|[a-z_]{2,24}\|>|\[/?INST\]", read[2])
        block.encode()


def test_s13_the_number_of_blocks_in_a_prompt_does_not_depend_on_the_material(diffs: list[bytes]):
    for raw in damaged(diffs, min(300, share("fence")), "blocks"):
        try:
            read = parse_diff(raw)
        except InputError:
            continue
        block = diff_block(chunks_of(read, tuple(file.path for file in read.files), 20_000))
        first = block.split("\n", 1)[0]
        mark = first.rpartition(" ")[2]
        assert block.count(mark) == 2
