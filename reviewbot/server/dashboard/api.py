"""The same record as JSON and as tables for a spreadsheet, with OpenAPI beside it; and the way in for incidents."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from reviewbot.domain.pull import PullRef
from reviewbot.domain.record import ChangePlace, IncidentRecord
from reviewbot.domain.repository import RepoName
from reviewbot.domain.secret_text import without_secrets
from reviewbot.errors import InputError
from reviewbot.server.dashboard.access import Viewer
from reviewbot.server.dashboard.desk import Desk, seen
from reviewbot.store.browse.lists import FindingLine, FindingSearch, IncidentSearch, PullLine, SpendLine
from reviewbot.store.browse.pull_page import pull_page
from reviewbot.store.browse.repositories import place_of
from reviewbot.store.incidents import StoredIncident

_MOST_EXPORTED = 20_000
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_LINK = r"^https?://[^\s]{1,1990}$"


class ChangeIn(BaseModel):
    """A change of the repository, by its commit, its pull request, or both."""

    model_config = ConfigDict(extra="forbid")

    commit: str = Field("", pattern=r"^([0-9a-f]{7,64})?$")
    pull: int | None = Field(None, gt=0, lt=2**31)

    @model_validator(mode="after")
    def _names_something(self) -> ChangeIn:
        if not self.commit and self.pull is None:
            raise ValueError("a change needs a commit or a pull request")
        return self


class IncidentIn(BaseModel):
    """An incident as another system reports it; `id` is its name there, which makes reporting it twice once."""

    model_config = ConfigDict(extra="forbid")

    repo: str = Field(pattern=r"^[\w.-]+/[\w.-]+$", max_length=201)
    title: str = Field(min_length=1, max_length=300)
    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/#-]{0,99}$")
    summary: str = Field("", max_length=20_000)
    link: str = Field("", pattern=rf"{_LINK}|^$")
    severity: str = Field("", max_length=50)
    started_at: AwareDatetime | None = None
    resolved_at: AwareDatetime | None = None
    root_cause: str = Field("", max_length=20_000)
    has_code_cause: bool = True
    fix: ChangeIn | None = None
    cause: ChangeIn | None = None


class IncidentKept(BaseModel):
    """Where an incident is on record."""

    id: int
    stand: str


def api(desk: Desk) -> APIRouter:
    """The API, each route behind its guard."""
    router = APIRouter(prefix="/api", tags=["record"])
    reader = Depends(desk.reader)

    @router.get("/figures")
    @desk.in_turn
    def figures(viewer: Viewer = reader, days: Annotated[int, Query(ge=1, le=36_500)] = 90) -> dict[str, Any]:
        """What was reviewed, said, and came of it in so many days."""
        with desk.transactions.reading() as session:
            now = desk.transactions.now(session)
        found = desk.figures.since(now - days * 86_400.0, viewer.repositories)
        rates = {"silence": found.silence, "acceptance": found.fates.acceptance, "precision": found.fates.precision}
        told = {"incidents_counted": found.counted, "incidents_told": found.told}
        kept = {name: value for name, value in asdict(found).items() if name != "incidents"}
        return {**kept, **rates, **told, "months": [asdict(one) for one in found.months]}

    @router.get("/findings")
    @desk.in_turn
    def findings(search: Annotated[FindingSearch, Depends()], viewer: Viewer = reader) -> list[FindingLine]:
        """Findings, said or held back, the latest first; `before` is the id of the last one of the page before."""
        return list(desk.lists.findings(search, viewer.repositories))

    @router.get("/incidents")
    @desk.in_turn
    def incidents(search: Annotated[IncidentSearch, Depends()], viewer: Viewer = reader) -> list[dict[str, Any]]:
        """Incidents with their answers, the latest first."""
        return [_shown(one) for one in desk.lists.incidents(search, viewer.repositories)]

    @router.get("/incidents/{incident_id}")
    @desk.in_turn
    def incident(incident_id: int, viewer: Viewer = reader) -> dict[str, Any]:
        """One incident with its evidence and its timeline."""
        found = desk.live.incidents.get(incident_id) if 0 < incident_id < 2**63 else None
        if found is None:
            raise HTTPException(404, "There is no such incident on record.")
        seen(viewer, found.record.repo_id)
        return _shown(found)

    @router.get("/pulls/{repo_id}/{number}")
    @desk.in_turn
    def pull(repo_id: int, number: int, viewer: Viewer = reader) -> dict[str, Any]:
        """One pull request: heads, coverage, findings, and what became of them."""
        seen(viewer, repo_id)
        is_number = 0 < repo_id < 2**63 and 0 < number < 2**31
        found = pull_page(desk.transactions, PullRef(repo_id, number)) if is_number else None
        if found is None:
            raise HTTPException(404, "Nothing is on record of this pull request.")
        return asdict(found)

    @router.get("/spending")
    @desk.in_turn
    def spending(viewer: Viewer = reader) -> list[SpendLine]:
        """What reviews have cost, by repository, in US dollars."""
        return list(desk.lists.spending(viewer.repositories))

    _exports(router, desk, reader)
    _reports(router, desk)
    return router


def _exports(router: APIRouter, desk: Desk, reader: Viewer) -> None:
    @router.get("/findings.csv")
    @desk.in_turn
    def findings_csv(search: Annotated[FindingSearch, Depends()], viewer: Viewer = reader) -> Response:
        """The same findings for a spreadsheet, at most 20,000."""
        names = ("id", "repo", "number", "title", "severity", "category", "reviewer", "path", "line", "stage", "result")
        rows: list[FindingLine] = []
        while len(rows) < _MOST_EXPORTED and (found := desk.lists.findings(search, viewer.repositories)):
            rows += found
            search = FindingSearch(**{**asdict(search), "before": found[-1].id})
        return _csv(names, ([getattr(one, name) for name in names] for one in rows))

    @router.get("/incidents.csv")
    @desk.in_turn
    def incidents_csv(search: Annotated[IncidentSearch, Depends()], viewer: Viewer = reader) -> Response:
        """The same incidents for a spreadsheet, at most 20,000."""
        names = ("id", "name", "repo", "title", "opened_at", "stand", "answer", "why", "cause", "today")
        rows: list[StoredIncident] = []
        while len(rows) < _MOST_EXPORTED and (found := desk.lists.incidents(search, viewer.repositories)):
            rows += found
            search = IncidentSearch(**{**asdict(search), "before": found[-1].id})
        return _csv(names, (_cells(one) for one in rows))

    @router.get("/reviews.csv")
    @desk.in_turn
    def reviews_csv(viewer: Viewer = reader) -> Response:
        """Pull requests with the outcome of their latest head, for a spreadsheet, at most 20,000."""
        names = ("repo", "number", "title", "author", "state", "outcome", "reason", "changed_at")
        rows: list[PullLine] = []
        before = None
        while len(rows) < _MOST_EXPORTED and (found := desk.lists.pulls(viewer.repositories, before=before)):
            rows += found
            before = found[-1].changed_at
        return _csv(names, ([getattr(one, name) for name in names] for one in rows))


def _reports(router: APIRouter, desk: Desk) -> None:
    def with_token(request: Request) -> None:
        if not desk.door.is_known_token(request):
            raise HTTPException(401, "Give a token: Authorization: Bearer TOKEN.", {"WWW-Authenticate": "Bearer"})

    @router.post("/incidents", status_code=201, dependencies=[Depends(with_token)])
    def report(incident: IncidentIn) -> IncidentKept:
        """Puts an incident on record; needs a token (REVIEWBOT_API_TOKENS)."""
        try:
            repo_id, installation_id, repo = place_of(desk.transactions, incident.repo)
        except InputError as error:
            raise HTTPException(404, str(error)) from error
        record = _record(incident, repo_id, installation_id, repo)
        number = desk.live.incidents.report(record, "reported through the API")
        kept = desk.live.incidents.get(number)
        assert kept is not None, "it was put on record"
        return IncidentKept(id=number, stand=kept.record.stand.value)


def _record(one: IncidentIn, repo_id: int, installation_id: int, repo: RepoName) -> IncidentRecord:
    now = datetime.now(UTC)
    return IncidentRecord(
        key=f"api:{repo_id}:{one.id}",
        name=one.id,
        repo_id=repo_id,
        installation_id=installation_id,
        repo=repo,
        title=without_secrets(one.title),
        opened_at=(one.started_at or now).timestamp(),
        summary=without_secrets(one.summary),
        link=one.link,
        severity=one.severity,
        root_cause=without_secrets(one.root_cause),
        has_code_cause=one.has_code_cause,
        started_at=one.started_at.timestamp() if one.started_at else None,
        resolved_at=one.resolved_at.timestamp() if one.resolved_at else None,
        fix=_place(one.fix),
        cause=_place(one.cause),
    )


def _place(change: ChangeIn | None) -> ChangePlace | None:
    return None if change is None else ChangePlace(change.commit, change.pull, "the report says so")


def _shown(one: StoredIncident) -> dict[str, Any]:
    return {"id": one.id, **asdict(one.record), "repo": str(one.record.repo)}


def _cells(one: StoredIncident) -> Sequence[object]:
    record = one.record
    opened = datetime.fromtimestamp(record.opened_at, UTC).isoformat()
    answer = record.answer.value if record.answer else ""
    today = record.today.value if record.today else ""
    cause = str(record.cause) if record.cause else ""
    place = (one.id, record.name, str(record.repo), record.title, opened)
    return (*place, record.stand.value, answer, record.why, cause, today)


def _csv(names: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A table that no spreadsheet takes for formulas (FAULTS.md S36)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    headers = {"content-disposition": "attachment", "x-content-type-options": "nosniff", "cache-control": "no-store"}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _harmless(cell: object) -> object:
    if isinstance(cell, str) and cell.startswith(_FORMULAS):
        return f"'{cell}"
    return "" if cell is None else cell
