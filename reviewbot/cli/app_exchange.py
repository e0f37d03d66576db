"""Trading the code that GitHub sent the browser back with for the App's number, key and secret."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reviewbot.errors import InputError

_TIMEOUT_SECONDS: Final = 30
_MOST_BYTES: Final = 1_000_000
_AGAIN: Final = "run `reviewbot app create` again"


@dataclass(frozen=True, slots=True)
class AppCredentials:
    """What the server needs to be the App."""

    app_id: int
    slug: str
    name: str
    page: str
    private_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)


class _Conversion(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    id: int = Field(ge=1)
    slug: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,99}$")
    name: str
    html_url: str
    pem: str
    webhook_secret: str = Field(pattern=r"^[!-+\--~]{16,}$")


def exchanged(api_url: str, web_url: str, code: str) -> AppCredentials:
    """The new App's credentials; an InputError where GitHub does not take the code, which holds once and an hour."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,200}", code):
        raise InputError(f"GitHub's answer holds no usable code; {_AGAIN}")
    content = _posted(f"{api_url}/app-manifests/{code}/conversions")
    try:
        found = _Conversion.model_validate(json.loads(content))
    except (ValidationError, ValueError, RecursionError):
        found = None
    if found is None:
        # Raised outside the handler: the answer that is not understood may hold the key.
        raise InputError(f"{api_url} gave an answer that is no App; see {web_url}/settings/apps whether there is one")
    page = found.html_url if found.html_url.startswith(f"{web_url}/") else f"{web_url}/apps/{found.slug}"
    return AppCredentials(found.id, found.slug, found.name, page, f"{found.pem.strip()}\n", found.webhook_secret)


class _NoRedirect(HTTPRedirectHandler):
    """Follows nobody: the answer may only come from where it was asked."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _posted(url: str) -> bytes:
    headers = {"Accept": "application/vnd.github+json", "User-Agent": "reviewbot"}
    request = Request(url, data=b"", headers=headers, method="POST")  # noqa: S310 - the operator's own address
    try:
        with build_opener(_NoRedirect).open(request, timeout=_TIMEOUT_SECONDS) as answer:
            return bytes(answer.read(_MOST_BYTES))
    except HTTPError as error:
        status = error.code
        error.close()
    except (URLError, HTTPException, OSError) as error:
        why = getattr(error, "reason", error)
        raise InputError(f"{url.partition('/app-manifests/')[0]} cannot be reached: {why}; {_AGAIN}") from None
    if status in (404, 422):
        raise InputError(f"GitHub did not take the code ({status}): it holds for one hour, and once; {_AGAIN}")
    raise InputError(f"GitHub answered {status} in place of the App's credentials; {_AGAIN}")
