"""The other door into an incidents file: what came of each change. Only judges and the score may use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from reviewbot.domain.diff import Side
from reviewbot.domain.finding import Location, Severity
from reviewbot.domain.repository import RepoName
from reviewbot.errors import FileProblems
from reviewbot.retro import incident_keys as keys
from reviewbot.retro.fields import ProblemList
from reviewbot.retro.incident_keys import CauseType, Confidence, ReferenceType, Split
from reviewbot.retro.records import Field, Record
from reviewbot.yaml_document import Document, Items, load_document


@dataclass(frozen=True, slots=True)
class ChangeRef:
    """A change that introduced or fixed an incident; at least one of `commit` and `pull` is given."""

    repo: RepoName
    commit: str | None = None
    pull: int | None = None
    source: str = ""
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A link to a report, with its kind in the words of OSV."""

    url: str
    type: ReferenceType = ReferenceType.WEB


@dataclass(frozen=True)
class AnswerKey:
    """One incident as a judge knows it; texts are "" and moments (UTC) None where the file says nothing."""

    id: str
    repo: RepoName | None = None
    name: str = ""
    severity: str = ""
    started_at: datetime | None = None
    detected_at: datetime | None = None
    resolved_at: datetime | None = None
    services: tuple[str, ...] = ()
    summary: str = ""
    root_cause: str = ""
    category: str = ""
    cause_type: CauseType | None = None
    introduced: tuple[ChangeRef, ...] = ()
    fixed: tuple[ChangeRef, ...] = ()
    locations: tuple[Location, ...] = ()
    references: tuple[Reference, ...] = ()
    split: Split | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    excluded: str | None = None
    line: int = field(default=0, compare=False)
    column: int = field(default=0, compare=False)

    @property
    def has_code_cause(self) -> bool:
        """By the rule of `incident_keys.has_code_cause`: not excluded, and a cause of code or a named culprit."""
        is_excluded, is_linked = self.excluded is not None, bool(self.introduced)
        return keys.has_code_cause(self.cause_type, is_excluded=is_excluded, is_linked=is_linked)

    @property
    def is_linked(self) -> bool:
        """Whether there is something to replay: a code cause, and the change that brought it."""
        return self.has_code_cause and bool(self.introduced)

    @property
    def cases(self) -> tuple[str, ...]:
        """The names under which its causes are replayed; none where it is not linked."""
        count = len(self.introduced) if self.is_linked else 0
        return tuple(keys.case_name(self.id, number) for number in range(1, count + 1))


@dataclass(frozen=True, slots=True)
class ControlKey:
    """A change that is known to have caused nothing."""

    id: str
    repo: RepoName
    commit: str | None = None
    pull: int | None = None
    line: int = field(default=0, compare=False)
    column: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Denominators:
    """What a rate can be a fraction of: all incidents, those with a code cause, those of them that are linked."""

    incidents: int
    code_cause: int
    linked: int


@dataclass(frozen=True)
class AnswerFile:
    """All answers of a file. `severity_scale` is worst first; without one in the file, the severities it uses."""

    incidents: tuple[AnswerKey, ...] = ()
    controls: tuple[ControlKey, ...] = ()
    severity_scale: tuple[str, ...] = ()

    @property
    def denominators(self) -> Denominators:
        return Denominators(
            incidents=len(self.incidents),
            code_cause=sum(key.has_code_cause for key in self.incidents),
            linked=sum(key.is_linked for key in self.incidents),
        )

    @cached_property
    def by_case(self) -> dict[str, AnswerKey]:
        """The answer to each replayed case; controls have none."""
        return {case: key for key in self.incidents for case in key.cases}


def load_answers(path: Path) -> AnswerFile:
    """The answers of an incidents file in its order; raises FileProblems."""
    document = load_document(path)
    problems = ProblemList(document.file)
    answer_file = read_answers(document, problems)
    if problems.sorted:
        raise FileProblems(document.file, problems.sorted)
    return answer_file


def read_answers(document: Document, problems: ProblemList) -> AnswerFile:
    """The same from a document; what is bad is added to the problems and left out."""
    root = keys.ROOT.read(document.root, problems)
    if root is None:
        return AnswerFile()
    root.get(keys.VERSION)
    defaults, controls = root.get(keys.DEFAULTS), root.get(keys.CONTROLS)
    scope = keys.RepoScope().inside(defaults, keys.DEFAULT_REPO) if defaults else keys.RepoScope()
    scale = defaults.all(keys.SEVERITY_SCALE) if defaults else ()
    incidents = tuple(_answer_key(record, scope, scale) for record in root.all(keys.INCIDENTS))
    quiet = controls.all(keys.INCLUDE) if controls else ()
    return AnswerFile(incidents, _controls(quiet, scope), scale or _used_scale(incidents))


