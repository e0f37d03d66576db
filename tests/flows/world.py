"""A small shop with a past: its repository, the incidents of it, and a model service that plays its part."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from reviewbot.cli.main import exit_code
from tests.fakes.llm import KEY, FakeService
from tests.fakes.repositories import RepositoryBuilder

MODEL = "anthropic:claude-opus-5"
REPO = "acme/shop"

CHARGE = '''"""Charges cards."""

from gateway import Timeout, charge_card


def charge(order, key):
    """Charges an order once."""
    return charge_card(order.total, key)
'''
CHARGE_RETRIED = '''"""Charges cards."""

from gateway import Timeout, charge_card, fresh_key


def charge(order, key):
    """Charges an order once."""
    for _ in range(3):
        try:
            return charge_card(order.total, fresh_key())
        except Timeout:
            continue
    raise Timeout
'''
CART = '''"""Totals of carts."""


def total(cart):
    """The sum in cents."""
    if cart is None:
        return 0
    return sum(line.price * line.count for line in cart.lines)
'''
GUARD = "    if cart is None:\n        return 0\n"
STOCK = '''"""What is on the shelves."""


def left(shelf, name):
    return shelf[name] - 1
'''


@dataclass(frozen=True)
class World:
    """The shas of the repository by what they are, its checkout, and `mirrors`, which holds `acme/shop.git`."""

    mirrors: Path
    checkout: Path
    shas: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.shas[name]


def build_world(folder: Path) -> World:
    builder = RepositoryBuilder(folder / "checkout")
    shas: dict[str, str] = {}
    builder.write("shop/charge.py", CHARGE).write("shop/cart.py", CART).write("shop/stock.py", STOCK)
    shas["root"] = builder.commit("Open the shop")
    builder.write("shop/names.py", "def full_name(first, last):\n    return first + ' ' + last\n")
    shas["quiet"] = builder.commit("Name customers")
    builder.write("shop/charge.py", CHARGE_RETRIED)
    shas["retry"] = builder.commit("Retry a charge that timed out (#11)\n\nTitleword: makes checkout sturdier.")
    builder.write("shop/cart.py", CART.replace(GUARD, ""))
    shas["guard"] = builder.commit("Simplify totals (#12)")
    builder.write("shop/charge.py", CHARGE_RETRIED.replace("fresh_key()", "key"))
    shas["retry-fix"] = builder.commit("Charge with one key (#13)")
    builder.write("shop/cart.py", CART)
    shas["guard-fix"] = builder.commit("Count an absent cart as nothing (#14)")
    builder.write("shop/greeting.py", "def greeting(name):\n    return f'Hello {name}'\n")
    shas["calm"] = builder.commit("Greet customers")
    builder.branch("shelves").write("shop/stock.py", STOCK.replace("- 1", "- 2"))
    builder.commit("Count shelves anew")
    shas["merge"] = builder.switch("main").merge("shelves", "Merge pull request #15 from acme/shelves")
    shas["empty"] = builder.commit("Say nothing")
    builder.write("shop/table.py", "".join(f"row_{number} = {number}\n" for number in range(25_000)))
    shas["huge"] = builder.commit("Add a table")
    shas["twins"] = _twins(builder)
    builder.bare_copy(folder / "mirrors" / "acme" / "shop.git")
    return World(folder / "mirrors", builder.path, shas)


def _twins(builder: RepositoryBuilder) -> str:
    """The first seven digits that two commits, each on a branch of its own, have in common."""
    tree = builder.git("rev-parse", "HEAD^{tree}").strip()
    seen: dict[str, bytes] = {}
    for number in range(200_000):
        who = f"Ada <ada@example.org> {1_700_000_000 + number} +0000"
        commit = f"tree {tree}\nauthor {who}\ncommitter {who}\n\nTwin\n".encode()
        digits = hashlib.sha1(b"commit %d\0" % len(commit) + commit).hexdigest()[:7]
        if digits in seen:
            for name, twin in (("one", seen[digits]), ("other", commit)):
                sha = builder.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=twin).strip()
                builder.git("update-ref", f"refs/heads/{name}", sha)
            return digits
        seen[digits] = commit
    raise AssertionError("no two commits share seven digits")


def incidents_yaml(world: World, *, gone: str = "f" * 40) -> str:
    """Four linked incidents (the cause of one is in no repository), one from elsewhere, and two quiet changes."""
    return f"""schema_version: "1.0"
