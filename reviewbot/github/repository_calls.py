"""Requests about one repository, with a token that is for that repository alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from github.Auth import Token as TokenAuth

from reviewbot.domain.repository import RepoName
from reviewbot.github.app_calls import AppCalls
from reviewbot.github.call import Call, all_pages, json_by
from reviewbot.github.channel import Channel
from reviewbot.github.connection import Answer
from reviewbot.github.failures import TokenRefused
from reviewbot.github.fields import Fields, parts_of
from reviewbot.github.graphql import Question
from reviewbot.github.tokens import InstallationTokens

FRESH_SECONDS = 5.0
FRESH_DELAYS_SECONDS = (0.5, 1.0, 2.0)
"""GitHub's servers take up to five seconds to learn of a new token."""

T = TypeVar("T")


class RepositoryCalls:
    """Sends what is asked about one repository. Safe to use from several threads."""

    def __init__(self, app: AppCalls, channel: Channel, tokens: InstallationTokens, repo: RepoName) -> None:
        self.repo = repo
        self.tokens = tokens
        self.channel = channel
        self.sleep = app.sleep
        self._app = app

    def read(self, path: str, read: Callable[[Fields], T], query: Mapping[str, str] | None = None) -> T:
        """What is read from a JSON object below the repository's own path."""
        return self.json(Call("GET", self.at(path), query or {}), read)

    def listed(self, path: str, read: Callable[[Fields], T], key: str | None = None, **query: str) -> Iterator[T]:
        """What is read from each entry of all pages of a list, which may stand under a key."""

        def entries(content: object) -> list[T]:
            parts = parts_of(content) if key is None else Fields(content).parts(key)
            return [read(part) for part in parts]

        for page in all_pages(self.exchange, Call("GET", self.at(path), query), entries):
            yield from page

    def write(self, method: str, path: str, body: Mapping[str, object], read: Callable[[Fields], T]) -> T:
        """What GitHub answers to a write; it is sent once, a refused token apart."""
        return self.json(Call(method, self.at(path), body=body, is_write=True), read)

    def ask(self, question: Question, read: Callable[[Fields], T], is_write: bool = False) -> T:
        """What is read from the `data` of a GraphQL answer."""
        call = Call("POST", self._app.wire.graphql_url, body=question.body, is_write=is_write, is_graphql=True)
        return self.json(call, lambda content: read(content.part("data")))

    def json(self, call: Call, read: Callable[[Fields], T]) -> T:
        """What is read from the JSON object of an answer."""
        return self.exchange(call, json_by(call, lambda content: read(Fields(content))))

    def exchange(self, call: Call, use: Callable[[Answer], T]) -> T:
        """What `use` makes of the answer; raises a GitHubFailure."""
        return self.channel.repeated(call.is_write, lambda: use(self._authorised(call)))

    def at(self, path: str) -> str:
        return f"/repos/{self.repo}{path}"

    def _authorised(self, call: Call) -> Answer:
        """A request that met 401 was not carried out, so that a write may be sent again too."""
        token = self.tokens.current()
        delays = list(FRESH_DELAYS_SECONDS)
        is_another = False
        while True:
            try:
                return self.channel.send(call, TokenAuth(token.value))
            except TokenRefused:
                is_fresh = self._app.clock.monotonic() - token.minted_at < FRESH_SECONDS
                if is_fresh and delays:
                    self.sleep(delays.pop(0))
                elif not is_another:
                    token, is_another = self.tokens.instead_of(token), True
                else:
                    raise
