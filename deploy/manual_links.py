"""For mkdocs: links out of the manual into the repository lead there where `repo_url` is set, else they are text."""

from __future__ import annotations

import re
from typing import Any

_OUTWARD = re.compile(r"\[([^\]]+)\]\(\.\./([^)\s]+)\)")


def on_page_markdown(markdown: str, *, config: Any, **_: Any) -> str:
    """Called by mkdocs for each page."""
    root = (config.get("repo_url") or "").rstrip("/")
    return _OUTWARD.sub(rf"[\1]({root}/blob/main/\2)" if root else r"\1", markdown)
