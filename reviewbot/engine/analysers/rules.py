"""The rules that the `static` reviewer goes by, for the analysers and for the manual."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reviewbot.domain.finding import Severity
from reviewbot.engine.analysers.ruff_codes import ruff_codes

RULES_DIRECTORY = Path(__file__).parent / "rules"


@dataclass(frozen=True, slots=True, order=True)
class StaticRule:
    """One rule, named as in the findings that it makes."""

    id: str
    language: str
    title: str
    severity: Severity


def static_rules() -> tuple[StaticRule, ...]:
    """Every rule of ours and every chosen rule of ruff, by id; zizmor's rules are its own."""
    from yaml import safe_load

    rules = [StaticRule(f"ruff:{code}", "python", known.title, known.severity) for code, known in ruff_codes().items()]
    for text in rule_texts():
        rule = safe_load(text)
        language, metadata = str(rule["id"]).partition("/")[0], rule["metadata"]
        severity = Severity(metadata["severity"])
        rules.append(StaticRule(f"ast-grep:{rule['id']}", language, str(metadata["title"]), severity))
    return tuple(sorted(rules))


@cache
def rule_texts() -> tuple[str, ...]:
    """The rule files as they are, in the order of their names."""
    return tuple(path.read_text(encoding="utf-8") for path in sorted(RULES_DIRECTORY.glob("*/*.yml")))
