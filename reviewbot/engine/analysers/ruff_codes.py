"""Which rules of ruff are used, and what each means to the reader of a review (`rules/ruff.txt`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reviewbot.domain.finding import Category, Severity

_TABLE = Path(__file__).parent / "rules" / "ruff.txt"


@dataclass(frozen=True, slots=True)
class RuffCode:
    """What a finding by one rule of ruff says."""

    severity: Severity
    category: Category
    confidence: float
    title: str
    explanation: str


@cache
def ruff_codes() -> Mapping[str, RuffCode]:
    """The chosen rules by code."""
    codes: dict[str, RuffCode] = {}
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        names, severity, category, confidence, title, explanation = (cell.strip() for cell in line.split(" | "))
        code = RuffCode(Severity(severity), Category(category), float(confidence), title, explanation)
        codes.update(dict.fromkeys(names.split(), code))
    return codes
