"""The reviewer that needs no model: static analysers over the changed files, findings on added lines only."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from reviewbot.domain.diff import FileDiff, LineKind, Side
from reviewbot.domain.finding import Finding, Location, Origin
from reviewbot.domain.review import ReviewerRun, SkipReason
from reviewbot.domain.text import printable
from reviewbot.engine.analysers.ast_grep import AstGrep
from reviewbot.engine.analysers.report import FILES_DIRECTORY, Analyser, AnalyserReport, Hit, Workspace
from reviewbot.engine.analysers.ruff import Ruff
from reviewbot.engine.analysers.zizmor import Zizmor
from reviewbot.ports import ReviewTask

ANALYSERS: tuple[Analyser, ...] = (Ruff(), AstGrep(), Zizmor())
_MAX_FILE_BYTES = 1_500_000
# A report can span a whole function; it counts for the change only where one of its first lines was added.
_MAX_HIT_LINES = 5
_MAX_EVIDENCE_LINES = 3
_IS_TEST = re.compile(
    r"(?:^|/)(?:tests?|specs?|__tests__|testdata|fixtures|__mocks__)/"
    r"|(?:^|/)(?:test_[^/]*|conftest\.py|[^/]*(?:_test|_spec|\.test|\.spec|Tests?|IT)\.\w+)$"
)
# Defects of tests cause no incident; only those count by which a test checks nothing at all.
_RULES_FOR_TESTS = frozenset(f"ruff:{code}" for code in ("F811", "F631", "F634", "PLW0129", "RUF040", "invalid-syntax"))
_LONE_CARRIAGE_RETURN = re.compile("\r(?!\n)")


@dataclass(frozen=True, slots=True)
class _Source:
    """A changed file, the names of its copies and the analysers that read them."""

    path: str
    text: str
    copies: Mapping[str, str]


class StaticReviewer:
    """Runs ruff, ast-grep and zizmor with reviewbot's own rules; nothing in the repository can change them.

    Copies of the changed files get names of our own, so that no configuration file and no hostile path comes along.
    """

    name = "static"

    def __init__(self, *, timeout_seconds: float = 60.0, program_directory: Path | None = None) -> None:
        self._timeout_seconds = timeout_seconds
        self._program_directory = program_directory

    def review(self, task: ReviewTask) -> ReviewerRun:
        started = time.monotonic()
        sources, unread = _sources(task)
        with TemporaryDirectory(prefix="reviewbot-static-", ignore_cleanup_errors=True) as directory:
            workspace = Workspace(Path(directory), self._timeout_seconds, self._program_directory)
            _export(sources, workspace)
            reports = _reports(sources, workspace)
        by_copy = {copy: source for source in sources for copy in source.copies.values()}
        hits = [hit for report in reports.values() for hit in report.hits]
        findings = [finding for hit in hits if (finding := _finding(hit, by_copy.get(hit.file), task)) is not None]
        failed = {source.path for source in sources if not _is_read(source, reports)}
        unread.update(dict.fromkeys(failed, SkipReason.REVIEWER_FAILED))
        return ReviewerRun(
            reviewer=self.name,
            findings=tuple(sorted(set(findings), key=_place)),
            paths_read=frozenset(source.path for source in sources) - failed,
            paths_unread=tuple((path, unread[path]) for path in task.paths if path in unread),
            failure="; ".join(report.failure for report in reports.values() if report.failure) or None,
            seconds=time.monotonic() - started,
        )


def _sources(task: ReviewTask) -> tuple[list[_Source], dict[str, SkipReason]]:
    sources: list[_Source] = []
    unread: dict[str, SkipReason] = {}
    for index, path in enumerate(dict.fromkeys(task.paths)):
        suffixes = {analyser.name: analyser.exported_suffix(path) for analyser in ANALYSERS}
        copies = {name: f"{name}/{index:04d}{suffix}" for name, suffix in suffixes.items() if suffix is not None}
        content = task.head.read_file(path) if copies else None
        if content is None or b"\0" in content:
            unread[path] = SkipReason.NOT_SUPPORTED
        elif len(content) > _MAX_FILE_BYTES:
            unread[path] = SkipReason.TOO_LARGE
        else:
            sources.append(_Source(path, content.decode("utf-8", "replace"), copies))
    return sources, unread


def _export(sources: list[_Source], workspace: Workspace) -> None:
    for source in sources:
        # ast-grep has no switch against comments that silence it, and git ends no line at a lone carriage return.
        text = _LONE_CARRIAGE_RETURN.sub(" ", source.text.replace("ast-grep-ignore", "ast-grep-ignorE"))
        for copy in source.copies.values():
            target = workspace.directory / FILES_DIRECTORY / copy
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode("utf-8"))


def _reports(sources: list[_Source], workspace: Workspace) -> dict[str, AnalyserReport]:
    files_by_name = {
        analyser.name: tuple(source.copies[analyser.name] for source in sources if analyser.name in source.copies)
        for analyser in ANALYSERS
    }
    with ThreadPoolExecutor(max_workers=len(ANALYSERS), thread_name_prefix="static") as pool:
        pending = {
            analyser.name: pool.submit(analyser.analyse, workspace, files_by_name[analyser.name])
            for analyser in ANALYSERS
            if files_by_name[analyser.name]
        }
        return {name: future.result() for name, future in pending.items()}


def _is_read(source: _Source, reports: Mapping[str, AnalyserReport]) -> bool:
    return all(
        reports[name].failure is None and copy not in reports[name].unread for name, copy in source.copies.items()
    )


def _finding(hit: Hit, source: _Source | None, task: ReviewTask) -> Finding | None:
    if source is None or (hit.rule not in _RULES_FOR_TESTS and _IS_TEST.search(source.path)):
        return None
    file = task.change.diff.file(source.path)
    last_line = max(hit.first_line, min(hit.last_line, hit.first_line + _MAX_HIT_LINES - 1))
    added = [number for number in range(hit.first_line, last_line + 1) if _is_added(file, number)]
    if not added:
        return None
    lines = source.text.split("\n")
    evidence = (lines[number - 1].rstrip("\r") for number in added[:_MAX_EVIDENCE_LINES] if number <= len(lines))
    return Finding(
        title=printable(hit.title),
        explanation=printable(hit.explanation),
        severity=hit.severity,
        confidence=hit.confidence,
        category=hit.category,
        location=Location(source.path, added[0], _end_of_run(added)),
        reviewer=StaticReviewer.name,
        evidence=tuple(line for line in evidence if line.strip()),
        origin=Origin.INTRODUCED,
        rule=hit.rule,
    )


def _is_added(file: FileDiff | None, number: int) -> bool:
    line = file.line_at(number, Side.RIGHT) if file is not None else None
    return line is not None and line.kind is LineKind.ADDED


def _end_of_run(numbers: list[int]) -> int:
    last = numbers[0]
    for number in numbers[1:]:
        if number != last + 1:
            break
        last = number
    return last


def _place(finding: Finding) -> tuple[str, int, str]:
    location = finding.location
    return (location.path, location.first_line, finding.rule or "") if location else ("", 0, "")
