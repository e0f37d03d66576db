"""What people can change from the dashboard: try again what failed. Every change wants a token of our own pages."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from reviewbot.domain.pull import PullRef
from reviewbot.errors import StoreError
from reviewbot.pipelines.asking import COMMAND, ask_for_look
from reviewbot.server.dashboard.access import Viewer
from reviewbot.server.dashboard.desk import Desk, changeable, checked_form, form_token
from reviewbot.store.deliveries import DeliveryState


def changes(desk: Desk) -> APIRouter:
    """The changes, each behind its guard."""
    router = APIRouter(include_in_schema=False)
    reader, operator, token = Depends(desk.reader), Depends(desk.operator), Depends(form_token)

    @router.post("/pulls/{repo_id}/{number}/retry")
    def retry_pull(repo_id: int, number: int, viewer: Viewer = reader, csrf: str = token) -> Response:
        checked_form(viewer, csrf)
        changeable(viewer, repo_id)
        work = desk.live.pulls.work(PullRef(repo_id, number))
        if work is None:
            raise HTTPException(404, "Nothing is on record of this pull request.")
        ask_for_look(desk.live, work.ref, work.installation_id, work.repo, COMMAND, another=True)
        return RedirectResponse(f"/pulls/{repo_id}/{number}", 303)

    @router.post("/incidents/{incident_id}/retry")
    def retry_incident(incident_id: int, viewer: Viewer = reader, csrf: str = token) -> Response:
        checked_form(viewer, csrf)
        found = desk.live.incidents.get(incident_id) if 0 < incident_id < 2**63 else None
        if found is None:
            raise HTTPException(404, "There is no such incident on record.")
        changeable(viewer, found.record.repo_id)
        desk.live.incidents.wake(incident_id)
        return RedirectResponse(f"/incidents/{incident_id}", 303)

    @router.post("/deliveries/{delivery_id}/retry")
    def retry_delivery(delivery_id: int, viewer: Viewer = operator, csrf: str = token) -> Response:
        checked_form(viewer, csrf)
        try:
            desk.live.deliveries.read(delivery_id)
        except (StoreError, OverflowError):
            raise HTTPException(404, "There is no such delivery.") from None
        desk.live.deliveries.settle(delivery_id, DeliveryState.RECEIVED, "asked for again on the dashboard")
        # The sweep of whatever worker comes first finds what is not settled.
        return RedirectResponse("/deliveries", 303)

    return router
