"""GraphQL as far as threads need it: queries over a tree of values, and the mutations that resolve a thread."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.fakes.github.graphql_syntax import Field, GraphqlError, Operation, parse
from tests.fakes.github.graphql_tree import comment_node, pull_node, repository_node, thread_node
from tests.fakes.github.state import PullState, RepositoryState, Thread
from tests.fakes.github.tokens import sees
from tests.fakes.github.web import Response, Visit, route


@route("POST", "/graphql")
def graphql(visit: Visit) -> Response:
    """Errors come with status 200, as GitHub sends them."""
    body = visit.request.json
    try:
        operation = parse(str(body.get("query", "")), body.get("variables") or {})
        if operation.kind == "mutation":
            visit.call.mutation = operation.fields[0].name
        tree = {field.alias: _root(visit, operation, field) for field in operation.fields}
    except GraphqlError as error:
        if error.is_unknown:
            visit.world.violate(f"GraphQL: {error}")
        path = [error.field] if error.field else []
        return Response(200, {"data": None, "errors": [{"type": error.kind, "path": path, "message": str(error)}]})
    return Response(200, {"data": tree})


def _root(visit: Visit, operation: Operation, field: Field) -> Any:
    if operation.kind == "mutation":
        return _mutated(visit, field)
    if field.name == "repository":
        name = f"{field.arguments.get('owner')}/{field.arguments.get('name')}"
        found = visit.world.find_repository(name)
        if found is None or visit.token is None or not sees(visit.world, visit.token, found):
            message = f"Could not resolve to a Repository with the name '{name}'."
            raise GraphqlError(message, "NOT_FOUND", field.alias)
        _need(visit, "read", field)
        return select(repository_node(visit, found), field)
    if field.name == "node":
        return select(_node(visit, str(field.arguments.get("id")), field), field)
    if field.name == "viewer":
        bot = visit.world.bot
        return select({"__typename": "Bot", "login": bot.login, "databaseId": bot.id}, field)
    if field.name == "rateLimit":
        return select({"limit": 5000, "remaining": 4999, "cost": 1, "used": 1}, field)
    raise GraphqlError(f"Field '{field.name}' doesn't exist on type 'Query'", "undefinedField", is_unknown=True)


def _mutated(visit: Visit, field: Field) -> Any:
    wish = field.arguments.get("input")
    if field.name not in ("resolveReviewThread", "unresolveReviewThread") or not isinstance(wish, dict):
        raise GraphqlError(f"Field '{field.name}' doesn't exist on type 'Mutation'", "undefinedField", is_unknown=True)
    _need(visit, "write", field)
    repository, _, thread = _thread(visit, str(wish.get("threadId")), field)
    if visit.world.graphql_wants_contents_write and not (visit.token and visit.token.may("contents", "write")):
        raise GraphqlError("Resource not accessible by integration", "FORBIDDEN", field.alias)
    if repository.is_archived:
        raise GraphqlError("Repository was archived so is read-only.", "UNPROCESSABLE", field.alias)
    thread.is_resolved = field.name == "resolveReviewThread"
    thread.resolved_by = visit.world.bot if thread.is_resolved else None
    visit.call.effects.append(f"thread:{thread.id}")
    content = {"clientMutationId": wish.get("clientMutationId"), "thread": thread_node(visit, repository, thread)}
    return select(content, field)


def _need(visit: Visit, level: str, field: Field) -> None:
    if visit.token is None or not visit.token.may("pull_requests", level):
        raise GraphqlError("Resource not accessible by integration", "FORBIDDEN", field.alias)


def _thread(visit: Visit, number: str, field: Field) -> tuple[RepositoryState, PullState, Thread]:
    for repository in visit.world.repositories.values():
        if visit.token is None or not sees(visit.world, visit.token, repository):
            continue
        for pull in repository.pulls.values():
            if number in pull.threads:
                return repository, pull, pull.threads[number]
    raise GraphqlError(f"Could not resolve to a node with the global id of '{number}'", "NOT_FOUND", field.alias)


def _node(visit: Visit, number: str, field: Field) -> Mapping[str, Any]:
    kind, _, rest = number.partition("_")
    _need(visit, "read", field)
    if kind == "PRRT":
        repository, _, thread = _thread(visit, number, field)
        return thread_node(visit, repository, thread)
    try:
        wanted = int.from_bytes(base64.urlsafe_b64decode(rest), "big")
    except ValueError:
        wanted = -1
    for repository in visit.world.repositories.values():
        if visit.token is None or not sees(visit.world, visit.token, repository):
            continue
        for pull in repository.pulls.values():
            if kind == "PR" and pull.id == wanted:
                return pull_node(visit, repository, pull)
            if kind == "PRRC" and wanted in pull.review_comments:
                return comment_node(visit, repository, pull.review_comments[wanted])
    raise GraphqlError(f"Could not resolve to a node with the global id of '{number}'", "NOT_FOUND", field.alias)


def select(value: Any, field: Field) -> Any:
    """What of a value was asked for: lists are connections where the field names `nodes`, `edges` or `pageInfo`."""
    if isinstance(value, list):
        return _connection(value, field)
    if not isinstance(value, Mapping):
        if field.fields:
            return None if value is None else _unknown(field, field.fields[0])
        return value
    if not field.fields:
        raise GraphqlError(f"Field '{field.name}' must have selections", "missingSelection", is_unknown=True)
    chosen = {}
    for inner in field.fields:
        if inner.on_type and inner.on_type not in (value.get("__typename"), "Node", "Actor", "Comment"):
            continue
        if inner.name not in value:
            _unknown(field, inner)
        content: Any = value[inner.name]
        chosen[inner.alias] = select(content(inner) if callable(content) else content, inner)
    return chosen


def _unknown(field: Field, inner: Field) -> None:
    message = f"Field '{inner.name}' doesn't exist on '{field.name}'"
    raise GraphqlError(message, "undefinedField", is_unknown=True)


def _connection(items: Sequence[Any], field: Field) -> Any:
    first, last = field.arguments.get("first"), field.arguments.get("last")
    size = first or last
    if not isinstance(size, int) or not 1 <= size <= 100:
        message = f"You must provide a `first` or `last` value to properly paginate the `{field.name}` connection."
        raise GraphqlError(message, "MISSING_PAGINATION_BOUNDARIES", field.alias)
    after, before = _place(field.arguments.get("after")), _place(field.arguments.get("before"))
    start, end = after or 0, (before - 1) if before else len(items)
    start, end = (start, min(end, start + size)) if first else (max(start, end - size), end)
    makers: dict[str, Callable[[Field], Any]] = {
        "totalCount": lambda _: len(items),
        "nodes": lambda inner: [select(item, inner) for item in items[start:end]],
        "edges": lambda inner: [
            select({"cursor": _cursor(at + 1), "node": items[at]}, inner) for at in range(start, end)
        ],
        "pageInfo": lambda inner: select(_page_info(len(items), start, end), inner),
    }
    for inner in field.fields:
        if inner.name not in makers:
            _unknown(field, inner)
    return {inner.alias: makers[inner.name](inner) for inner in field.fields}


def _page_info(count: int, start: int, end: int) -> dict[str, Any]:
    return {
        "hasNextPage": end < count,
        "hasPreviousPage": start > 0,
        "startCursor": _cursor(start + 1) if end > start else None,
        "endCursor": _cursor(end) if end > start else None,
    }


def _cursor(place: int) -> str:
    return base64.b64encode(f"cursor:v2:{place}".encode()).decode()


def _place(cursor: Any) -> int | None:
    if cursor is None:
        return None
    try:
        return int(base64.b64decode(str(cursor)).decode().rpartition(":")[2])
    except ValueError as error:
        raise GraphqlError(f"`{cursor}` does not appear to be a valid cursor.", "INVALID_CURSOR_ARGUMENTS") from error