defaults: {{repo: {REPO}}}
incidents:
  - id: INC-1
    name: Doublecharge at checkout
    severity: sev1
    category: concurrency
    cause_type: code
    summary: Retried payments were charged twice.
    root_cause: Every retry makes a new idempotency key, so the gateway takes it for a second charge.
    introduced: [{{commit: "{world["retry"]}"}}]
    fixed: [{{commit: "{world["retry-fix"]}"}}]
    locations: [{{path: shop/charge.py, start_line: 10, end_line: 10}}]
  - id: INC-2
    name: Blank pages for guests
    severity: sev2
    category: correctness
    root_cause: The guard against an absent cart was removed, so guests crash the page.
    introduced: [{{commit: "{world["guard"]}"}}]
    fixed: [{{commit: "{world["guard-fix"]}"}}]
    locations: [{{path: shop/cart.py, start_line: 6, end_line: 7, side: LEFT}}]
  - id: INC-3
    name: Shelves run empty
    severity: sev2
    category: correctness
    root_cause: Two are taken from the shelf for each that is sold.
    introduced: [{{commit: "{world["merge"]}"}}]
    locations: [{{path: shop/stock.py, start_line: 5, end_line: 5}}]
  - id: INC-4
    name: Lost to history
    severity: sev3
    root_cause: Nobody knows any more.
    introduced: [{{commit: "{gone}"}}]
  - {{id: INC-5, name: Region down, severity: sev1, cause_type: external, exclude: {{reason: not-code}}}}
controls:
  include:
    - {{id: quiet-1, commit: "{world["quiet"]}"}}
    - {{id: quiet-2, commit: "{world["calm"]}"}}
"""


SECRETS = (
    *("Doublecharge", "charged twice", "idempotency", "Blank pages", "absent cart", "guests", "Shelves run", "sold"),
    *("INC-", "quiet-1", "quiet-2", "sev1", "sev2", "culprit", "control", "incident_id"),
    *("Titleword", "Retry a charge", "Simplify totals", "(#11)", "Charge with one key", "Greet customers"),
)
"""Words of the answer key, of titles and of descriptions, none of which stands in the code."""


def finding(title: str, path: str, line: int, quote: str, side: str = "RIGHT", **changed: object) -> dict[str, object]:
    return {
        "title": title,
        "explanation": f"{title}. It happens at once.",
        "severity": "high",
        "confidence": 0.77,
        "category": "correctness",
        "path": path,
        "first_line": line,
        "last_line": line,
        "side": side,
        "quote": quote,
        "origin": "introduced",
        "suggestion": None,
    } | changed


RETRY_FINDING = finding("New key on each attempt charges twice", "shop/charge.py", 10, "fresh_key()")
GUARD_FINDING = finding("Absent carts are not met any more", "shop/cart.py", 6, "    if cart is None:", "LEFT")
STOCK_FINDING = finding("Names of shelves are not checked", "shop/stock.py", 5, "return shelf[name] - 2")
FALSE_ALARM = finding("Blank last names look odd", "shop/names.py", 2, "return first + ' ' + last")


def review_answer(request: Mapping[str, Any]) -> str:
    """What the model says of a change: a hit, a half hit, a miss, a false alarm, or nothing."""
    diff = diff_of(request)
    spoken = {
        "fresh_key": RETRY_FINDING,
        "if cart is None": GUARD_FINDING,
        "shelf[name] - 2": STOCK_FINDING,
        "first + ' ' + last": FALSE_ALARM,
    }
    return json.dumps({"findings": [said for mark, said in spoken.items() if mark in diff]})


def judge_answer(request: Mapping[str, Any]) -> str:
    """A verdict by the remark's title."""
    remark = text_of(request).partition("<<<<< remark")[2]
    is_hit = "New key" in remark or "Removed check" in remark
    verdict = "hit" if is_hit else "partial" if "Absent carts" in remark else "miss"
    quote = "fresh_key" if "New key" in remark else "return"
    answer = {"incident_mechanism": "it broke", "finding_mechanism": "it may break", "counter_argument": "none"}
    return json.dumps({**answer, "quote": quote, "verdict": verdict})


def scripted_reviewer(world: World) -> str:
    """The file of a second arm: it catches what the model only half sees, and nothing else."""
    said = {"path": "shop/cart.py", "first_line": 6, "title": "Removed check crashes totals", "severity": "high"}
    return json.dumps({world["guard"]: {"findings": [said]}, "*": {"findings": []}})


