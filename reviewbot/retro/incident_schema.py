"""Everything that can be said about an incidents file without running it: problems, remarks, its JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reviewbot.domain.repository import RepoName
from reviewbot.errors import FileProblems, Problem
from reviewbot.retro import incident_keys as keys
from reviewbot.retro.answers import AnswerFile, AnswerKey, ChangeRef, ControlKey, read_answers
from reviewbot.retro.exposures import read_exposures
from reviewbot.retro.fields import ProblemList
from reviewbot.yaml_document import open_document

_LEAST_SHA = 7


@dataclass(frozen=True)
class IncidentCheck:
    """What a file came to: `problems` refuse it, `notes` do not. `answers` is complete only without problems."""

    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    answers: AnswerFile


def check_incidents(path: Path) -> list[Problem]:
    """Every problem of an incidents file, by line; none where both doors would read it. InputError if unreadable."""
    return list(incident_check(path).problems)


def incident_check(path: Path) -> IncidentCheck:
    """Problems, notes and counts of an incidents file in one reading."""
    try:
        document = open_document(path)
    except FileProblems as refusal:
        return IncidentCheck(tuple(refusal.problems), (), AnswerFile())
    problems = ProblemList(document.file, document.problems)
    read_exposures(document, problems)
    answers = read_answers(document, problems)
    found = [*problems.sorted, *_guilty_controls(document.file, answers)]
    found.sort(key=lambda problem: (problem.line, problem.column))
    return IncidentCheck(tuple(found), tuple(_notes(document.file, answers)), answers)


def incident_json_schema() -> dict[str, object]:
    """The JSON Schema (2020-12) of the format, for editors and other tools, from the table that the checks use.

    A file that it refuses is refused by the checks too. Not the reverse: ids used twice, a location that ends before it
    starts, severities outside the scale, impossible dates and missing repositories are beyond it.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"incidents.yaml, version {keys.SCHEMA_VERSION}",
        **keys.ROOT.schema(),
    }


class _Culprits:
    """Finds the incident that names a change, as its cause or as its fix; an abbreviated sha names what it begins."""

    def __init__(self) -> None:
        self._found: dict[tuple[RepoName, str | int], list[tuple[str, AnswerKey]]] = {}

    def add(self, change: ChangeRef, key: AnswerKey) -> None:
        if change.commit is not None:
            self._found.setdefault((change.repo, change.commit[:_LEAST_SHA]), []).append((change.commit, key))
        if change.pull is not None:
            self._found.setdefault((change.repo, change.pull), []).append(("", key))

    def incident_of(self, change: ChangeRef | ControlKey) -> AnswerKey | None:
        commit = change.commit or ""
        same_start = self._found.get((change.repo, commit[:_LEAST_SHA]), []) if commit else []
        for other, key in same_start:
            if other.startswith(commit) or commit.startswith(other):
                return key
        same_pull = self._found.get((change.repo, change.pull)) if change.pull is not None else None
        return same_pull[0][1] if same_pull else None


def _guilty_controls(file: str, answers: AnswerFile) -> Iterator[Problem]:
    culprits = _Culprits()
    for key in answers.incidents:
        for change in key.introduced:
            culprits.add(change, key)
    for control in answers.controls:
        incident = culprits.incident_of(control)
        if incident is not None:
            what = f"the control {control.id!r} is the cause of the incident {incident.id!r}"
            yield Problem(file, control.line, control.column, what, "a change that caused nothing")


def _notes(file: str, answers: AnswerFile) -> Iterator[Problem]:
    culprits, fixes = _Culprits(), _Culprits()
    for key in answers.incidents:
        for change in key.fixed:
            fixes.add(change, key)
    for key in answers.incidents:
        yield from _circles(file, key, fixes)
        for change in key.introduced:
            other = culprits.incident_of(change)
            if other is not None:
                what = f"the incident {key.id!r} names the same cause as {other.id!r}"
                yield Problem(file, key.line, key.column, what)
            culprits.add(change, key)
        if key.started_at and key.resolved_at and key.resolved_at < key.started_at:
            what = f"the incident {key.id!r} was resolved before it started"
            yield Problem(file, key.line, key.column, what)


def _circles(file: str, key: AnswerKey, fixes: _Culprits) -> Iterator[Problem]:
    """Where an incident's cause is its own fix, or that of an incident whose cause is its fix in turn."""
    for change in key.introduced:
        other = fixes.incident_of(change)
        if other is None:
            continue
        if other.id == key.id:
            what = f"the incident {key.id!r} names one change both as its cause and as its fix"
            yield Problem(file, key.line, key.column, what)
            continue
        own = _Culprits()
        for fix in key.fixed:
            own.add(fix, key)
        if any(own.incident_of(cause) for cause in other.introduced):
            what = f"the incidents {key.id!r} and {other.id!r} name each other's fix as their cause"
            yield Problem(file, key.line, key.column, what)
