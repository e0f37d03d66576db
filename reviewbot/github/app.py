"""The GitHub App: who it is, where it is installed, what was delivered to it, and its way to each repository."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from reviewbot.domain.repository import RepoName
from reviewbot.github.answers import Author, HookDelivery, InstalledRepository
from reviewbot.github.app_calls import AppCalls
from reviewbot.github.auth import AppIdentity
from reviewbot.github.call import Call, all_pages, json_by
from reviewbot.github.clock import MachineClock
from reviewbot.github.failures import KeyRefused
from reviewbot.github.fields import Fields, parts_of
from reviewbot.github.pace import Pace
from reviewbot.github.parsing import delivery_of, installed_repository_of
from reviewbot.github.repository import RepositoryClient
from reviewbot.github.repository_calls import RepositoryCalls
from reviewbot.github.tokens import LEAST_PERMISSIONS, InstallationTokens
from reviewbot.github.wire import Wire
from reviewbot.ports import Clock


@dataclass(frozen=True, slots=True)
class AppSelf:
    """The App as GitHub knows it."""

    id: int
    slug: str
    name: str


class GitHubApp:
    """The App at one GitHub; `api_url` is `https://api.github.com` or an Enterprise server's `https://HOST/api/v3`.

    Safe to use from several threads. All methods raise a GitHubFailure; KeyRefused where the private key is of no use,
    already on construction where it is none.
    """

    def __init__(
        self,
        app_id: int,
        private_key: str,
        api_url: str,
        pace: Pace,
        timeout_seconds: float = 20,
        sleep: Callable[[float], None] = time.sleep,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or MachineClock()
        identity = AppIdentity(app_id, private_key)
        self.app_id = app_id
        self._calls = AppCalls(identity, Wire(api_url, clock, timeout_seconds), pace, clock, sleep)
        self._self: AppSelf | None = None
        self._bot_id: int | None = None

    def me(self) -> AppSelf:
        """Who the App is; asked once."""
        if self._self is None:
            call = Call("GET", "/app")
            self._self = self._calls.exchange(call, json_by(call, lambda content: _self_of(Fields(content))))
        return self._self

    def check(self) -> str:
        """A sentence for people that the App's id, key and address are right, and what it lacks if anything."""
        call = Call("GET", "/app")
        answer = self._calls.exchange(call, json_by(call, Fields))
        found, url = _self_of(answer), self._calls.wire.api_url
        if found.id != self.app_id:
            raise KeyRefused(
                f"{url} knows this key as App {found.id}, not as {self.app_id}: set REVIEWBOT_GITHUB_APP_ID"
            )
        granted = answer.maybe_part("permissions")
        lacking = [
            f"{name}: {level}"
            for name, level in LEAST_PERMISSIONS.items()
            if granted is None or granted.maybe_text(name) not in (level, "write")
        ]
        advice = f"; it lacks the permissions {', '.join(lacking)}: grant them in its settings" if lacking else ""
        return f"{url} knows App {found.id} as {found.name} (@{found.slug}){advice}"

    @property
    def skew_seconds(self) -> float:
        """By how much GitHub's clock was found to be ahead of ours; 0 as long as nothing was refused for it."""
        return self._calls.skew_seconds

    def repository(
        self, installation_id: int, repo_id: int, repo: RepoName, permissions: Mapping[str, str] | None = None
    ) -> RepositoryClient:
        """The way to one repository; nothing is sent until something is asked of it."""
        channel = self._calls.channel(installation_id)
        tokens = InstallationTokens(self._calls, channel, repo_id, permissions)
        return RepositoryClient(self, RepositoryCalls(self._calls, channel, tokens, repo), repo_id)

    def git_token(self, client: RepositoryClient) -> str:
        """A token that git may fetch the repository with."""
        return client.token()

    def installations(self) -> tuple[int, ...]:
        """The ids of all installations, suspended ones included."""
        pages = all_pages(self._calls.exchange, Call("GET", "/app/installations"), parts_of)
        return tuple(one.number("id") for page in pages for one in page)

    def installation_repositories(self, installation_id: int) -> tuple[InstalledRepository, ...]:
        """All repositories that the installation covers."""
        channel = self._calls.channel(installation_id)
        tokens = InstallationTokens(self._calls, channel, None, {"metadata": "read"})
        calls = RepositoryCalls(self._calls, channel, tokens, RepoName("installation", "repositories"))

        def repositories(content: object) -> list[InstalledRepository]:
            return [installed_repository_of(one) for one in Fields(content).parts("repositories")]

        pages = all_pages(calls.exchange, Call("GET", "/installation/repositories"), repositories)
        return tuple(one for page in pages for one in page)

    def deliveries(self, cursor: str = "") -> Iterator[HookDelivery]:
        """Attempts to deliver webhooks to the App, the last first, as far back as GitHub keeps them (three days)."""
        call = Call("GET", "/app/hook/deliveries", {"cursor": cursor} if cursor else {})
        pages = all_pages(self._calls.exchange, call, lambda content: [delivery_of(one) for one in parts_of(content)])
        for page in pages:
            yield from page

    def redeliver(self, delivery_id: int) -> None:
        """Has GitHub deliver it again, under the same GUID."""
        call = Call("POST", f"/app/hook/deliveries/{delivery_id}/attempts", is_write=True)
        self._calls.exchange(call, lambda _: None)

    def bot_id(self, calls: RepositoryCalls) -> int:
        """The id of the account that writes as the App; asked once, unless something that it wrote told us before."""
        if self._bot_id is None:
            call = Call("GET", f"/users/{quote(f'{self.me().slug}[bot]', safe='')}")
            self._bot_id = calls.json(call, lambda content: content.number("id"))
        return self._bot_id

    def learn_bot(self, author: Author) -> None:
        """Takes the author of what we have just written for our own account."""
        if author.is_bot and author.id is not None:
            self._bot_id = author.id


def _self_of(answer: Fields) -> AppSelf:
    return AppSelf(answer.number("id"), answer.text("slug"), answer.text("name"))
