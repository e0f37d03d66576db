"""A policy as the file that would say it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

from reviewbot.domain.policy import Gate, Policy
from reviewbot.domain.text import revealed, shortened

_LONGEST_TEXT = 120
_LONGEST_LIST = 50


def policy_lines(policy: Policy) -> list[str]:
    """Lines of YAML with the keys of `.reviewbot.yml`; long lists and texts are cut, visibly."""
    lines = [
        "version: 1",
        *([f"reviewers: {_list(policy.reviewers)}"] if policy.reviewers else []),
        *_section("paths", [("include", _list(policy.only_paths)), ("ignore", _list(policy.ignored_paths))]),
        f"severity: {policy.min_severity.value}",
        f"confidence: {policy.min_confidence:g}",
        f"max_findings: {policy.max_findings}",
        f"later_severity: {policy.later_severity.value}",
        f"drafts: {_truth(policy.drafts)}",
        f"triggers: [{', '.join(trigger.value for trigger in policy.triggers)}]",
        *_section("budget", _budget(policy)),
        *_section("gate", _gate(policy.gate)),
        *([f"language: {_text(policy.language)}"] if policy.language else []),
        f"suggestions: {_truth(policy.suggestions)}",
    ]
    if policy.instructions:
        lines.append("instructions:")
        for one in policy.instructions[:_LONGEST_LIST]:
            lines += [f"  - paths: {_text(one.paths)}", f"    text: {_text(one.text)}"]
        lines += _left(len(policy.instructions))
    return lines


def _budget(policy: Policy) -> list[tuple[str, str]]:
    return [
        ("per_review_usd", _money(policy.budget_per_review_usd)),
        ("per_day_usd", _money(policy.budget_per_day_usd)),
    ]


def _gate(gate: Gate) -> list[tuple[str, str]]:
    return [("fail_from", gate.fail_from.value if gate.fail_from else ""), ("incomplete", gate.incomplete.value)]


def _section(name: str, entries: Sequence[tuple[str, str]]) -> list[str]:
    """Only what is set: an entry without a value would not be taken back."""
    lines = [f"  {key}: {value}" for key, value in entries if value]
    return [f"{name}:", *lines] if lines else []


def _list(texts: Sequence[str]) -> str:
    if not texts:
        return ""
    shown = ", ".join(_text(text) for text in texts[:_LONGEST_LIST])
    return f"[{shown}]{''.join(_left(len(texts)))}"


def _left(count: int) -> list[str]:
    return [f"  # and {count - _LONGEST_LIST} more"] if count > _LONGEST_LIST else []


def _text(text: str) -> str:
    """In double quotes, as JSON, which YAML is a superset of."""
    return json.dumps(revealed(shortened(text, _LONGEST_TEXT)), ensure_ascii=False)


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount.normalize():f}"
