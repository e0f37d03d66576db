"""Templates to pages: everything is escaped, hidden characters are shown, and no page can run anything but our own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from reviewbot.domain.record import Answer, Result
from reviewbot.domain.text import revealed, shortened
from reviewbot.report import record_words
from reviewbot.report.record_charts import LEGEND, months_chart
from reviewbot.report.words import counted, dollars, number, percent
from reviewbot.server.dashboard.access import Viewer

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def page(name: str, viewer: Viewer | None, status: int = 200, **values: Any) -> HTMLResponse:
    """A whole page of this template."""
    text = _environment().get_template(f"{name}.html.j2").render(viewer=viewer, here=name, **values)
    return HTMLResponse(text, status, headers=HEADERS)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reviewbot.server.dashboard", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=percent, dollars=dollars, number=number, minute=minute, day=record_words.day_of)
    environment.globals.update(
        words=record_words,
        counted=counted,
        shortened=shortened,
        Answer=Answer,
        Result=Result,
        months_chart=lambda months: Markup(months_chart(months)),  # noqa: S704  charts escape every text
        legend=LEGEND,
        moment=moment,
        query=query,
    )
    return environment


def _shown(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Markup):
        return revealed(str(value))
    return value


def minute(at: float | None) -> str:
    """Unix seconds as `2026-11-23 18:46`, in UTC."""
    return "–" if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"


def moment(at: float | None) -> Markup:
    """The same as an element that machines can read."""
    if at is None:
        return Markup("–")
    stamp = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return Markup('<time datetime="{}">{} UTC</time>').format(stamp, minute(at))


def query(values: Mapping[str, object], **changes: object) -> str:
    """A query string of what is set, with changes; nothing for what is empty."""
    merged = {**values, **changes}
    return urlencode({name: value for name, value in merged.items() if value not in (None, "", False)})
