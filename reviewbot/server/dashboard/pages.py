"""The pages that people read. Each is made in a thread, from a few queries, and needs no script."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from reviewbot.domain.finding import Category, Severity
from reviewbot.domain.pull import PullRef
from reviewbot.domain.record import Answer, Stand
from reviewbot.server.dashboard.access import Viewer
from reviewbot.server.dashboard.desk import Desk, seen
from reviewbot.server.dashboard.rendering import HEADERS, page
from reviewbot.store.browse.lists import PAGE, FindingSearch, IncidentSearch
from reviewbot.store.browse.pull_page import pull_page
from reviewbot.store.deliveries import DeliveryState

_DAY = 86_400.0
_SPANS = {"30d": 30 * _DAY, "90d": 90 * _DAY, "1y": 365 * _DAY, "all": 0.0}
Number = Annotated[int | None, Query(ge=0, lt=2**63)]
Words = Annotated[str, Query(max_length=200)]


def pages(desk: Desk) -> APIRouter:
    """All pages, each behind its guard."""
    router = APIRouter(include_in_schema=False)
    reader = Depends(desk.reader)
    _figures(router, desk, reader)
    _pulls(router, desk, reader)
    _findings(router, desk, reader)
    _incidents(router, desk, reader)
    _operators(router, desk, Depends(desk.operator))
    return router


def _figures(router: APIRouter, desk: Desk, reader: Viewer) -> None:
    @router.get("/")
    @desk.in_turn
    def overview(viewer: Viewer = reader, since: str = "90d") -> Response:
        figures = desk.figures.since(_beginning(desk, since), viewer.repositories)
        latest = desk.lists.incidents(IncidentSearch(), viewer.repositories)[:6]
        return page("overview", viewer, figures=figures, latest=latest, since=since, spans=list(_SPANS))

    @router.get("/repositories")
    @desk.in_turn
    def repositories(viewer: Viewer = reader, since: str = "90d") -> Response:
        figures = desk.figures.since(_beginning(desk, since), viewer.repositories)
        return page("repositories", viewer, figures=figures, since=since, spans=list(_SPANS))

    @router.get("/spend")
    @desk.in_turn
    def spend(viewer: Viewer = reader) -> Response:
        return page("spend", viewer, lines=desk.lists.spending(viewer.repositories), limits=desk.live.limits)


def _pulls(router: APIRouter, desk: Desk, reader: Viewer) -> None:
    @router.get("/pulls")
    @desk.in_turn
    def pulls(
        viewer: Viewer = reader, repo: Number = None, before: float | None = None, failed: bool = False
    ) -> Response:
        if repo is not None:
            seen(viewer, repo)
        found = desk.lists.pulls(viewer.repositories, repo, before, failed)
        return page("pulls", viewer, pulls=found, more=len(found) == PAGE, asked={"repo": repo, "failed": failed})

    @router.get("/pulls/{repo_id}/{number}")
    @desk.in_turn
    def pull(repo_id: int, number: int, viewer: Viewer = reader) -> Response:
        seen(viewer, repo_id)
        found = pull_page(desk.transactions, PullRef(repo_id, number)) if _is_number(repo_id, number) else None
        if found is None:
            raise HTTPException(404, "Nothing is on record of this pull request.")
        link = f"{desk.live.server_url}/{found.repo}/pull/{number}"
        return page("pull", viewer, pull=found, link=link, may_change=viewer.may_change(repo_id))


def _findings(router: APIRouter, desk: Desk, reader: Viewer) -> None:
    @router.get("/findings")
    @desk.in_turn
    def findings(
        viewer: Viewer = reader,
        text: Words = "",
        severity: Words = "",
        category: Words = "",
        reviewer: Words = "",
        fate: Words = "said",
        repo: Number = None,
        before: Number = None,
    ) -> Response:
        if repo is not None:
            seen(viewer, repo)
        search = FindingSearch(text, severity, category, reviewer, repo, fate, before)
        found = desk.lists.findings(search, viewer.repositories)
        asked = {"text": text, "severity": severity, "category": category, "reviewer": reviewer, "fate": fate}
        return page(
            "findings",
            viewer,
            findings=found,
            more=len(found) == PAGE,
            asked={**asked, "repo": repo},
            severities=[one.value for one in Severity],
            categories=[one.value for one in Category],
            fates=["said", "held back", "addressed", "dismissed", "ignored", "proven"],
        )


def _incidents(router: APIRouter, desk: Desk, reader: Viewer) -> None:
    @router.get("/incidents")
    @desk.in_turn
    def incidents(
        viewer: Viewer = reader,
        text: Words = "",
        answer: Words = "",
        stand: Words = "",
        repo: Number = None,
        before: Number = None,
    ) -> Response:
        if repo is not None:
            seen(viewer, repo)
        search = IncidentSearch(text, answer, stand, repo, before)
        found = desk.lists.incidents(search, viewer.repositories)
        return page(
            "incidents",
            viewer,
            incidents=found,
            more=len(found) == PAGE,
            asked={"text": text, "answer": answer, "stand": stand, "repo": repo},
            answers=list(Answer),
            stands=list(Stand),
        )

    @router.get("/incidents/{incident_id}")
    @desk.in_turn
    def incident(incident_id: int, viewer: Viewer = reader) -> Response:
        found = desk.live.incidents.get(incident_id) if _is_number(incident_id) else None
        if found is None:
            raise HTTPException(404, "There is no such incident on record.")
        seen(viewer, found.record.repo_id)
        may_change = viewer.may_change(found.record.repo_id)
        return page("incident", viewer, incident=found, one=found.record, may_change=may_change, server=_server(desk))


def _operators(router: APIRouter, desk: Desk, operator: Viewer) -> None:
    @router.get("/runs")
    @desk.in_turn
    def runs(viewer: Viewer = operator, first: Number = None, second: Number = None) -> Response:
        found = desk.lists.runs()
        compared = _compared(desk, first, second) if first is not None and second is not None else None
        return page("runs", viewer, runs=found, compared=compared, first=first, second=second)

    @router.get("/runs/{run_id}/report")
    @desk.in_turn
    def run_report(run_id: int, _viewer: Viewer = operator) -> Response:
        found = next((one for one in desk.lists.runs() if one.id == run_id), None)
        path = Path(found.folder) / "report.html" if found is not None else None
        if path is None or not path.is_file():
            raise HTTPException(404, "The folder of this run holds no report on this machine.")
        policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
        return HTMLResponse(path.read_bytes(), headers={**HEADERS, "content-security-policy": policy})

    @router.get("/deliveries")
    @desk.in_turn
    def deliveries(viewer: Viewer = operator, state: Words = "", before: Number = None) -> Response:
        found = desk.lists.deliveries(state, before)
        failed = desk.lists.pulls(None, failed=True)
        states = [one.value for one in DeliveryState]
        return page(
            "deliveries",
            viewer,
            deliveries=found,
            failed=failed,
            counts=desk.live.deliveries.counts(),
            states=states,
            asked={"state": state},
            more=len(found) == PAGE,
        )

    @router.get("/settings")
    @desk.in_turn
    def settings(viewer: Viewer = operator) -> Response:
        return page("settings", viewer, settings=desk.settings())


def error_page(request: Request, viewer: Viewer | None, status: int, words: str) -> Response:
    """What went wrong, in words, with a way back."""
    return page("error", viewer, status, words=words, path=request.url.path)


def _server(desk: Desk) -> str:
    return desk.live.server_url


def _beginning(desk: Desk, since: str) -> float:
    if since not in _SPANS:
        raise HTTPException(422, f"since: expected one of {', '.join(_SPANS)}")
    with desk.transactions.reading() as session:
        now = desk.transactions.now(session)
    return now - _SPANS[since] if _SPANS[since] else 0.0


def _is_number(*numbers: int) -> bool:
    return all(0 < number < 2**63 for number in numbers)


def _compared(desk: Desk, first: int, second: int) -> list[tuple[str, str, str, str]]:
    """Case, arm and both verdicts of what two runs share and judge differently."""
    before: Mapping[tuple[str, str], str] = desk.lists.verdicts(first)
    after = desk.lists.verdicts(second)
    shared = sorted(before.keys() & after.keys())
    return [
        (case, arm, before[case, arm], after[case, arm])
        for case, arm in shared
        if before[case, arm] != after[case, arm]
    ]
