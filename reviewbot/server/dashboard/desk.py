"""What all pages work with, and the guards before them."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request

from reviewbot.config import ResolvedSetting
from reviewbot.pipelines.live import Live
from reviewbot.server.dashboard.access import Doorkeeper, Viewer
from reviewbot.store.browse.figures import Figures
from reviewbot.store.browse.lists import Lists
from reviewbot.store.transactions import Transactions

_AT_ONCE = 2
Handler = TypeVar("Handler", bound=Callable[..., Any])


class LoginNeeded(Exception):
    """Nobody we know asks for something that is not for everybody."""


@dataclass(frozen=True)
class Desk:
    """The parts that pages are made from. `settings` are shown as they are, without secrets."""

    transactions: Transactions
    live: Live
    door: Doorkeeper
    settings: Callable[[], list[ResolvedSetting]] = list
    turns: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_AT_ONCE))

    @property
    def lists(self) -> Lists:
        return Lists(self.transactions)

    @property
    def figures(self) -> Figures:
        return Figures(self.transactions)

    def in_turn(self, handler: Handler) -> Handler:
        """Lets only a few pages be made at once: whoever looks at them must not delay deliveries (F69)."""

        @wraps(handler)
        def waited(*arguments: Any, **named: Any) -> Any:
            with self.turns:
                return handler(*arguments, **named)

        return waited  # type: ignore[return-value]

    def reader(self, request: Request) -> Viewer:
        """Anybody we know; raises LoginNeeded."""
        viewer = self.door.viewer(request)
        if viewer is None:
            raise LoginNeeded
        return viewer

    def operator(self, request: Request) -> Viewer:
        """Somebody who runs this server; raises LoginNeeded or 403."""
        viewer = self.reader(request)
        if not viewer.is_operator:
            raise HTTPException(403, "This is for the operators of this server (REVIEWBOT_OPERATORS).")
        return viewer


_LONGEST_FORM = 4_096


async def form_token(request: Request) -> str:
    """The token that came with a change, in a header or in the form; "" where there is none."""
    named = request.headers.get("x-csrf-token")
    if named:
        return named
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST_FORM:
            raise HTTPException(413, "This form is too long.")
    try:
        return parse_qs(body.decode("ascii"), max_num_fields=20).get("csrf", [""])[0]
    except ValueError:
        return ""


def seen(viewer: Viewer, repo_id: int) -> None:
    """404 for a repository that is not there for this viewer: whether it exists is nobody's business."""
    if not viewer.may_see(repo_id):
        raise HTTPException(404, "There is nothing of that kind on record.")


def changeable(viewer: Viewer, repo_id: int) -> None:
    """404 or 403 where this viewer may not see or not change something of a repository."""
    seen(viewer, repo_id)
    if not viewer.may_change(repo_id):
        raise HTTPException(403, "This is for people who may write to the repository.")


def checked_form(viewer: Viewer, token: str) -> None:
    """403 for a change that does not come from a page of ours."""
    if viewer.csrf and not hmac.compare_digest(viewer.csrf.encode(), token.encode("utf-8", "replace")):
        raise HTTPException(403, "This form is too old, or not of this site: load the page again.")
