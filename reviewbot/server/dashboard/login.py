"""Logging in through GitHub, and out."""

from __future__ import annotations

import hmac
import logging
import secrets
import threading
import time
from collections import defaultdict, deque

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from reviewbot.github.failures import GitHubFailure
from reviewbot.github.oauth import GitHubLogin
from reviewbot.server.dashboard.access import Doorkeeper, Viewer, cookie_name
from reviewbot.server.dashboard.desk import Desk, checked_form, form_token
from reviewbot.server.dashboard.rendering import page
from reviewbot.store.sessions import LIFE_SECONDS

log = logging.getLogger(__name__)

CALLBACK = "/login/callback"
_STATE_COOKIE = "reviewbot_login"
_STATE_SECONDS = 600
_MOST_LOGINS, _WINDOW_SECONDS = 20, 300.0


class Attempts:
    """Counts the logins that each address begins, so that nobody can begin them without end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun: dict[str, deque[float]] = defaultdict(deque)

    def allow(self, address: str) -> bool:
        now = time.monotonic()
        with self._lock:
            if len(self._begun) > 10_000:
                self._begun.clear()
            begun = self._begun[address]
            while begun and begun[0] < now - _WINDOW_SECONDS:
                begun.popleft()
            begun.append(now)
            return len(begun) <= _MOST_LOGINS


def login_routes(desk: Desk) -> APIRouter:
    """The way in and the way out."""
    router = APIRouter(include_in_schema=False)
    _way_in(router, desk.door, Attempts())
    _way_out(router, desk)
    return router


def _way_in(router: APIRouter, door: Doorkeeper, attempts: Attempts) -> None:
    @router.get("/login")
    def begin(request: Request) -> Response:
        login = _needed(door)
        if not attempts.allow(request.client.host if request.client else ""):
            raise HTTPException(429, "Too many logins from this address: wait five minutes.")
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        response = RedirectResponse(login.address(state, verifier), 303)
        is_secure = cookie_name(request).startswith("__Host-")
        response.set_cookie(
            _STATE_COOKIE,
            f"{state}.{verifier}",
            _STATE_SECONDS,
            path="/login",
            secure=is_secure,
            httponly=True,
            samesite="lax",
        )
        return response

    @router.get(CALLBACK)
    def back(request: Request, code: str = "", state: str = "") -> Response:
        login = _needed(door)
        wanted, _, verifier = request.cookies.get(_STATE_COOKIE, "").partition(".")
        if not code or not wanted or not hmac.compare_digest(wanted.encode(), state.encode("utf-8", "replace")):
            raise HTTPException(403, "This login was not begun here, or too long ago: begin again at /login.")
        if not attempts.allow(request.client.host if request.client else ""):
            raise HTTPException(429, "Too many logins from this address: wait five minutes.")
        try:
            person = login.person(code, verifier)
        except GitHubFailure as error:
            log.warning("login failed", extra={"why": str(error)[:200]})
            raise HTTPException(403, "GitHub did not say who you are: begin again at /login.") from error
        secret = door.sessions.begin(person.id, person.login, person.access)
        response = RedirectResponse("/", 303)
        name = cookie_name(request)
        response.set_cookie(
            name,
            secret,
            int(LIFE_SECONDS),
            path="/",
            secure=name.startswith("__Host-"),
            httponly=True,
            samesite="lax",
        )
        response.delete_cookie(_STATE_COOKIE, path="/login")
        return response


def _way_out(router: APIRouter, desk: Desk) -> None:
    reader, token = Depends(desk.reader), Depends(form_token)

    @router.post("/logout")
    def out(request: Request, viewer: Viewer = reader, csrf: str = token) -> Response:
        checked_form(viewer, csrf)
        name = cookie_name(request)
        desk.door.sessions.end(request.cookies.get(name, ""))
        response = page("error", None, words="You are logged out.", path="/login")
        response.delete_cookie(name, path="/", secure=name.startswith("__Host-"), httponly=True, samesite="lax")
        return response


def _needed(door: Doorkeeper) -> GitHubLogin:
    if door.login is None:
        raise HTTPException(404, "No login is set up here.")
    return door.login
