"""A plain client, for tests of the fake itself and for whoever wants to look at a world from outside."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt

from tests.fakes.github.repositories import Repository
from tests.fakes.github.world import World


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class PlainClient:
    """Requests on one kept connection, as the App (`jwt`) or with a token."""

    def __init__(self, world: World) -> None:
        self._world = world
        url = urlsplit(world.api_url)
        self._prefix = url.path
        self._connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=10)

    def close(self) -> None:
        self._connection.close()

    def jwt(self, **claims: Any) -> str:
        now = int(time.time())
        usual = {"iat": now - 60, "exp": now + 500, "iss": str(self._world.app_id)}
        return jwt.encode(usual | claims, self._world.signing_key, algorithm="RS256")

    def token(self, repository: Repository, **permissions: str) -> str:
        """A token for this repository alone, with these permissions or all that were granted."""
        installation = repository.state.installation
        assert installation is not None
        wish: dict[str, Any] = {"repository_ids": [repository.id]} | (
            {"permissions": permissions} if permissions else {}
        )
        made = self.request("POST", f"/app/installations/{installation.id}/access_tokens", wish, self.jwt())
        assert made.status == 201, made.body
        return str(made.json["token"])

    def request(
        self, method: str, path: str, body: Any = None, token: str = "", headers: dict[str, str] | None = None
    ) -> Answer:
        """One request; raises what http.client raises when the connection breaks."""
        sent = {"User-Agent": "tests", "Accept": "application/vnd.github+json"} | (headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        try:
            self._connection.request(method, self._prefix + path, None if body is None else json.dumps(body), sent)
            response = self._connection.getresponse()
            return Answer(
                response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
            )
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise
