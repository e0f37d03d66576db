"""When to try again what went wrong: values, not sleeps."""

from __future__ import annotations

from dataclasses import dataclass
from random import uniform

from reviewbot.errors import GitError, InputError
from reviewbot.github.failures import (
    Forbidden,
    GitHubFailure,
    KeyRefused,
    NotInstalled,
    NotThere,
    RateLimited,
    Suspended,
)

_HOUR = 3_600.0
_SOON, _LATEST = 15.0, 900.0


@dataclass(frozen=True, slots=True)
class Later:
    """Look again after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Trying again is of no use."""

    why: str


def later_after(error: GitHubFailure | GitError | InputError, attempts: int) -> Later | GivenUp:
    """What to do after a look that failed for the `attempts`-th time in a row.

    An operator has to act on a refused key, an administrator on a suspension, GitHub on an outage: these are tried
    again once in a while and never given up.
    """
    match error:
        case RateLimited():
            return Later(_spread(error.until_seconds_from_now + 1.0))
        case Suspended():
            return Later(_HOUR)
        case KeyRefused():
            return Later(300.0)
        case NotInstalled():
            return GivenUp("the App is no longer installed there")
        case Forbidden():
            return GivenUp(f"the App lacks a permission: {error}")
        case NotThere():
            return Later(min(_SOON * attempts, 60.0))
        case _:
            return Later(_spread(min(_SOON * 2 ** max(0, attempts - 1), _LATEST)))


def _spread(seconds: float) -> float:
    """A little longer, by chance: what was stopped together need not start again together."""
    return seconds * uniform(1.0, 1.2)  # noqa: S311 - no secret
