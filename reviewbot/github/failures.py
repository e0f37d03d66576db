"""What can go wrong between us and GitHub, one type for each way that a caller has to act."""

from __future__ import annotations

from reviewbot.errors import ReviewbotError


class GitHubFailure(ReviewbotError):
    """GitHub did not do what was asked of it; the text names the request and GitHub's own words."""


class Unreachable(GitHubFailure):
    """No answer, or none that can be used (5xx, time out, reset, garbage): worth trying again.

    `maybe_applied` says that a write may have had its effect all the same: look before it is sent again.
    """

    def __init__(self, message: str, maybe_applied: bool = False) -> None:
        super().__init__(message)
        self.maybe_applied = maybe_applied


class TokenRefused(Unreachable):
    """GitHub does not take the token or JWT (401): nothing was applied; a new one may be taken.

    `answered_at` is GitHub's own time of the answer in unix seconds, None where it gave none.
    """

    def __init__(self, message: str, answered_at: float | None = None) -> None:
        super().__init__(message, maybe_applied=False)
        self.answered_at = answered_at


class RateLimited(GitHubFailure):
    """Nothing may be sent to GitHub for the given number of seconds."""

    def __init__(self, message: str, until_seconds_from_now: float, is_secondary: bool) -> None:
        super().__init__(message)
        self.until_seconds_from_now = until_seconds_from_now
        self.is_secondary = is_secondary


class Suspended(GitHubFailure):
    """The installation is suspended: nothing works until its owner takes that back."""


class NotInstalled(GitHubFailure):
    """The App is not installed there any more, or may not see the repository: its work is to be dropped."""


class KeyRefused(GitHubFailure):
    """GitHub does not know the App by its id and private key: the operator has to act."""


class NotThere(GitHubFailure):
    """The thing asked for does not exist, is gone or is blocked for legal reasons (`status` 404, 410, 451)."""

    def __init__(self, message: str, status: int = 404) -> None:
        super().__init__(message)
        self.status = status


class Forbidden(GitHubFailure):
    """The App lacks a permission, or an organisation keeps it out: asking again is of no use."""


class Locked(GitHubFailure):
    """Nobody may write there: a locked conversation, an archived repository, limited interactions."""


class Refused(GitHubFailure):
    """GitHub read the request and found it wrong (422 and its like); nothing was applied. `errors` are its reasons."""

    def __init__(self, message: str, errors: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.errors = errors


class TooLarge(GitHubFailure):
    """GitHub does not show this diff or file in one piece: ask for it file by file, or fetch it with git."""
