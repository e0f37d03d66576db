"""The way of a request through the fake: rate limits, who asks, what for, and the route that answers."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

from tests.fakes.github import graphql as graphql
from tests.fakes.github import routes_app as routes_app
from tests.fakes.github import routes_checks as routes_checks
from tests.fakes.github import routes_comments as routes_comments
from tests.fakes.github import routes_issues as routes_issues
from tests.fakes.github import routes_login as routes_login
from tests.fakes.github import routes_pulls as routes_pulls
from tests.fakes.github import routes_repository as routes_repository
from tests.fakes.github import routes_review_comments as routes_review_comments
from tests.fakes.github import routes_reviews as routes_reviews
from tests.fakes.github.ledger import Call
from tests.fakes.github.state import RepositoryState, Token
from tests.fakes.github.tokens import check_jwt, sees, token_of
from tests.fakes.github.web import DOCS, ApiError, Request, Response, Route, Visit, find_route, not_found

if TYPE_CHECKING:
    from tests.fakes.github.world import World

SECONDARY = (
    "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. "
    "Please retry your request again later."
)
ABUSE = "You have triggered an abuse detection mechanism. Please wait a few minutes before you try again."
PRIMARY = "API rate limit exceeded for installation ID {number}. If you reach out to GitHub Support for help, please \
include the request ID and timestamp."


def answer(world: World, request: Request, call: Call, stale_seconds: float = 0.0) -> Response:
    """The honest answer to a request; its effect, if any, has happened when this returns."""
    try:
        return _conditional(world, request, call, _routed(world, request, call, stale_seconds))
    except ApiError as error:
        return error.response


def _routed(world: World, request: Request, call: Call, stale_seconds: float) -> Response:
    _check_secrets(world, request)
    by_number = _numbered(world, request)
    found = find_route(request.method, request.path)
    if found is None:
        world.violate(f"unknown route {request.method} {request.path}")
        raise not_found()
    route, params = found
    token = _who(world, request, call, route)
    visit = Visit(world, request, call, params, token, stale_seconds=stale_seconds)
    _check_limits(world, request, call, route)
    number = call.installation_id
    world.rates.start(number)
    try:
        with world.lock:
            if token is not None:
                _enter_repository(visit, route, by_number)
            _check_writing(visit)
            if route.is_locked:
                return route.handler(visit)
        return route.handler(visit)
    finally:
        world.rates.end(number)


def _check_secrets(world: World, request: Request) -> None:
    target = request.target
    if "ghs_" in target or "access_token=" in target:
        world.violate(f"a token in the address of {request.method} {request.path}")
    if request.headers.get("host", "").startswith("localhost"):
        if "authorization" in request.headers:
            world.violate(f"the token went to another host with {request.method} {request.path}")
        raise not_found()
    if not request.headers.get("user-agent"):
        raise ApiError(
            403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
        )


def _numbered(world: World, request: Request) -> RepositoryState | None:
    """Turns `/repositories/ID/...`, where redirects lead, into the path by name."""
    if not request.path.startswith("/repositories/"):
        return None
    number, slash, rest = request.path.removeprefix("/repositories/").partition("/")
    found = world.repositories.get(int(number)) if number.isdigit() else None
    if found is None:
        raise not_found()
    request.path = f"/repos/{found.full_name}{slash}{rest}"
    return found


def _who(world: World, request: Request, call: Call, route: Route) -> Token | None:
    if route.who == "app":
        check_jwt(world, request)
    if route.who != "installation":
        return None
    token = token_of(world, request)
    call.installation_id = token.installation.id
    return token


def _check_limits(world: World, request: Request, call: Call, route: Route) -> None:
    number, now = call.installation_id, world.clock.now()
    check_silence(world, request, number)
    exceeded = world.rates.enter(number, now, call.is_write, route.creates)
    if exceeded is None:
        return
    if exceeded.is_primary:
        raise primary_limit(world, request, number, 403, world.rates.account(number).reset_at)
    raise secondary_limit(world, request, number, 403, SECONDARY, world.limits.retry_after_seconds)


def check_silence(world: World, request: Request, installation_id: int | None) -> None:
    """A request inside a window that was announced to its sender is a violation, and refused again."""
    account, now, real = world.rates.account(installation_id), world.clock.now(), time.monotonic()
    if now >= account.silent_until:
        return
    if world.rates.is_told(account, real, request.connection):
        left = account.silent_until - now
        world.violate(f"{request.method} {request.path} while told to wait for {left:.0f} s more")
    if account.is_primary:
        raise primary_limit(world, request, installation_id, 403, account.silent_until)
    raise ApiError(403, SECONDARY, headers={"retry-after": str(max(1, int(account.silent_until - now)))})


def primary_limit(world: World, request: Request, number: int | None, status: int, reset_at: float) -> ApiError:
    world.rates.silence(number, reset_at, True, time.monotonic(), request.connection)
    return ApiError(status, PRIMARY.format(number=number))


def secondary_limit(
    world: World, request: Request, number: int | None, status: int, message: str, retry_after: int | None
) -> ApiError:
    """A secondary limit; one that names no time means a minute."""
    until = world.clock.now() + (60 if retry_after is None else retry_after)
    world.rates.silence(number, until, False, time.monotonic(), request.connection)
    return ApiError(status, message, headers={} if retry_after is None else {"retry-after": str(retry_after)})


def _enter_repository(visit: Visit, route: Route, by_number: RepositoryState | None) -> None:
    world, token = visit.world, visit.token
    assert token is not None
    if "repo" in visit.params:
        name = f"{visit.params['owner']}/{visit.params['repo']}"
        found = by_number or world.find_repository(name)
        if found is None:
            raise _moved(visit, name)
        if not sees(world, token, found):
            raise not_found()
        if found.is_blocked:
            raise ApiError(451, "Repository access blocked", {"reason": "dmca"})
        visit.repository = found
    if route.needs and not any(token.may(*need.split(":")) for need in route.needs):
        accepted = "; ".join(need.replace(":", "=") for need in route.needs)
        headers = {"x-accepted-github-permissions": accepted}
        raise ApiError(403, "Resource not accessible by integration", headers=headers)


def _moved(visit: Visit, name: str) -> ApiError:
    world, token = visit.world, visit.token
    found = world.formerly_named(name)
    if found is None or token is None or not sees(world, token, found):
        return not_found()
    rest = visit.request.path.split("/", 4)[4:]
    url = "/".join([f"{world.api_url}/repositories/{found.id}", *rest])
    query = visit.request.target.partition("?")[2]
    url = f"{url}?{query}" if query else url
    moved = ApiError(
        301 if visit.request.method in ("GET", "HEAD") else 307, "Moved Permanently", headers={"location": url}
    )
    moved.content |= {"url": url, "documentation_url": DOCS}
    return moved


def _check_writing(visit: Visit) -> None:
    if visit.repository is None or visit.request.method in ("GET", "HEAD"):
        return
    if visit.repository.is_archived:
        raise ApiError(403, "Repository was archived so is read-only.")
    ids = visit.token.repository_ids if visit.token else None
    if visit.world.wants_narrow_tokens and (ids is None or len(ids) != 1):
        path = visit.request.path
        visit.world.violate(f"{visit.request.method} {path} with a token for more than this repository")


def _conditional(world: World, request: Request, call: Call, response: Response) -> Response:
    if request.method != "GET" or response.status != 200:
        return response
    etag = f'W/"{hashlib.sha256(response.body).hexdigest()}"'
    response.headers["etag"] = etag
    wanted = request.headers.get("if-none-match")
    if wanted is not None and etag in wanted:
        world.rates.forgive(call.installation_id)
        return Response(304, None, {"etag": etag})
    return response
