"""A repository's policy file and guidelines: read, checked with line and column, and laid over the operator's defaults.

Both are read from the default branch and never from a change, which could otherwise write its own rules.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from reviewbot.domain.diff import Diff
from reviewbot.domain.effort import Effort
from reviewbot.domain.events import Trigger
from reviewbot.domain.finding import Severity
from reviewbot.domain.policy import Conclusion, Gate, Guideline, PathInstructions, Policy
from reviewbot.errors import FileProblems, InputError, Problem
from reviewbot.policy_check import MAX_BYTES, checked_keys
from reviewbot.policy_schema import BudgetKeys, GateKeys, PathKeys, PolicyKeys, exact_dollars
from reviewbot.ports import Snapshot

POLICY_FILE = ".reviewbot.yml"
GUIDELINE_FILES = ("REVIEW.md", "AGENTS.md", "CLAUDE.md", ".cursorrules", ".github/copilot-instructions.md")

_GUIDELINE_BYTES = 8 * 1024
_GUIDELINES_BYTES = 24 * 1024
_CUT_NOTE_BYTES = 64
_NOT_IN_HASH = frozenset({"drafts", "triggers", "budget_per_day_usd"})
"""These decide whether there is a review, and not what it says."""


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A policy file that is in order, laid over the defaults; `hash` is that of the policy alone."""

    policy: Policy
    hash: str


@dataclass(frozen=True, slots=True)
class PolicyRead:
    """What a revision says of reviews. With `problems` the policy is the defaults, guidelines included.

    `source` is for people: where the policy came from.
    """

    policy: Policy
    hash: str
    source: str
    problems: tuple[Problem, ...] = ()


def read_policy(snapshot: Snapshot, defaults: Policy) -> PolicyRead:
    """The policy of this revision, which has to be the default branch's; without a file, the defaults."""
    known = replace(defaults, guidelines=_guidelines(snapshot))
    text = snapshot.read_file(POLICY_FILE)
    if text is None:
        return PolicyRead(known, policy_hash(known), "defaults")
    try:
        read = parse_policy(text, POLICY_FILE, known)
    except FileProblems as refusal:
        return PolicyRead(known, policy_hash(known), "defaults", tuple(refusal.problems))
    return PolicyRead(read.policy, read.hash, f"{POLICY_FILE} at {snapshot.revision[:10]}")


def parse_policy(text: bytes, name: str, defaults: Policy) -> PolicyFile:
    """The policy that a file makes of the defaults; raises FileProblems with every problem in it.

    Keys that the file does not have keep the default. `guidelines: false` drops those that the defaults bring.
    """
    policy = _laid_over(defaults, checked_keys(text, name))
    return PolicyFile(policy, policy_hash(policy))


def load_policy(path: Path, defaults: Policy) -> PolicyFile:
    """The same for a file on this machine; raises InputError where it cannot be read."""
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): name a policy file") from error
    return parse_policy(text, str(path), defaults)


def with_instruction(text: bytes, paths: str, words: str) -> str:
    """The policy file with one entry more under `instructions`; from no file at all, one that says only that."""
    keys = yaml.safe_load(text) or {"version": 1}
    keys["instructions"] = [*(keys.get("instructions") or []), {"paths": paths, "text": words}]
    return str(yaml.safe_dump(keys, sort_keys=False, allow_unicode=True, width=120))


def policy_hash(policy: Policy, facts: Sequence[str] = ()) -> str:
    """16 hex digits over everything that decides what a review says, the operator's `facts` included.

    Facts are what is not in the policy: reviewers, model, prompt versions.
    """
    content = {key: value for key, value in asdict(policy).items() if key not in _NOT_IN_HASH}
    text = json.dumps([content, list(facts)], sort_keys=True, default=_digits)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def instructions_changed(diff: Diff) -> tuple[str, ...]:
    """The policy and guideline files that a change edits, adds, renames or removes, in the order of the diff."""
    told = {POLICY_FILE, *GUIDELINE_FILES}
    paths = (path for file in diff.files for path in (file.old_path, file.new_path) if path in told)
    return tuple(dict.fromkeys(path for path in paths if path is not None))


