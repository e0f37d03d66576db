"""The places of a report that can be linked to."""

from __future__ import annotations

import re


def anchor(case: str) -> str:
    """`case-INC-1`: fit for an id and a fragment, different for different cases."""
    return "case-" + re.sub(r"[^A-Za-z0-9.-]", lambda match: f"_{ord(match[0]):x}_", case)
