"""What another tool has found, from its file: it takes part in merging, checking and ranking like any reviewer's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import monotonic

from reviewbot.domain.diff import Diff, LineKind
from reviewbot.domain.finding import Finding, Origin
from reviewbot.domain.review import ReviewerRun, SkipReason
from reviewbot.domain.text import shortened
from reviewbot.engine.external import MAX_FINDINGS, MAX_OUTPUT_BYTES, parse_external
from reviewbot.engine.json_tree import parsed_json
from reviewbot.engine.rdjson import rdjson_findings, rdjsonl_findings
from reviewbot.errors import InputError
from reviewbot.ports import ReviewTask


class FindingsFileReviewer:
    """Reads a file of findings: SARIF 2.1.0, rdjson, rdjsonl, or reviewbot's own format.

    A tool that looks at whole files finds what stood there before: where no line of a finding was added, it is said to
    be pre-existing. The file says nothing of what the tool has read, so no path counts as read by it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()

    @property
    def name(self) -> str:
        return f"findings:{self._path.name}"

    def review(self, task: ReviewTask) -> ReviewerRun:
        started = monotonic()
        failure: str | None = None
        findings: tuple[Finding, ...] = ()
        try:
            findings = findings_in(self._content(), self.name)
        except InputError as error:
            failure = shortened(f"{self._path}: {error}", 500)
        reason = SkipReason.REVIEWER_FAILED if failure else SkipReason.NOT_SUPPORTED
        return ReviewerRun(
            reviewer=self.name,
            findings=tuple(_with_origin(finding, task.change.diff) for finding in findings),
            paths_unread=tuple((path, reason) for path in task.paths),
            failure=failure,
            seconds=monotonic() - started,
        )

    def _content(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                content = file.read(MAX_OUTPUT_BYTES + 1)
        except OSError as error:
            raise InputError(error.strerror or str(error)) from error
        if len(content) > MAX_OUTPUT_BYTES:
            raise InputError(f"more than {MAX_OUTPUT_BYTES} bytes; give a file of the changed files alone")
        return content


def findings_in(raw: bytes, reviewer: str) -> tuple[Finding, ...]:
    """The findings of a file in any of the formats; raises InputError that says what is wrong where."""
    first = raw.lstrip()[:1]
    lines = [line for line in raw.splitlines() if line.strip()]
    if first == b"{" and len(lines) > 1 and all(line.strip().startswith(b'{"') for line in lines):
        return rdjsonl_findings(raw, reviewer, MAX_FINDINGS)
    document = parsed_json(raw)
    if isinstance(document.value, dict) and "diagnostics" in document.value:
        return rdjson_findings(document, reviewer, MAX_FINDINGS)
    if isinstance(document.value, dict) and "message" in document.value and "location" in document.value:
        return rdjsonl_findings(raw, reviewer, MAX_FINDINGS)
    return parse_external(raw, reviewer)


def _with_origin(finding: Finding, diff: Diff) -> Finding:
    place = finding.location
    if place is None or finding.origin is not Origin.UNKNOWN:
        return finding
    file = diff.file(place.path)
    added = {
        line.new_number
        for hunk in (file.hunks if file is not None else ())
        for line in hunk.lines
        if line.kind is LineKind.ADDED
    }
    is_new = any(number in added for number in range(place.first_line, place.last_line + 1))
    return replace(finding, origin=Origin.INTRODUCED if is_new else Origin.PRE_EXISTING)
