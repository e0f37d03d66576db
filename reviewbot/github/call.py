"""One request as a value, and how its answer is read: the next page, the JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar
from urllib.parse import parse_qsl, urlsplit

from reviewbot.github.connection import Answer
from reviewbot.github.failures import Unreachable
from reviewbot.github.fields import Malformed

JSON = "application/vnd.github+json"
DIFF = "application/vnd.github.diff"
PER_PAGE = "100"

T = TypeVar("T")
Page = TypeVar("Page")


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` is below the API's address; `is_write` says whether it changes anything that people see.

    A POST that mints a token or asks GraphQL a question is no write: it can be repeated.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] | None = None
    accept: str = JSON
    etag: str | None = None
    is_write: bool = False
    is_graphql: bool = False

    @property
    def what(self) -> str:
        """The request as a message names it; the path holds no secret, the query is left out."""
        return f"{self.method} {self.path}"

    def after(self, answer: Answer) -> Call | None:
        """The request for the next page of a list; None after the last one."""
        found = re.search(r'<([^<>]*)>\s*;[^<>]*?\brel="?next\b', answer.headers.get("link", ""))
        if found is None:
            return None
        try:
            query = dict(parse_qsl(urlsplit(found[1]).query))
        except ValueError:
            return None
        return None if query == dict(self.query) else replace(self, query=query)


class Exchange(Protocol):
    """Sends a call, and gives what is made of its answer."""

    def __call__(self, call: Call, use: Callable[[Answer], T]) -> T: ...


def json_by(call: Call, read: Callable[[object], T]) -> Callable[[Answer], T]:
    """What `read` makes of the JSON of an answer; raises Unreachable where that is not what was asked for."""

    def use(answer: Answer) -> T:
        try:
            return read(parsed(call, answer))
        except Malformed as failure:
            said = f"{call.what}: GitHub's answer is not as documented: {failure}"
            raise Unreachable(said, maybe_applied=call.is_write) from failure

    return use


def all_pages(exchange: Exchange, call: Call, read: Callable[[object], Page], most_pages: int = 1000) -> Iterator[Page]:
    """What `read` makes of each page of a list, as long as GitHub names a next one."""
    following: Call | None = replace(call, query={**call.query, "per_page": PER_PAGE})
    for _ in range(most_pages):
        if following is None:
            return
        page, following = exchange(following, _page_by(following, read))
        yield page


def _page_by(call: Call, read: Callable[[object], Page]) -> Callable[[Answer], tuple[Page, Call | None]]:
    read_json = json_by(call, read)
    return lambda answer: (read_json(answer), call.after(answer))


def parsed(call: Call, answer: Answer) -> object:
    """The JSON of a good answer; raises Unreachable where it is none: a page, nothing, or a part of it."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as failure:
        kind = f"{len(answer.body)} bytes, {answer.headers.get('content-type', 'no type')[:50]}"
        said = f"{call.what}: GitHub's answer is not JSON ({kind}): check any proxy on the way"
        raise Unreachable(said, maybe_applied=call.is_write) from failure
