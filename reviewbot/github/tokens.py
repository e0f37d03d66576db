"""The token of an installation: minted when it is first needed, for as little as possible, and kept in memory only."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reviewbot.github.app_calls import AppCalls
from reviewbot.github.call import Call, json_by
from reviewbot.github.channel import Channel
from reviewbot.github.classification import seconds_of_date
from reviewbot.github.connection import Answer
from reviewbot.github.failures import Forbidden, NotInstalled, NotThere, Refused
from reviewbot.github.fields import Fields
from reviewbot.github.lacks import NOTHING

LEAST_PERMISSIONS: Mapping[str, str] = {
    "contents": "read",
    "metadata": "read",
    "pull_requests": "write",
    "checks": "write",
    "issues": "write",
}
RENEWED_BEFORE_SECONDS = 300.0
_ISSUES, _CHECKS, _PULLS = frozenset({"issues"}), frozenset({"checks"}), frozenset({"pull_requests"})
_DISPENSABLE = (NOTHING, _ISSUES, _CHECKS, _ISSUES | _CHECKS, _PULLS, _ISSUES | _PULLS)
"""What can be done without, least first: one place to say something has to be left, the check run or the review."""


@dataclass(frozen=True, slots=True)
class Token:
    """An installation token. `minted_at` and `renew_at` are seconds of the monotonic clock."""

    value: str = field(repr=False)
    minted_at: float
    renew_at: float


class InstallationTokens:
    """Tokens for one repository of an installation, or for all (None). Safe to use from several threads.

    `lacking` are the permissions that were asked for and that the installation has not granted; where that is the one
    for pull requests, they can be read.
    """

    def __init__(
        self, app: AppCalls, channel: Channel, repo_id: int | None, permissions: Mapping[str, str] | None = None
    ) -> None:
        self.lacking = NOTHING
        self._app = app
        self._channel = channel
        self._repo_id = repo_id
        self._permissions = dict(LEAST_PERMISSIONS if permissions is None else permissions)
        self._token: Token | None = None
        self._lock = threading.Lock()

    def current(self) -> Token:
        """A token that is good for five more minutes; raises NotInstalled, Suspended, KeyRefused, Forbidden."""
        with self._lock:
            if self._token is None or self._app.clock.monotonic() >= self._token.renew_at:
                self._token = self._minted()
            return self._token

    def instead_of(self, refused: Token) -> Token:
        """Another token than one that GitHub refused."""
        with self._lock:
            if self._token is None or self._token is refused:
                self._token = self._minted()
            return self._token

    def _minted(self) -> Token:
        for lacking in self._ladder():
            try:
                token = self._mint(self._without(lacking))
            except Refused as refusal:
                if "permission" not in str(refusal).lower():
                    raise NotInstalled(f"{refusal}: the App may not see this repository any more") from refusal
                continue
            except NotThere as failure:
                raise NotInstalled(f"{failure}: the App is not installed there any more") from failure
            self.lacking = lacking
            self._app.lacks.remember(self._channel.installation_id, lacking, token.minted_at)
            return token
        names = ", ".join(f"{name}: {level}" for name, level in self._permissions.items())
        installation = self._channel.installation_id
        raise Forbidden(f"installation {installation} has not granted what a review needs ({names}): accept it there")

    def _ladder(self) -> Iterator[frozenset[str]]:
        """What to do without, least first; begins with what was lacking a short while ago."""
        lately = self._app.lacks.lately(self._channel.installation_id, self._app.clock.monotonic())
        yield from dict.fromkeys(lacking.intersection(self._permissions) for lacking in (lately, *_DISPENSABLE))

    def _without(self, lacking: frozenset[str]) -> dict[str, str]:
        """The permissions to ask for; pull requests have at least to be read."""
        kept = {name: level for name, level in self._permissions.items() if name not in lacking}
        return kept | dict.fromkeys(lacking & _PULLS, "read")

    def _mint(self, permissions: Mapping[str, str]) -> Token:
        path = f"/app/installations/{self._channel.installation_id}/access_tokens"
        body: dict[str, object] = {"permissions": dict(permissions)}
        if self._repo_id is not None:
            body["repository_ids"] = [self._repo_id]
        call = Call("POST", path, body=body)

        def token_of(answer: Answer) -> Token:
            return json_by(call, lambda content: self._token_of(Fields(content), answer))(answer)

        return self._app.exchange(call, token_of, self._channel)

    def _token_of(self, content: Fields, answer: Answer) -> Token:
        # Both times are GitHub's own, so that a clock of ours that is wrong or jumps does not matter.
        answered_at = seconds_of_date(answer.headers) or self._app.clock.now().timestamp()
        lasts_seconds = content.seconds("expires_at") - answered_at
        now = self._app.clock.monotonic()
        return Token(content.text("token"), now, now + lasts_seconds - min(RENEWED_BEFORE_SECONDS, lasts_seconds / 2))
