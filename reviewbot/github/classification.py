"""Telling from an answer of GitHub what went wrong: a pure function over status, headers and body.

GitHub uses one status for many things (403 is a limit, a missing permission, a lock or a suspension): the words count.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime

from reviewbot.domain.text import revealed, shortened
from reviewbot.github.failures import (
    Forbidden,
    GitHubFailure,
    Locked,
    NotThere,
    RateLimited,
    Refused,
    Suspended,
    TokenRefused,
    TooLarge,
    Unreachable,
)

SECONDARY_SECONDS = 60.0
LONGEST_SECONDS = 7200.0
"""No window of GitHub's is longer than an hour; a header that says more is not believed for ever."""

_SECONDARY = re.compile(r"secondary rate|abuse|temporarily blocked from content creation|submitted too quickly", re.I)
_PRIMARY = re.compile(r"rate limit", re.I)
_SUSPENDED = re.compile(r"\bsuspended\b", re.I)
_TAKEN_DOWN = re.compile(r"repository access blocked|\bDMCA\b", re.I)
_LOCKED = re.compile(r"\b(locked|archived|blocked|interactions?)\b|read-only|limited to (collaborators|users)", re.I)
_NO_PERMISSION = re.compile(r"not accessible by|permission|IP allow list|SAML", re.I)
_LARGE_DIFF = re.compile(
    r"too_large|diff exceeded|(diff|files)\b.*\btoo (large|long)|taking too long|generating this diff", re.I
)
_MOST_WORDS = 300


def failure_of(
    method: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    is_write: bool,
    now: float,
    what: str = "",
) -> GitHubFailure | None:
    """What an answer means; None where it is good. `headers` have lower-case names, `now` is unix seconds.

    `now` is used where the answer carries no date of its own: a limit's end is a time of GitHub's clock, not of ours.
    """
    if status < 300 or status == 304:
        return None
    words, errors = _words_of(body)
    said = f"{what or method}: GitHub answered {status}" + (f": {words}" if words else "")
    all_words = " ".join((words, *errors))
    if limit := _limit_of(status, headers, all_words, said, now):
        return limit
    if not is_write and status in (403, 406, 422, 500, 502, 503, 504) and _LARGE_DIFF.search(all_words):
        return TooLarge(said)
    if status >= 500:
        return Unreachable(said, maybe_applied=is_write)
    match status:
        case 401:
            return TokenRefused(said, seconds_of_date(headers))
        case 403:
            return _forbidden(all_words, said, is_json=_is_json(body))
        case 404 | 410 | 451:
            return NotThere(said, status)
        case 406 if not is_write:
            return TooLarge(said)
        case 408 | 409 | 425:
            return Unreachable(said)
        case _ if status < 400:
            return Unreachable(f"{said}: an unexpected redirect")
        case _:
            return Refused(f"{said}{_listed(errors)}", errors)


def failure_of_graphql(
    errors: Sequence[object], headers: Mapping[str, str], *, is_write: bool, now: float, what: str
) -> GitHubFailure:
    """What the `errors` of a GraphQL answer mean, which comes with the status 200."""
    kinds = {str(error.get("type", "")) for error in errors if isinstance(error, dict)}
    messages = tuple(_shown(str(error.get("message", ""))) for error in errors if isinstance(error, dict))
    said = f"{what}: GitHub answered: {'; '.join(messages) or 'an error without words'}"
    words = " ".join(messages)
    if "RATE_LIMITED" in kinds or _SECONDARY.search(words):
        return _limit_of(403, headers, words or "rate limit", said, now) or _limit(said, SECONDARY_SECONDS, True)
    if "NOT_FOUND" in kinds:
        return NotThere(said)
    if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        return _forbidden(words, said, is_json=True)
    if kinds & {"UNPROCESSABLE", "STALE_DATA"}:
        return Locked(said) if _LOCKED.search(words) else Refused(said, messages)
    return Unreachable(said, maybe_applied=is_write)