def _guidelines(snapshot: Snapshot) -> tuple[Guideline, ...]:
    """The guideline files that are there, each text once, cut to their limits with a line that says so."""
    texts: dict[str, str] = {}
    for path in GUIDELINE_FILES:
        text = (snapshot.read_file(path) or b"").decode("utf-8-sig", "replace").strip()
        if text and text not in texts.values():
            texts[path] = text
    found: list[Guideline] = []
    left = _GUIDELINES_BYTES
    for position, (path, text) in enumerate(texts.items(), start=1):
        kept_for_others = _CUT_NOTE_BYTES * (len(texts) - position)
        shown = _cut(text, min(_GUIDELINE_BYTES, left - kept_for_others))
        left -= len(shown.encode())
        found.append(Guideline(path, shown))
    return tuple(found)


def _cut(text: str, limit_bytes: int) -> str:
    whole = text.encode()
    if len(whole) <= limit_bytes:
        return text
    note = f"\n… (cut: the file has {len(whole):,} bytes)"
    kept = whole[: max(0, limit_bytes - len(note.encode()))].decode("utf-8", "ignore")
    return f"{kept.rstrip()}{note}".lstrip()


def _laid_over(defaults: Policy, keys: PolicyKeys) -> Policy:
    """The defaults with every key that was given; a key that was not given changes nothing."""
    given = keys.model_fields_set
    changes: dict[str, Any] = {}
    for name in ("max_findings", "drafts", "language", "suggestions"):
        if name in given:
            changes[name] = getattr(keys, name)
    if "reviewers" in given:
        changes["reviewers"] = tuple(dict.fromkeys(keys.reviewers))
    if "instructions" in given:
        changes["instructions"] = tuple(PathInstructions(one.paths, one.text) for one in keys.instructions)
    if "severity" in given:
        changes["min_severity"] = Severity(keys.severity)
    if "confidence" in given:
        changes["min_confidence"] = float(keys.confidence)
    if "later_severity" in given:
        changes["later_severity"] = Severity(keys.later_severity)
    if keys.effort is not None:
        changes["effort"] = Effort(keys.effort)
    if "triggers" in given:
        changes["triggers"] = tuple(dict.fromkeys(Trigger(word) for word in keys.triggers))
    if not keys.guidelines:
        changes["guidelines"] = ()
    changes |= _paths(keys.paths) | _budgets(keys.budget, defaults) | {"gate": _gate(keys.gate, defaults.gate)}
    return replace(defaults, **changes)


def _paths(keys: PathKeys) -> dict[str, tuple[str, ...]]:
    given = {"include": ("only_paths", keys.include), "ignore": ("ignored_paths", keys.ignore)}
    return {field: tuple(globs) for key, (field, globs) in given.items() if key in keys.model_fields_set}


def _budgets(keys: BudgetKeys, defaults: Policy) -> dict[str, Decimal | None]:
    """The lower of what the file and what the defaults allow."""
    return {
        "budget_per_review_usd": _lower(exact_dollars(keys.per_review_usd), defaults.budget_per_review_usd),
        "budget_per_day_usd": _lower(exact_dollars(keys.per_day_usd), defaults.budget_per_day_usd),
    }


def _gate(keys: GateKeys, defaults: Gate) -> Gate:
    gate = defaults
    if "fail_from" in keys.model_fields_set:
        gate = replace(gate, fail_from=None if keys.fail_from == "never" else Severity(keys.fail_from))
    if "incomplete" in keys.model_fields_set:
        gate = replace(gate, incomplete=Conclusion(keys.incomplete))
    return gate


def _lower(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return min((amount for amount in (one, other) if amount is not None), default=None)


def _digits(value: object) -> str:
    """An amount as text; equal ones have one form, whatever zeros stand at their end."""
    assert isinstance(value, Decimal), f"a policy holds no {type(value).__name__}"
    return f"{value.normalize():f}"
