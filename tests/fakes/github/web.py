"""What a route is given and what it gives back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from tests.fakes.github.ledger import Call
from tests.fakes.github.state import RepositoryState, Stored, Token

if TYPE_CHECKING:
    from tests.fakes.github.world import World

DOCS = "https://docs.github.com/rest"


@dataclass
class Request:
    """A request without its world's prefix; header names in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    connection: int = 0
    target: str = ""

    @property
    def accept(self) -> str:
        return self.headers.get("accept", "")

    @property
    def json_or_none(self) -> dict[str, Any] | None:
        try:
            return self.json or None
        except ApiError:
            return None

    @property
    def json(self) -> dict[str, Any]:
        if not self.body.strip():
            return {}
        try:
            content = json.loads(self.body)
        except ValueError as error:
            raise ApiError(400, "Problems parsing JSON") from error
        if not isinstance(content, dict):
            raise ApiError(400, "Body should be a JSON object")
        return content


@dataclass
class Response:
    """An answer before it is written."""

    status: int
    content: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    kind: str = "application/json; charset=utf-8"

    @property
    def body(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return b"" if self.content is None else json.dumps(self.content, separators=(",", ":")).encode()


class ApiError(Exception):
    """An answer that is an error, in GitHub's shape."""

    def __init__(self, status: int, message: str, errors: Any = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.content = {"message": message, **({"errors": errors} if errors is not None else {})}
        self.content |= {"documentation_url": DOCS, "status": str(status)}
        self.headers = headers or {}

    @property
    def response(self) -> Response:
        return Response(self.status, self.content, self.headers)


def not_found() -> ApiError:
    return ApiError(404, "Not Found")


@dataclass
class Visit:
    """One request on its way: the world, who asks, and the parts of the path."""

    world: World
    request: Request
    call: Call
    params: dict[str, str]
    token: Token | None = None
    repository: RepositoryState | None = None
    stale_seconds: float = 0.0

    @property
    def repo(self) -> RepositoryState:
        assert self.repository is not None
        return self.repository

    def number(self, name: str) -> int:
        return int(self.params[name])

    def stamp_new(self) -> dict[str, Any]:
        """The common fields of something that this request creates."""
        now = self.world.clock.now()
        stale = max(self.stale_seconds, self.world.stale_reads_seconds)
        return {
            "author": self.world.bot,
            "created_at": now,
            "updated_at": now,
            "visible_at": now + stale if stale else 0.0,
            "by_app": True,
            "created_in_call": self.call.number,
        }

    def sees(self, thing: Stored) -> bool:
        """Whether it is there: writes find what stale reads do not show yet."""
        is_read = self.request.method == "GET" or self.request.path == "/graphql"
        return not thing.is_deleted and not (is_read and thing.visible_at > self.world.clock.now())

    def seen(self, things: Sequence[Any]) -> list[Any]:
        return [thing for thing in things if self.sees(thing)]

    def page(self, items: Sequence[Any], show: Callable[[Any], Any], key: str | None = None) -> Response:
        """One page of a list, with the Link header; `key` wraps it as `{total_count, key}`."""
        size = min(100, max(1, _whole(self.request.query.get("per_page"), 30)))
        number = max(1, _whole(self.request.query.get("page"), 1))
        last = max(1, -(-len(items) // size))
        shown = [show(item) for item in items[(number - 1) * size : number * size]]
        wanted: dict[str, int] = {}
        if number < last:
            wanted |= {"next": number + 1, "last": last}
        if number > 1:
            wanted |= {"prev": min(number - 1, last), "first": 1}
        headers = {"link": ", ".join(self._link(rel, page=page) for rel, page in wanted.items())} if wanted else {}
        return Response(200, {"total_count": len(items), key: shown} if key else shown, headers)

    def _link(self, rel: str, **changed: int) -> str:
        query = urlencode(self.request.query | {name: str(value) for name, value in changed.items()})
        return f'<{self.world.api_url}{self.request.path}?{query}>; rel="{rel}"'

    def text(self, name: str, most: int | None = None, required: bool = False, resource: str = "") -> str:
        """A string of the body; 422 where it is missing, of another type or too long."""
        value = self.request.json.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str):
            raise invalid(resource, name, "missing_field" if value is None else "invalid")
        if most is not None and len(value) > most:
            raise too_long(resource, name, most)
        return value


def invalid(resource: str, name: str, code: str = "invalid", message: str | None = None) -> ApiError:
    error = {"resource": resource, "code": code, "field": name}
    return ApiError(422, "Validation Failed", [error | ({"message": message} if message else {})])


def too_long(resource: str, name: str, most: int) -> ApiError:
    return invalid(resource, name, "custom", f"{name} is too long (maximum is {most} characters)")


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() else default


@dataclass(frozen=True)
class Route:
    """One known address. `needs` are permissions of which one is enough, such as `pull_requests:write`."""

    method: str
    pattern: re.Pattern[str]
    handler: Callable[[Visit], Response]
    needs: tuple[str, ...]
    who: str
    creates: bool
    is_locked: bool


ROUTES: list[Route] = []


def route(
    method: str, path: str, *needs: str, who: str = "installation", creates: bool = False, is_locked: bool = True
) -> Callable[[Callable[[Visit], Response]], Callable[[Visit], Response]]:
    """Registers a handler. `{name}` is one part of the path, `{name:int}` digits, `{name:rest}` all that follows.

    `who` may ask: "installation", "app", "anyone". `creates` counts for the limit of new content; a handler that is
    not `is_locked` may wait for others.
    """
    kinds = {"": r"[^/]+", "int": r"\d+", "rest": r".+"}
    pattern = re.sub(
        r"\\?\{(\w+)(?::(\w+))?\\?\}", lambda m: f"(?P<{m[1]}>{kinds[m[2] or '']})", path.replace(".", r"\.")
    )

    def register(handler: Callable[[Visit], Response]) -> Callable[[Visit], Response]:
        ROUTES.append(Route(method, re.compile(pattern), handler, needs, who, creates, is_locked))
        return handler

    return register


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    for candidate in ROUTES:
        if candidate.method == method:
            match = candidate.pattern.fullmatch(path)
            if match:
                return candidate, {name: unquote(value) for name, value in match.groupdict().items()}
    return None
