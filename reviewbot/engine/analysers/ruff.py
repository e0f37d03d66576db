"""ruff: real bugs in Python, by a chosen set of its rules and with none of the repository's settings."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath

from reviewbot.domain.finding import Category, Severity
from reviewbot.engine.analysers.report import (
    FILES_DIRECTORY,
    AnalyserReport,
    Hit,
    Workspace,
    failed,
    unreadable,
    without_directory,
)
from reviewbot.engine.analysers.ruff_codes import RuffCode, ruff_codes

_SYNTAX_ERROR_CODE = "invalid-syntax"
_SYNTAX_ERROR = RuffCode(
    Severity.HIGH,
    Category.CORRECTNESS,
    0.8,
    "File cannot be parsed",
    "Python refuses the file when it is imported or run.",
)
# ruff's own words for a command without values.
_HARMLESS = "seems safe"
_PYTHON_2_LINE = re.compile(
    r"^\s*(?:print\s+[^\s(=]|exec\s+[\w'\"]|except\s+[\w.]+\s*,\s*\w+\s*:|raise\s+\w+\s*,)", re.M
)
_UNDEFINED_NAME = re.compile(r"Undefined name `(\w+)`")
_DEFINITION = re.compile(r"\s*(?:async\s+def|def|class)\b")


class Ruff:
    """Runs `ruff check` in isolation; comments that switch rules off have no effect."""

    name = "ruff"

    def exported_suffix(self, path: str) -> str | None:
        pure = PurePosixPath(path)
        # A package's own module may name submodules that it does not import.
        return "/__init__.py" if pure.name == "__init__.py" else ".py" if pure.suffix == ".py" else None

    def analyse(self, workspace: Workspace, files: tuple[str, ...]) -> AnalyserReport:
        options = "check --isolated --no-cache --ignore-noqa --no-respect-gitignore --quiet --output-format json"
        arguments = [*options.split(), "--target-version", "py314", "--select", ",".join(ruff_codes()), "--"]
        result = workspace.run(self.name, arguments, files)
        if result.failure is not None or result.exit_code not in (0, 1):
            return failed(self.name, result)
        try:
            hits = hits_of(result.stdout)
        except (ValueError, KeyError, TypeError) as error:
            return unreadable(self.name, error)
        return AnalyserReport(hits=tuple(hit for hit in hits if not _is_false_alarm(hit, workspace)))


def hits_of(report: bytes) -> tuple[Hit, ...]:
    """The hits in ruff's JSON report; of the syntax errors of one file only the first, the others follow from it."""
    hits: list[Hit] = []
    broken: set[str] = set()
    for row in json.loads(report):
        file, code, message = without_directory(str(row["filename"])), row["code"], str(row["message"])
        known = ruff_codes().get(str(code))
        if known is None:
            if file in broken:
                continue
            broken.add(file)
            known, code = _SYNTAX_ERROR, _SYNTAX_ERROR_CODE
        if _HARMLESS in message:
            continue
        hits.append(
            Hit(
                file=file,
                first_line=int(row["location"]["row"]),
                last_line=int(row["end_location"]["row"]),
                rule=f"ruff:{code}",
                title=known.title,
                explanation=f"{known.explanation} ({message.rstrip('.')}.)",
                severity=known.severity,
                category=known.category,
                confidence=known.confidence,
            )
        )
    return tuple(hits)


def _is_false_alarm(hit: Hit, workspace: Workspace) -> bool:
    if hit.rule not in (f"ruff:{_SYNTAX_ERROR_CODE}", "ruff:F821", "ruff:F811"):
        return False
    text = (workspace.directory / FILES_DIRECTORY / hit.file).read_text(encoding="utf-8", errors="replace")
    if hit.rule == f"ruff:{_SYNTAX_ERROR_CODE}":
        return _PYTHON_2_LINE.search(text) is not None
    lines = text.split("\n")[hit.first_line - 1 : hit.last_line]
    if hit.rule == "ruff:F811":
        # A second import changes nothing; a second function or class hides the first.
        return not any(_DEFINITION.match(line) for line in lines)
    # A name in quotes is an annotation, or text that ruff takes for one; nothing looks it up when the line runs.
    name = _UNDEFINED_NAME.search(hit.explanation)
    return name is not None and any(f"{quote}{name[1]}{quote}" in line for quote in "'\"" for line in lines)
