"""Routes of check runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.fakes.github.check_views import check_view
from tests.fakes.github.events import check_event
from tests.fakes.github.rules import check_output, check_state
from tests.fakes.github.state import Check
from tests.fakes.github.web import ApiError, Response, Visit, invalid, not_found, route

_CHECK = "/repos/{owner}/{repo}/check-runs/{id:int}"
_SHOWN = ("path", "start_line", "end_line", "start_column", "end_column", "annotation_level", "title", "message")


@route("POST", "/repos/{owner}/{repo}/check-runs", "checks:write", creates=True)
def create_check(visit: Visit) -> Response:
    wish, now = visit.request.json, visit.world.clock.now()
    name = visit.text("name", required=True, resource="CheckRun")
    head = visit.text("head_sha", required=True, resource="CheckRun")
    if head not in visit.repo.store.parents:
        raise ApiError(422, f"No commit found for SHA: {head}")
    conclusion = wish.get("conclusion")
    status = "completed" if conclusion else wish.get("status", "queued")
    check_state(status, conclusion)
    _check_actions(wish)
    output = check_output(visit, is_new=True)
    made = Check(
        id=visit.world.next_id(),
        **visit.stamp_new(),
        name=name,
        head=head,
        app_id=visit.world.app_id,
        status=status,
        conclusion=conclusion,
        external_id=visit.text("external_id"),
        details_url=wish.get("details_url"),
        started_at=_time(wish.get("started_at"), now),
        completed_at=_time(wish.get("completed_at"), now) if conclusion else None,
        suite_id=_suite(visit, head),
    )
    _apply_output(made, output)
    made.history.append((visit.call.number, status, conclusion))
    visit.repo.checks[made.id] = made
    visit.call.effects.append(f"check:{made.id}")
    _announce(visit, made, "created")
    return Response(201, check_view(visit.world, visit.repo, made))


@route("PATCH", _CHECK, "checks:write")
def update_check(visit: Visit) -> Response:
    found, wish, now = _check_of(visit), visit.request.json, visit.world.clock.now()
    if found.app_id != visit.world.app_id:
        raise ApiError(
            403, "Invalid app_id `" + str(visit.world.app_id) + "` - check run can only be modified by its app."
        )
    conclusion, was_done = wish.get("conclusion"), found.status == "completed"
    status = "completed" if conclusion else wish.get("status", found.status)
    if status != "completed" or "status" in wish or conclusion:
        check_state(status, conclusion)
        found.conclusion = conclusion
    _check_actions(wish)
    output = check_output(visit, is_new=False)
    found.status, found.updated_at = status, now
    found.name = wish.get("name") or found.name
    found.external_id = wish.get("external_id", found.external_id)
    found.details_url = wish.get("details_url", found.details_url)
    found.completed_at = _time(wish.get("completed_at"), found.completed_at or now) if found.conclusion else None
    _apply_output(found, output)
    found.history.append((visit.call.number, found.status, found.conclusion))
    visit.call.effects.append(f"check:{found.id}")
    if found.status == "completed" and not was_done:
        _announce(visit, found, "completed")
    return Response(200, check_view(visit.world, visit.repo, found))


def _announce(visit: Visit, check: Check, action: str) -> None:
    """The webhook about the App's own check: it comes back to the App."""
    if visit.world.echoes:
        check_event(visit.world, visit.repo, check, visit.world.bot, action)


def _apply_output(check: Check, output: dict[str, Any]) -> None:
    if not output:
        return
    check.title = output.get("title", check.title)
    check.summary = output["summary"]
    check.text = output.get("text", check.text)
    # An update appends: sending a batch twice shows it twice.
    check.annotations.extend(output.get("annotations") or [])


def _check_actions(wish: dict[str, Any]) -> None:
    if len(wish.get("actions") or []) > 3:
        raise invalid("CheckRun", "actions")


def _suite(visit: Visit, head: str) -> int:
    for check in visit.repo.checks.values():
        if check.head == head and check.app_id == visit.world.app_id:
            return check.suite_id
    return visit.world.next_id()


def _time(text: Any, default: float) -> float:
    if text is None:
        return default
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise invalid("CheckRun", "started_at") from error
    if moment.tzinfo is None:
        raise invalid("CheckRun", "started_at")
    return moment.timestamp()


def _check_of(visit: Visit) -> Check:
    found = visit.repo.checks.get(visit.number("id"))
    if found is None or not visit.sees(found):
        raise not_found()
    return found


@route("GET", _CHECK, "checks:read")
def check(visit: Visit) -> Response:
    return Response(200, check_view(visit.world, visit.repo, _check_of(visit)))


@route("GET", f"{_CHECK}/annotations", "checks:read")
def annotations_of_check(visit: Visit) -> Response:
    found = _check_of(visit)
    blob = f"{visit.world.web_url}/{visit.repo.full_name}/blob/{found.head}/"

    def show(one: dict[str, Any]) -> dict[str, Any]:
        return {name: one.get(name) for name in _SHOWN} | {
            "raw_details": one.get("raw_details"),
            "blob_href": blob + one["path"],
        }

    return visit.page(found.annotations, show)


@route("GET", "/repos/{owner}/{repo}/commits/{ref}/check-runs", "checks:read")
def checks_of_commit(visit: Visit) -> Response:
    """`filter=latest`, which is the default, hides all but the newest run of each name."""
    query = visit.request.query
    head = visit.repo.store.commit_named(visit.params["ref"])
    if head is None:
        raise ApiError(422, f"No commit found for SHA: {visit.params['ref']}")
    found = [one for one in visit.seen(list(visit.repo.checks.values())) if one.head == head]
    if query.get("check_name"):
        found = [one for one in found if one.name == query["check_name"]]
    if query.get("app_id"):
        found = [one for one in found if str(one.app_id) == query["app_id"]]
    if query.get("status"):
        found = [one for one in found if one.status == query["status"]]
    if query.get("filter", "latest") == "latest":
        found = list({(one.app_id, one.name): one for one in found}.values())
    found.sort(key=lambda one: -one.id)
    return visit.page(found, lambda one: check_view(visit.world, visit.repo, one), key="check_runs")
