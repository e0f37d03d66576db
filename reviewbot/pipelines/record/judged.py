"""One incident of the record through the steps of a retrospective: a file, replays, verdicts.

The replay sees the file by the door of exposures alone, as in any retrospective; the record passes it nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from reviewbot.domain.finding import Finding
from reviewbot.domain.incident import CaseKind
from reviewbot.domain.policy import Policy
from reviewbot.domain.record import ChangePlace, IncidentRecord
from reviewbot.domain.replay import CaseVerdict, Replay
from reviewbot.domain.review import HeldBack, Outcome
from reviewbot.errors import InputError
from reviewbot.git.repository import Repository
from reviewbot.pipelines.judge.verdicts import JudgePlan, judge
from reviewbot.pipelines.link import AskGitHub, Linked, linked, loaded_incidents
from reviewbot.pipelines.live import Panel
from reviewbot.pipelines.replay import Arm, ReplayPlan, opened_change, replay
from reviewbot.ports import Model
from reviewbot.retro.exposures import load_exposures
from reviewbot.retro.imports.values import ImportedChange, ImportedIncident
from reviewbot.retro.imports.writing import incidents_text
from reviewbot.retro.incident_keys import Confidence
from reviewbot.retro.panel import Panel as Judges

THEN, TODAY = "then", "today"


@dataclass(frozen=True)
class CaseFile:
    """An incidents file of one incident, and the repository that it is about."""

    path: Path
    repository: Repository
    case: str

    def find(self, name: object) -> Repository:
        """For pipelines that look repositories up by name; there is just this one."""
        if name != self.repository.name:
            raise InputError(f"{name} is not the repository of the incident")
        return self.repository


@contextmanager
def case_file(record: IncidentRecord, incident_id: int, repository: Repository) -> Iterator[CaseFile]:
    """The record's knowledge of an incident as a file, for as long as this lasts."""
    case = f"record-{incident_id}"
    with TemporaryDirectory(prefix="reviewbot-record-") as folder:
        path = Path(folder) / "incidents.yaml"
        path.write_text(incidents_text([imported(record, case)], record.repo), encoding="utf-8")
        yield CaseFile(path, repository, case)


def candidates_for(file: CaseFile, ask_github: AskGitHub) -> Linked:
    """The changes that may have caused the incident, from its fix."""
    (incident,), _ = loaded_incidents(file.path)
    return linked(incident, file.find, ask_github)


def verdict_then(
    file: CaseFile, said: Sequence[Finding], held_back: Sequence[HeldBack], judges: Sequence[Model]
) -> CaseVerdict | None:
    """What judges make of everything that was found at the time; None without judges or anything to judge."""
    if not judges or not (said or held_back):
        return None
    (exposure,) = load_exposures(file.path).exposures
    with opened_change(file.repository, exposure) as (reviewable, notes):
        change = reviewable.change
        made = Replay(
            case=exposure.case,
            kind=CaseKind.INCIDENT,
            arm=THEN,
            trial=1,
            repo=str(exposure.repo),
            base=str(change.base),
            head=str(change.head),
            outcome=Outcome.COMPLETE,
            findings=tuple(said),
            held_back=tuple(held_back),
            notes=notes,
            changed_lines=change.diff.changed_line_count,
        )
    return _verdict(file, made, judges)


def verdict_today(
    file: CaseFile, panel: Panel, policy: Policy, judges: Sequence[Model], arm: str = TODAY
) -> tuple[Replay, CaseVerdict | None]:
    """What the reviewers in force now make of the cause, and the verdict on it; None without judges."""
    found: list[Replay] = []
    exposures = load_exposures(file.path)
    way = Arm(arm, arm, panel.reviewers, panel.model, 1, panel.second_look)
    stopped = replay(
        ReplayPlan(exposures.exposures, dict(exposures.kinds), (way,), file.find, policy, concurrency=1), found.append
    )
    if not found:
        raise InputError(f"the replay came to nothing: {stopped}")
    return found[0], _verdict(file, found[0], judges) if judges else None


def _verdict(file: CaseFile, made: Replay, judges: Sequence[Model]) -> CaseVerdict:
    plan = JudgePlan(file.path, [made], file.find, Judges(tuple(judges), opinions=1))
    (verdict,), stopped = judge(plan, _unheard)
    return replace(verdict, review_failed=True) if stopped else verdict


def _unheard(_cost_usd: Decimal | None) -> None:
    """What a judge costs is told call by call, by the model itself."""


def imported(record: IncidentRecord, case: str) -> ImportedIncident:
    """The record's knowledge of an incident in the words of the incidents file."""
    began = record.started_at if record.started_at is not None else record.opened_at
    return ImportedIncident(
        id=case,
        name=record.title,
        repo=record.repo,
        severity=record.severity,
        started_at=datetime.fromtimestamp(began, UTC),
        summary=record.summary,
        root_cause=record.root_cause,
        introduced=_changes(record, record.cause),
        fixed=_changes(record, record.fix),
    )


def _changes(record: IncidentRecord, place: ChangePlace | None) -> tuple[ImportedChange, ...]:
    if place is None:
        return ()
    return (ImportedChange(record.repo, place.commit or None, place.pull, place.how, Confidence.LIKELY),)
