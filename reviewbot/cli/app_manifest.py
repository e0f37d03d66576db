"""What GitHub is told of the App when it is created: the least that the product needs, never the power to merge."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from reviewbot.errors import InputError

PERMISSIONS: Final = {
    "metadata": "read",
    "contents": "read",
    "pull_requests": "write",
    "checks": "write",
    "issues": "write",
}
"""No `contents: write`, `workflows`, `administration` or `secrets`: the App can neither push, merge nor configure."""

EVENTS: Final = (
    "check_run",
    "check_suite",
    "issue_comment",
    "issues",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "repository",
)
"""GitHub sends those about installations to every App, and refuses a manifest that names them."""

WEBHOOK_PATH: Final = "/github/webhook"
_DESCRIPTION: Final = "Reviews pull requests: one honest review and one check run per push. Never writes code."
_LONGEST_NAME: Final = 34


@dataclass(frozen=True, slots=True)
class NewApp:
    """An App that is to be created; `webhook_url` is where GitHub delivers to."""

    webhook_url: str
    name: str = "reviewbot"

    def manifest(self, redirect_url: str = "") -> dict[str, object]:
        """What GitHub's form takes; `redirect_url` is where it sends the browser back to."""
        parts = urlsplit(self.webhook_url)
        return {
            "name": self.name,
            "url": f"{parts.scheme}://{parts.netloc}/",
            "description": _DESCRIPTION,
            "public": False,
            "hook_attributes": {"url": self.webhook_url, "active": True},
            **({"redirect_url": redirect_url} if redirect_url else {}),
            "default_permissions": dict(PERMISSIONS),
            "default_events": list(EVENTS),
        }


def new_app(url: str, name: str, api_url: str) -> NewApp:
    """The App whose server is reached at this address, with or without the path; an InputError for bad input."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise InputError(f"--url {url!r}: expected the address that GitHub delivers to: https://HOST{WEBHOOK_PATH}")
    if parts.scheme == "http" and api_url.startswith("https:"):
        raise InputError(f"--url {url!r}: expected https; put a TLS server or a tunnel in front of reviewbot")
    if not re.fullmatch(rf"[A-Za-z0-9][A-Za-z0-9 ._-]{{0,{_LONGEST_NAME - 1}}}", name):
        raise InputError(f"--name {name!r}: expected at most {_LONGEST_NAME} letters, digits, blanks, dots and dashes")
    path = parts.path.rstrip("/")
    return NewApp(f"{parts.scheme}://{parts.netloc}{path or WEBHOOK_PATH}", name)


def form_action(web_url: str, organization: str | None, state: str) -> str:
    """Where the form is posted to: the page of one's own Apps, or of an organization's."""
    if organization is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}", organization):
        raise InputError(f"--org {organization!r}: expected the name of an organization, such as acme")
    owner = f"/organizations/{organization}" if organization else ""
    return f"{web_url}{owner}/settings/apps/new?state={state}"
