"""Hidden signed marks in what we write on GitHub, by which we find it again when an answer was lost (FAULTS.md F42).

A mark is believed only on objects whose author is our App; the client sees to that.
"""

from __future__ import annotations

import hashlib
import hmac
import re

MARKER_ROOM = 400
"""Bytes that a mark and the line break before it need at most."""

_PART = re.compile(r"[A-Za-z0-9]+(?:[._:/-][A-Za-z0-9]+)*\Z")
_LONGEST_PART = 200
_MARK = re.compile(
    r"^<!-- reviewbot:v1 ([0-9a-f]{32}) ([A-Za-z0-9._:/-]{1,200}) ([0-9a-f]{64}) -->[ \t\r]*$", re.MULTILINE
)


def marker(secret: bytes, key: str, part: str) -> str:
    """The mark of one part (`review`, `fixed:FINGERPRINT`) of what is written under a key: a line of its own.

    It goes to the end of a body. Raises ValueError for a part that an HTML comment could not hold.
    """
    if len(part) > _LONGEST_PART or not _PART.match(part):
        raise ValueError(f"{part!r} is no part of a mark: letters and digits, joined by one of . _ : / -")
    key_hash = hashed_key(secret, key)
    return f"<!-- reviewbot:v1 {key_hash} {part} {_signature(secret, key_hash, part)} -->"


def hashed_key(secret: bytes, key: str) -> str:
    """How a key is named in its marks: 32 hex digits that tell nobody the key."""
    return _mac(secret, "key", key)[:32]


def found_marker(secret: bytes, key: str, part: str, body: str) -> bool:
    """Whether a body is this part of what was written under this key."""
    return any_marker(secret, body) == (hashed_key(secret, key), part)


def part_of_marker(secret: bytes, key: str, body: str) -> str | None:
    """The part of what was written under this key that a body is; None where it is none."""
    found = any_marker(secret, body)
    return found[1] if found is not None and found[0] == hashed_key(secret, key) else None


def any_marker(secret: bytes, body: str) -> tuple[str, str] | None:
    """The hashed key and the part of a body that we wrote, None where its last mark is missing or not ours.

    Only the last one counts: marks that stand before it were quoted from somewhere, such as a line of the diff.
    """
    marks = _MARK.findall(body)
    if not marks:
        return None
    key_hash, part, signature = marks[-1]
    if not hmac.compare_digest(_signature(secret, key_hash, part), signature):
        return None
    return key_hash, part


def _signature(secret: bytes, key_hash: str, part: str) -> str:
    return _mac(secret, "mark", f"{key_hash} {part}")


def _mac(secret: bytes, purpose: str, text: str) -> str:
    """An HMAC with a secret of its own for each purpose, so that none of them says anything about a webhook's."""
    own_secret = hmac.digest(secret, f"reviewbot {purpose} v1".encode(), hashlib.sha256)
    return hmac.new(own_secret, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