def _limit_of(status: int, headers: Mapping[str, str], words: str, said: str, now: float) -> RateLimited | None:
    if _SECONDARY.search(words) and status in (403, 422, 429):
        return _limit(said, max(SECONDARY_SECONDS, _retry_after(headers, now) or 0.0), True)
    if status not in (403, 429):
        return None
    given = _retry_after(headers, now)
    is_limit = status == 429 or given is not None or _PRIMARY.search(words)
    if not is_limit and not _is_used_up_and_unexplained(headers, words):
        return None
    if given is None and headers.get("x-ratelimit-remaining", "").strip() == "0":
        reset = _number(headers.get("x-ratelimit-reset", ""))
        if reset is not None:
            # One second more, since the header counts whole seconds.
            return _limit(said, reset - (seconds_of_date(headers) or now) + 1, False)
    return _limit(said, max(SECONDARY_SECONDS, given or 0.0), True)


def _is_used_up_and_unexplained(headers: Mapping[str, str], words: str) -> bool:
    """Whether the limit is used up and the words do not say that the answer has another reason."""
    if headers.get("x-ratelimit-remaining", "").strip() != "0":
        return False
    return not any(known.search(words) for known in (_SUSPENDED, _TAKEN_DOWN, _LOCKED, _NO_PERMISSION))


def _limit(said: str, seconds: float, is_secondary: bool) -> RateLimited:
    seconds = min(max(seconds, 1.0), LONGEST_SECONDS)
    return RateLimited(f"{said}: no request for {seconds:.0f} seconds", seconds, is_secondary)


def _forbidden(words: str, said: str, *, is_json: bool) -> GitHubFailure:
    if _SUSPENDED.search(words):
        return Suspended(said)
    if _NO_PERMISSION.search(words):
        return Forbidden(f"{said}: grant the App the permission and accept it for the installation")
    if _TAKEN_DOWN.search(words):
        return NotThere(said, 451)
    if _LOCKED.search(words):
        return Locked(said)
    # A page instead of JSON comes from something in between (a proxy, a firewall), which may let us pass later.
    return Forbidden(said) if is_json else Unreachable(f"{said}: not an answer of the API; check any proxy on the way")


def seconds_of_date(headers: Mapping[str, str]) -> float | None:
    """When GitHub sent the answer, in unix seconds of its own clock; None where it does not say."""
    return _http_date(headers.get("date", ""))


def _http_date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    seconds = _number(text)
    if seconds is not None:
        return max(seconds, 0.0)
    moment = _http_date(text)
    return None if moment is None else max(moment - (seconds_of_date(headers) or now), 0.0)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _words_of(body: bytes) -> tuple[str, tuple[str, ...]]:
    """GitHub's message and the list of its reasons, fit to show; ("", ()) where the body is no JSON object."""
    answer = _object(body)
    if answer is None:
        return "" if body.lstrip()[:1] == b"<" else _shown(body[:2000].decode("utf-8", "replace")), ()
    reasons = answer.get("errors")
    entries = reasons if isinstance(reasons, list) else [reasons] if reasons else []
    return _shown(str(answer.get("message") or "")), tuple(_reason(entry) for entry in entries[:100])


def _reason(entry: object) -> str:
    if not isinstance(entry, dict):
        return _shown(str(entry))
    place = ".".join(str(entry[key]) for key in ("resource", "field") if entry.get(key))
    words = " ".join(str(entry[key]) for key in ("code", "message") if entry.get(key))
    return _shown(f"{place}: {words}" if place else words)


def _listed(errors: tuple[str, ...]) -> str:
    return f" ({'; '.join(errors[:5])})" if errors else ""


def _shown(text: str) -> str:
    return shortened(revealed(text), _MOST_WORDS)


def _is_json(body: bytes) -> bool:
    return not body or _object(body) is not None


def _object(body: bytes) -> dict[str, object] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None