def _answer_key(record: Record, file_scope: keys.RepoScope, scale: tuple[str, ...]) -> AnswerKey:
    scope = file_scope.inside(record, keys.REPO)
    exclusion = record.get(keys.EXCLUDE)
    key = AnswerKey(
        id=_text(record, keys.ID),
        repo=scope.repo,
        name=_text(record, keys.NAME),
        severity=_severity(record, scale),
        started_at=record.get(keys.STARTED_AT),
        detected_at=record.get(keys.DETECTED_AT),
        resolved_at=record.get(keys.RESOLVED_AT),
        services=record.all(keys.SERVICES),
        summary=_text(record, keys.SUMMARY),
        root_cause=_text(record, keys.ROOT_CAUSE),
        category=_text(record, keys.CATEGORY),
        cause_type=record.get(keys.CAUSE_TYPE),
        introduced=_changes(record.all(keys.INTRODUCED), scope),
        fixed=_changes(record.all(keys.FIXED), scope),
        locations=tuple(place for one in record.all(keys.LOCATIONS) for place in _location(one)),
        references=tuple(_reference(reference) for reference in record.all(keys.REFERENCES)),
        split=record.get(keys.SPLIT),
        labels=record.get(keys.LABELS) or {},
        excluded=None if record.at(keys.EXCLUDE) is None else _text(exclusion, keys.EXCLUDE_REASON),
        line=record.node.line,
        column=record.node.column,
    )
    _report_without_change(record, key)
    return key


def _report_without_change(record: Record, key: AnswerKey) -> None:
    is_unset = record.at(keys.CAUSE_TYPE) is None
    needs_change = is_unset if key.cause_type is None else key.cause_type.is_code
    if key.excluded is None and needs_change and not _names_some(record, keys.INTRODUCED, keys.FIXED):
        expected = "one of them, or a cause_type such as external, or exclude: {reason: ...}"
        record.report("an incident has neither 'introduced' nor 'fixed'", expected)


def _names_some(record: Record, *lists: Field[object]) -> bool:
    nodes = [record.at(changes) for changes in lists]
    return any(node is not None and not (isinstance(node, Items) and not node.nodes) for node in nodes)


def _severity(record: Record, scale: tuple[str, ...]) -> str:
    severity = _text(record, keys.SEVERITY)
    if severity and scale and severity not in scale:
        record.report(f"the severity {severity!r} is not in the scale", "one of " + ", ".join(scale), keys.SEVERITY)
    return severity


def _changes(records: tuple[Record, ...], scope: keys.RepoScope) -> tuple[ChangeRef, ...]:
    found = []
    for record in records:
        repo = scope.repo_of(record)
        commit, pull = record.get(keys.COMMIT), record.get(keys.PULL)
        source, confidence = _text(record, keys.SOURCE), record.get(keys.CONFIDENCE)
        if repo is not None:
            found.append(ChangeRef(repo, commit, pull, source, confidence))
    return tuple(found)


def _location(record: Record) -> tuple[Location, ...]:
    path, first, last = record.get(keys.PATH), record.get(keys.START_LINE), record.get(keys.END_LINE)
    side = record.get(keys.SIDE) or Side.RIGHT
    if path is None or first is None:
        return ()
    if last is not None and last < first:
        expected = f"an end_line of {first} or more"
        record.report(f"the location ends in line {last}, before it starts in line {first}", expected, keys.END_LINE)
        return ()
    return (Location(path, first, first if last is None else last, side),)


def _reference(record: Record) -> Reference:
    return Reference(_text(record, keys.REFERENCE_URL), record.get(keys.REFERENCE_TYPE) or ReferenceType.WEB)


def _controls(records: tuple[Record, ...], scope: keys.RepoScope) -> tuple[ControlKey, ...]:
    found = []
    for record in records:
        repo = scope.repo_of(record)
        commit, pull = record.get(keys.COMMIT), record.get(keys.PULL)
        if repo is not None:
            found.append(ControlKey(_text(record, keys.ID), repo, commit, pull, record.node.line, record.node.column))
    return tuple(found)


def _text(record: Record | None, field: Field[str]) -> str:
    return (record.get(field) if record else None) or ""


def _used_scale(incidents: tuple[AnswerKey, ...]) -> tuple[str, ...]:
    """The severities in use: reviewbot's own words worst first, then all others by name (sev1 before sev2)."""
    own = [severity.value for severity in Severity]
    used = {key.severity for key in incidents if key.severity}
    return tuple(sorted(used, key=lambda word: (own.index(word) if word in own else len(own), word)))
