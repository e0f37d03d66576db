"""The dashboard as an application that is mounted beside the webhook."""

from __future__ import annotations

import logging
from pathlib import Path

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from reviewbot import __version__
from reviewbot.errors import StoreError
from reviewbot.server.dashboard.api import api
from reviewbot.server.dashboard.changes import changes
from reviewbot.server.dashboard.desk import Desk, LoginNeeded
from reviewbot.server.dashboard.login import login_routes
from reviewbot.server.dashboard.pages import error_page, pages
from reviewbot.server.dashboard.rendering import HEADERS

log = logging.getLogger(__name__)

_STATIC = Path(__file__).parent / "static"


def dashboard(desk: Desk) -> FastAPI:
    """Pages, changes, login and API; every answer carries the headers that keep a browser from doing more."""
    app = FastAPI(
        title="reviewbot",
        version=__version__,
        description="The record of reviews, findings and incidents.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    for router in (pages(desk), changes(desk), login_routes(desk), api(desk)):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")

    @app.exception_handler(LoginNeeded)
    def login_needed(request: Request, _error: LoginNeeded) -> Response:
        if request.url.path.startswith("/api/"):
            return JSONResponse({"detail": "Give a token, or log in."}, 401, {"WWW-Authenticate": "Bearer"})
        if desk.door.login is not None and request.method == "GET":
            return RedirectResponse("/login", 303, headers=HEADERS)
        words = (
            "This dashboard is for people at the machine that serves it. For others set REVIEWBOT_GITHUB_CLIENT_ID and "
            "REVIEWBOT_GITHUB_CLIENT_SECRET, so that they can log in through GitHub."
        )
        return error_page(request, None, 401, words)

    @app.exception_handler(HTTPException)
    def told(request: Request, error: HTTPException) -> Response:
        return _answer(request, desk, error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        if request.url.path.startswith("/api/"):
            problems = [{"loc": list(one["loc"]), "msg": str(one["msg"])} for one in error.errors()]
            return JSONResponse({"detail": problems}, 422)
        return _answer(request, desk, 404, "There is no such page.", {})

    @app.exception_handler(StoreError)
    def broken(request: Request, error: StoreError) -> Response:
        log.warning("page not made", extra={"why": str(error)[:300]})
        return _answer(request, desk, 503, "The database does not answer: try again in a moment.", {"Retry-After": "5"})

    return app


def _answer(request: Request, desk: Desk, status: int, words: str, headers: dict[str, str]) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": words}, status, headers)
    try:
        viewer = desk.door.viewer(request)
    except StoreError:
        viewer = None
    response = error_page(request, viewer, status, words)
    response.headers.update(headers)
    return response
