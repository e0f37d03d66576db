"""zizmor: what goes wrong in GitHub workflows and actions, offline and with none of the repository's settings."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import Any

from reviewbot.domain.finding import Category, Severity
from reviewbot.engine.analysers.report import AnalyserReport, Hit, Workspace, failed, unreadable, without_directory

_NO_FINDINGS_OR_ANY = (0, 11, 12, 13, 14)
_SEVERITIES = {"High": Severity.HIGH, "Medium": Severity.MEDIUM, "Low": Severity.LOW}
_CONFIDENCES = {"High": 0.8, "Medium": 0.55, "Low": 0.35}
# Holes and mistakes only. Advice on hardening (pinning, permissions, trusted publishing) would meet most workflows in
# the world, and no single change is at fault for it.
_CATEGORIES = {
    **dict.fromkeys(("template-injection", "dangerous-triggers", "github-env", "cache-poisoning"), Category.SECURITY),
    **dict.fromkeys(("insecure-commands", "bot-conditions", "obfuscation", "unredacted-secrets"), Category.SECURITY),
    **dict.fromkeys(("hardcoded-container-credentials", "github-app"), Category.SECURITY),
    **dict.fromkeys(("unsound-condition", "unsound-contains", "unsound-ternary"), Category.CORRECTNESS),
}


class Zizmor:
    """Runs `zizmor` over workflow and action files; comments that silence it have no effect."""

    name = "zizmor"

    def exported_suffix(self, path: str) -> str | None:
        pure = PurePosixPath(path)
        if pure.suffix not in (".yml", ".yaml"):
            return None
        if pure.stem == "action":
            return f"/action{pure.suffix}"
        return pure.suffix if pure.parts[-3:-1] == (".github", "workflows") else None

    def analyse(self, workspace: Workspace, files: tuple[str, ...]) -> AnalyserReport:
        options = "--offline --no-config --no-ignores --no-progress --color never --format json --"
        result = workspace.run(self.name, options.split(), files)
        if result.failure is not None or result.exit_code not in _NO_FINDINGS_OR_ANY:
            return failed(self.name, result)
        # A file that zizmor cannot parse is passed over with a warning and exit code 0.
        completed = {without_directory(name) for name in re.findall(r"completed (\S+)", result.stderr_tail)}
        try:
            return AnalyserReport(hits=hits_of(result.stdout), unread=frozenset(files) - completed)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            return unreadable(self.name, error)


def hits_of(report: bytes) -> tuple[Hit, ...]:
    """The hits in zizmor's JSON report, each at its primary place."""
    rows = (row for row in json.loads(report) if row["ident"] in _CATEGORIES)
    return tuple(hit for row in rows if (hit := _hit(row)) is not None)


def _hit(row: dict[str, Any]) -> Hit | None:
    severity = _SEVERITIES.get(row["determinations"]["severity"])
    if severity is None:
        return None
    primary = next(place for place in row["locations"] if place["symbolic"]["kind"] == "Primary")
    start, end = (primary["concrete"]["location"][point] for point in ("start_point", "end_point"))
    ends_at_line_start = int(end["column"]) == 0 and end["row"] > start["row"]
    description = str(row["desc"])
    return Hit(
        file=without_directory(str(primary["symbolic"]["key"]["Local"]["verbatim_path"])),
        first_line=int(start["row"]) + 1,
        last_line=int(end["row"]) + (0 if ends_at_line_start else 1),
        rule=f"zizmor:{row['ident']}",
        title=description[:1].upper() + description[1:],
        explanation=f"{primary['symbolic']['annotation']}. Background and remedy: {row['url']}",
        severity=severity,
        category=_CATEGORIES[row["ident"]],
        confidence=_CONFIDENCES.get(row["determinations"]["confidence"], 0.35),
    )
