"""Routes of the App itself: who it is, its installations, tokens, deliveries, and its making from a manifest."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from tests.fakes.github.deliveries import delivery_view, record
from tests.fakes.github.state import Token
from tests.fakes.github.tokens import mint, sees
from tests.fakes.github.views import app_view, installation_view, repository_view, user_view
from tests.fakes.github.web import ApiError, Response, Visit, not_found, route

KEPT_SECONDS = 3 * 24 * 3600


@route("GET", "/app", who="app")
def me(visit: Visit) -> Response:
    world = visit.world
    count = sum(not one.is_removed for one in world.installations.values())
    return Response(200, app_view(world) | {"installations_count": count})


@route("GET", "/app/installations", who="app")
def installations(visit: Visit) -> Response:
    world = visit.world
    kept = [one for one in world.installations.values() if not one.is_removed]
    return visit.page(kept, lambda one: installation_view(world, one))


@route("GET", "/app/installations/{id:int}", who="app")
def installation(visit: Visit) -> Response:
    found = visit.world.installations.get(visit.number("id"))
    if found is None or found.is_removed:
        raise not_found()
    return Response(200, installation_view(visit.world, found))


@route("GET", "/repos/{owner}/{repo}/installation", who="app")
def installation_of_repository(visit: Visit) -> Response:
    found = visit.world.find_repository(f"{visit.params['owner']}/{visit.params['repo']}")
    if found is None or found.is_deleted or found.installation is None or found.installation.is_removed:
        raise not_found()
    return Response(200, installation_view(visit.world, found.installation))


@route("POST", "/app/installations/{id:int}/access_tokens", who="app")
def access_token(visit: Visit) -> Response:
    token = mint(visit.world, visit.number("id"), visit.request.json)
    return Response(201, _token_view(visit, token))


def _token_view(visit: Visit, token: Token) -> dict[str, Any]:
    world = visit.world
    view: dict[str, Any] = {
        "token": token.value,
        "expires_at": world.clock.stamp(token.expires_at),
        "permissions": dict(token.permissions),
        "repository_selection": "all" if token.repository_ids is None else "selected",
    }
    if token.repository_ids is not None:
        view["repositories"] = [repository_view(world, world.repositories[one]) for one in sorted(token.repository_ids)]
    return view


@route("GET", "/installation/repositories", "metadata:read")
def installation_repositories(visit: Visit) -> Response:
    world, token = visit.world, visit.token
    assert token is not None
    found = [one for one in world.repositories.values() if sees(world, token, one)]
    answer = visit.page(found, lambda one: repository_view(world, one), key="repositories")
    answer.content["repository_selection"] = "all" if token.repository_ids is None else "selected"
    return answer


@route("GET", "/app/hook/deliveries", who="app")
def deliveries(visit: Visit) -> Response:
    world, query = visit.world, visit.request.query
    oldest = world.clock.now() - KEPT_SECONDS
    found = [one for one in reversed(world.deliveries) if one.delivered_at >= oldest]
    if query.get("status") == "failure":
        found = [one for one in found if one.status != "OK"]
    if query.get("status") == "success":
        found = [one for one in found if one.status == "OK"]
    cursor = query.get("cursor", "")
    if cursor:
        if not cursor.removeprefix("v1_").isdigit():
            raise ApiError(422, "Invalid cursor")
        found = [one for one in found if one.id <= int(cursor.removeprefix("v1_"))]
    size = min(100, max(1, int(query.get("per_page", "30"))))
    headers = {}
    if len(found) > size:
        url = f"{world.api_url}/app/hook/deliveries?per_page={size}&cursor=v1_{found[size].id}"
        headers["link"] = f'<{url}>; rel="next"'
    return Response(200, [delivery_view(world, one) for one in found[:size]], headers)


@route("GET", "/app/hook/deliveries/{id:int}", who="app")
def delivery(visit: Visit) -> Response:
    found = next((one for one in visit.world.deliveries if one.id == visit.number("id")), None)
    if found is None:
        raise not_found()
    more = {"request": {"headers": {"X-GitHub-Delivery": found.guid}, "payload": found.event.payload}}
    return Response(200, delivery_view(visit.world, found) | more | {"response": {"headers": {}, "payload": ""}})


@route("POST", "/app/hook/deliveries/{id:int}/attempts", who="app", is_locked=False)
def redeliver(visit: Visit) -> Response:
    """Sends the event again to the hook, before the answer: tests need no waiting."""
    world = visit.world
    found = next((one for one in world.deliveries if one.id == visit.number("id")), None)
    if found is None or found.delivered_at < world.clock.now() - KEPT_SECONDS:
        raise not_found()
    status = world.hook(found.event, found.guid) if world.hook else 0
    record(world, found.event, found.guid, status, is_redelivery=True)
    return Response(202, {})


@route("POST", "/app-manifests/{code}/conversions", who="anyone")
def conversion(visit: Visit) -> Response:
    """The secrets of a new App, once per code (`world.manifest_codes[code] = {}`)."""
    world = visit.world
    asked: Mapping[str, Any] | None = world.manifest_codes.pop(visit.params["code"], None)
    if asked is None:
        raise not_found()
    made = app_view(world) | {
        "owner": user_view(world, world.app_owner),
        "client_id": f"Iv1.{secrets.token_hex(8)}",
        "client_secret": secrets.token_hex(20),
        "webhook_secret": secrets.token_hex(20),
        "pem": world.private_key,
    }
    return Response(201, made | dict(asked))


@route("GET", "/users/{login}", "metadata:read")
def user(visit: Visit) -> Response:
    world = visit.world
    found = world.users.get(visit.params["login"].lower())
    if found is None:
        raise not_found()
    shown = user_view(world, found) or {}
    stamp = world.clock.stamp(world.began_at)
    empty = ("name", "company", "location", "email", "hireable", "bio")
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    return Response(
        200, shown | dict.fromkeys(empty) | {"blog": ""} | counts | {"created_at": stamp, "updated_at": stamp}
    )


@route("GET", "/rate_limit")
def rate_limit(visit: Visit) -> Response:
    world, token = visit.world, visit.token
    assert token is not None
    shown = world.rates.headers(token.installation.id, world.clock.now())
    core = {name: int(shown[f"x-ratelimit-{name}"]) for name in ("limit", "used", "remaining", "reset")}
    return Response(200, {"resources": {"core": core, "search": core, "graphql": core}, "rate": core})