def is_judging(request: Mapping[str, Any]) -> bool:
    return '"counter_argument"' in json.dumps(request.get("output_config") or request.get("text") or request)


def text_of(request: Mapping[str, Any]) -> str:
    """All words of a request to the Anthropic service but the instructions."""
    return "".join(block["text"] for turn in request["messages"] for block in turn["content"])


def diff_of(request: Mapping[str, Any]) -> str:
    """The changed lines that a review prompt shows."""
    block = text_of(request).partition("<<<<< diff")[2].partition(">>>>> end of diff")[0]
    return "\n".join(line for line in block.splitlines() if line[12:13] in ("+", "-"))


def play(request: Mapping[str, Any]) -> str:
    """The honest part: reviews are answered with findings, and judges' questions with verdicts."""
    return judge_answer(request) if is_judging(request) else review_answer(request)


@dataclass(frozen=True)
class Ran:
    """How a run of the command ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


@dataclass
class Command:
    """`reviewbot` as its user has it: a home, a database, perhaps a key, and nothing else of this machine."""

    home: Path
    service: FakeService | None = None
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        key = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": self.service.url} if self.service else {}
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_DATA_HOME": str(self.home / "share"),
            # one call for a change: what most flows count
            "REVIEWBOT_EFFORT": "quick",
            # and one opinion on a finding; two have flows of their own
            "REVIEWBOT_JUDGES": "1",
            "REVIEWBOT_DATABASE_URL": f"sqlite:///{self.home / 'reviews.db'}",
            "PYTHONIOENCODING": "utf-8",
            **key,
            **self.variables,
        }

    def start(self, *arguments: str | Path, cwd: Path | None = None, **options: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "reviewbot", *map(str, arguments)],
            cwd=cwd or self.home,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )

    def child(self, *arguments: str | Path, cwd: Path | None = None, stdin: bytes = b"", **options: Any) -> Ran:
        """The command in a process of its own, as a shell starts it."""
        return ended(self.start(*arguments, cwd=cwd, stdin=subprocess.PIPE, **options), stdin)

    def __call__(self, *arguments: str | Path, cwd: Path | None = None, stdin: bytes = b"") -> Ran:
        """The same from the front door on, without the second that a new process needs to load its libraries."""
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        given = io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
        before = (dict(os.environ), Path.cwd(), sys.argv, sys.stdin)
        environment = self.environment
        try:
            os.environ.clear()
            os.environ.update(environment)
            os.chdir(cwd or self.home)
            sys.argv, sys.stdin = ["reviewbot", *map(str, arguments)], given
            with redirect_stdout(out), redirect_stderr(err):
                code = exit_code()
        finally:
            os.environ.clear()
            os.environ.update(before[0])
            os.chdir(before[1])
            sys.argv, sys.stdin = before[2:]
        return checked(Ran(code, *(stream.buffer.getvalue().decode() for stream in (out, err))))


def ended(process: subprocess.Popen[bytes], stdin: bytes | None = None) -> Ran:
    """Waits for the end."""
    try:
        out, err = process.communicate(stdin, timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return checked(Ran(process.returncode, out.decode(), err.decode()))


def checked(ran: Ran) -> Ran:
    """Whatever went wrong, no user gets to see a traceback or the key."""
    assert "Traceback" not in ran.said, ran.said
    assert KEY not in ran.said
    return ran


@dataclass
class Stage:
    """Plays the part for a number of requests and holds back all further answers until it is opened."""

    free_answers: int
    answered: list[str] = field(default_factory=list)
    is_open: Event = field(default_factory=Event)
    is_full: Event = field(default_factory=Event)

    def __call__(self, request: dict[str, Any]) -> str:
        if not self.is_open.is_set() and len(self.answered) >= self.free_answers:
            self.is_full.set()
            self.is_open.wait(20)
        elif not self.is_open.is_set():
            self.answered.append(text_of(request))
        return play(request)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def scorecard(out: Path) -> dict[str, Any]:
    card = json.loads((out / "scorecard.json").read_text())
    assert isinstance(card, dict)
    return card


def timeless(out: Path) -> str:
    """The scorecard to the byte, but for the moment at which the run was started."""
    return re.sub(r'"started_at": "[^"]+"', "", (out / "scorecard.json").read_text())


def arm_of(card: Mapping[str, Any], name: str) -> dict[str, Any]:
    return next(arm for arm in card["arms"] if arm["name"] == name)
