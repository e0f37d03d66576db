"""Showing the address of a database, and what a database says, without the secrets in either."""

from __future__ import annotations

import re
from urllib.parse import quote, quote_plus

from sqlalchemy import URL

_SECRET_NAMES = ("password", "sslpassword", "passfile")
_IN_ADDRESS = re.compile(r"(\w://[^:/?#\s]*):\S*@")
_IN_QUERY = re.compile(r"(?i)\b(password|sslpassword|passfile)(\s*=\s*)('[^']*'|[^&\s]*)")


def shown(url: URL) -> str:
    """The address as a person may see it."""
    query = {name: ("***" if name.lower() in _SECRET_NAMES else value) for name, value in url.query.items()}
    return url.set(query=query).render_as_string(hide_password=True)


def masked(words: str, url: URL | None = None) -> str:
    """The words without any form of the secrets in this address, or of what looks like one of another address."""
    for secret in _secrets(url) if url is not None else ():
        # As it is, and in the forms of addresses, SQLAlchemy's own being the last.
        for form in (secret, quote(secret, safe=""), quote(secret), quote_plus(secret), quote(secret, safe=" +")):
            words = words.replace(form, "***")
    words = _IN_ADDRESS.sub(r"\1:***@", words)
    return _IN_QUERY.sub(r"\1\2***", words)


def _secrets(url: URL) -> list[str]:
    found = [url.password] if url.password else []
    for name, value in url.query.items():
        if name.lower() in _SECRET_NAMES:
            found += [value] if isinstance(value, str) else list(value)
    # Longest first: a short one may be a piece of a longer one. One letter cannot be hidden without hiding all text.
    return sorted((secret for secret in found if len(secret) > 2), key=len, reverse=True)
