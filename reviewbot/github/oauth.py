"""Logging people in through the App: from the code that GitHub gives a browser to what the person may see."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from github.Auth import Auth
from github.Auth import Token as TokenAuth

from reviewbot.github.call import Call, all_pages, json_by
from reviewbot.github.clock import MachineClock
from reviewbot.github.connection import Answer
from reviewbot.github.failures import Forbidden
from reviewbot.github.fields import Fields
from reviewbot.github.wire import Wire

T = TypeVar("T")

READ, WRITE, ADMIN = "read", "write", "admin"
"""Roles in a repository, each with the powers of the one before."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has logged in: the lasting number, the present login, and the role in each repository by number.

    Only repositories that the App is installed in are told, and only those that the person may see.
    """

    id: int
    login: str
    access: Mapping[int, str]


class GitHubLogin:
    """The App's way of logging people in; all methods but `address` raise a GitHubFailure."""

    def __init__(
        self, api_url: str, web_url: str, client_id: str, client_secret: str, timeout_seconds: float = 20
    ) -> None:
        clock = MachineClock()
        self._api = Wire(api_url, clock, timeout_seconds)
        self._web = Wire(web_url, clock, timeout_seconds)
        self._web_url = web_url
        self._client_id, self._client_secret = client_id, client_secret

    def address(self, state: str, verifier: str) -> str:
        """Where a browser is sent; GitHub sends it back to the callback of the App's settings, with this state."""
        query = {
            "client_id": self._client_id,
            "state": state,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        return f"{self._web_url}/login/oauth/authorize?{urlencode(query)}"

    def person(self, code: str, verifier: str) -> Person:
        """Who has come back with this code. The person's token is used for these questions and kept nowhere."""
        auth = TokenAuth(self._token(code, verifier))
        user = self._read(Call("GET", "/user"), auth)
        access: dict[int, str] = {}
        for installation in self._listed("/user/installations", "installations", auth):
            path = f"/user/installations/{installation.number('id')}/repositories"
            for one in self._listed(path, "repositories", auth):
                access[one.number("id")] = _role(one.maybe_part("permissions"))
        return Person(user.number("id"), user.text("login"), access)

    def _token(self, code: str, verifier: str) -> str:
        body = {
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "code": code,
            "code_verifier": verifier,
        }
        call = Call("POST", "/login/oauth/access_token", body=body, accept="application/json", is_write=True)
        answer = json_by(call, Fields)(self._web.send(call, None, _at_once))
        token = answer.text_or("access_token")
        if not token:
            # GitHub says 200 and an error: the code is used up, or came from elsewhere.
            raise Forbidden(f"GitHub took no notice of the login: {answer.text_or('error', 'no token')}")
        return token

    def _read(self, call: Call, auth: Auth) -> Fields:
        return json_by(call, Fields)(self._api.send(call, auth, _at_once))

    def _listed(self, path: str, key: str, auth: Auth) -> list[Fields]:
        def exchange(call: Call, use: Callable[[Answer], T]) -> T:
            return use(self._api.send(call, auth, _at_once))

        pages = all_pages(exchange, Call("GET", path), lambda content: Fields(content).parts(key))
        return [one for page in pages for one in page]


def challenge_of(verifier: str) -> str:
    """What of a secret is shown before it is asked for (RFC 7636, S256)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _role(permissions: Fields | None) -> str:
    if permissions is None:
        return READ
    if permissions.flag("admin"):
        return ADMIN
    return WRITE if permissions.flag("push") or permissions.flag("maintain") else READ


def _at_once() -> None:
    """People who log in wait for nobody."""
