"""The door of the replay into an incidents file: which changes to review, and nothing of what came of them.

This module reads the identity of the changes and whether an incident is replayed at all. Names, causes, fixes, places,
severities and times are not looked at, so that no slip of a later step can show them to a reviewer. The other door is
not imported here and must not be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reviewbot.domain.incident import CaseKind, Exposure
from reviewbot.domain.repository import RepoName
from reviewbot.errors import FileProblems
from reviewbot.retro import incident_keys as keys
from reviewbot.retro.fields import ProblemList
from reviewbot.retro.records import Record
from reviewbot.yaml_document import Document, load_document


@dataclass(frozen=True, slots=True)
class RepositoryPlace:
    """Where a repository is: one of a local path (relative ones start at the incidents file) and a URL to clone."""

    path: Path | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ControlRule:
    """How quiet changes are found for each culprit, beside those that the file names."""

    per_incident: int = 2
    match: tuple[keys.MatchKey, ...] = tuple(keys.MatchKey)
    quiet_days: int = 90


@dataclass(frozen=True, slots=True)
class ExposureFile:
    """What a replay may know; the kinds stand apart from the cases, because reviewers get the latter."""

    exposures: tuple[Exposure, ...]
    kinds: Mapping[str, CaseKind]
    repositories: Mapping[RepoName, RepositoryPlace] = field(default_factory=dict)
    default_repo: RepoName | None = None
    auto_controls: ControlRule | None = None


def with_controls(exposure_file: ExposureFile, found: Sequence[Exposure]) -> ExposureFile:
    """The file with quiet changes that a rule has found, after those that it names."""
    kinds = {**exposure_file.kinds, **{one.case: CaseKind.CONTROL for one in found}}
    return replace(exposure_file, exposures=(*exposure_file.exposures, *found), kinds=kinds)


def load_exposures(path: Path) -> ExposureFile:
    """The changes of an incidents file that are to be replayed, in its order, controls last; raises FileProblems."""
    document = load_document(path)
    problems = ProblemList(document.file)
    exposure_file = read_exposures(document, problems)
    if problems.sorted:
        raise FileProblems(document.file, problems.sorted)
    return exposure_file


def read_exposures(document: Document, problems: ProblemList) -> ExposureFile:
    """The same from a document; what is bad is added to the problems and left out."""
    root = keys.ROOT.read(document.root, problems)
    if root is None:
        return ExposureFile((), {})
    root.get(keys.VERSION)
    defaults, controls = root.get(keys.DEFAULTS), root.get(keys.CONTROLS)
    scope = keys.RepoScope().inside(defaults, keys.DEFAULT_REPO) if defaults else keys.RepoScope()
    incidents = root.all(keys.INCIDENTS)
    quiet = controls.all(keys.INCLUDE) if controls else ()
    _report_repeated_ids((*incidents, *quiet))
    found = [(case, CaseKind.INCIDENT) for one in incidents for case in _culprits(one, scope)]
    found += [(case, CaseKind.CONTROL) for one in quiet for case in _exposures(one, (one,), scope)]
    return ExposureFile(
        exposures=tuple(exposure for exposure, _ in found),
        kinds={exposure.case: kind for exposure, kind in found},
        repositories=_places(root, Path(document.file).parent),
        default_repo=scope.repo,
        auto_controls=_control_rule(controls.get(keys.AUTO) if controls else None),
    )


def _culprits(incident: Record, scope: keys.RepoScope) -> Iterator[Exposure]:
    """One exposure for each change that introduced an incident; none where it has no code cause."""
    changes = incident.all(keys.INTRODUCED)
    exposures = list(_exposures(incident, changes, scope.inside(incident, keys.REPO)))
    is_excluded = incident.at(keys.EXCLUDE) is not None
    if keys.has_code_cause(incident.get(keys.CAUSE_TYPE), is_excluded=is_excluded, is_linked=bool(changes)):
        yield from exposures


def _exposures(record: Record, changes: tuple[Record, ...], scope: keys.RepoScope) -> Iterator[Exposure]:
    incident_id = record.get(keys.ID)
    for number, change in enumerate(changes, start=1):
        repo = scope.repo_of(change)
        commit, pull = change.get(keys.COMMIT), change.get(keys.PULL)
        if incident_id is not None and repo is not None and (commit is not None or pull is not None):
            yield Exposure(keys.case_name(incident_id, number), repo, commit, pull)


def _report_repeated_ids(records: tuple[Record, ...]) -> None:
    """Reports every id that stands twice, "INC-1#2" as the second cause of INC-1 included."""
    first_lines: dict[str, int] = {}
    for record in records:
        incident_id = record.get(keys.ID)
        if incident_id is None:
            continue
        for number in range(1, max(1, len(record.all(keys.INTRODUCED))) + 1):
            case = keys.case_name(incident_id, number)
            if case in first_lines:
                what = f"the id {case!r} stands twice, first in line {first_lines[case]}"
                record.report(what, "an id that no other incident or control has", keys.ID)
            first_lines.setdefault(case, record.node.line)


def _places(root: Record, directory: Path) -> dict[RepoName, RepositoryPlace]:
    found: dict[RepoName, RepositoryPlace] = {}
    for name, record in (root.get(keys.REPOSITORIES) or {}).items():
        path, url = record.get(keys.PLACE_PATH), record.get(keys.PLACE_URL)
        try:
            repo = RepoName.parse(name)
        except ValueError:
            continue  # The reader of the mapping has reported the key.
        found[repo] = RepositoryPlace(directory / path if path is not None else None, url)
    return found


def _control_rule(record: Record | None) -> ControlRule | None:
    if record is None:
        return None
    default = ControlRule()
    per_incident, quiet_days = record.get(keys.PER_INCIDENT), record.get(keys.QUIET_DAYS)
    return ControlRule(
        per_incident=default.per_incident if per_incident is None else per_incident,
        match=record.get(keys.MATCH) or default.match,
        quiet_days=default.quiet_days if quiet_days is None else quiet_days,
    )
