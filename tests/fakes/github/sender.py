"""GitHub's side of webhooks: signed requests to the App's hook, and everything that can happen to them."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import random
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from tests.fakes.github.deliveries import Delivery, record
from tests.fakes.github.events import Event

if TYPE_CHECKING:
    from tests.fakes.github.world import World

HOOK_ID = 990_001


def signature_of(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Sender:
    """Delivers the events of a world to the App's hook and writes each attempt into the deliveries ledger.

    It is the world's hook from then on: redelivery through the API comes here too.
    """

    def __init__(self, world: World, url: str, secret: str, timeout_seconds: float = 10.0) -> None:
        self.world, self.url, self.secret = world, url, secret
        self._timeout_seconds = timeout_seconds
        self._sent = 0
        world.hook = lambda event, guid: self._post(event, guid)[0]

    def send(
        self,
        event: Event,
        *,
        times: int = 1,
        secret: str | None = None,
        guid: str | None = None,
        as_form: bool = False,
        hook_id: int = HOOK_ID,
        body: bytes | None = None,
    ) -> list[Delivery]:
        """Delivers an event now, as often as asked for; a wrong secret or another GUID, hook or body where given."""
        name = guid or event.guid
        made = []
        for _ in range(times):
            status, _ = self._post(event, name, secret, as_form, hook_id, body)
            made.append(record(self.world, event, name, status))
        return made

    def send_all(self, events: Iterable[Event] | None = None, shuffle: random.Random | None = None) -> list[Delivery]:
        """Delivers the world's events that were not delivered yet, or those given; out of order with `shuffle`."""
        waiting = list(self.waiting() if events is None else events)
        if events is None:
            self._sent = len(self.world.events)
        if shuffle is not None:
            shuffle.shuffle(waiting)
        return [delivery for event in waiting for delivery in self.send(event)]

    def waiting(self) -> list[Event]:
        """Events that happened and were neither sent, dropped nor lost by `send_all`; late ones are simply kept."""
        return self.world.events[self._sent :]

    def drop(self, event: Event, status_code: int = 0) -> Delivery:
        """The delivery fails: GitHub knows it, and will only send it again when asked to."""
        return record(self.world, event, event.guid, status_code)

    def lose(self, event: Event, status_code: int = 202) -> Delivery:
        """GitHub believes that the delivery went well, and we have never seen it."""
        return record(self.world, event, event.guid, status_code)

    def forget(self) -> None:
        """Events up to now are never delivered, and no ledger knows of them: GitHub did not fire them."""
        self._sent = len(self.world.events)

    def headers(self, event: Event, guid: str, secret: str, body: bytes, hook_id: int = HOOK_ID) -> dict[str, str]:
        sha1 = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
        return {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": f"GitHub-Hookshot/{secrets.token_hex(4)[:7]}",
            "X-GitHub-Delivery": guid,
            "X-GitHub-Event": event.name,
            "X-GitHub-Hook-ID": str(hook_id),
            "X-GitHub-Hook-Installation-Target-ID": str(self.world.app_id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-Hub-Signature": f"sha1={sha1}",
            "X-Hub-Signature-256": signature_of(secret, body),
        }

    def _post(
        self,
        event: Event,
        guid: str,
        secret: str | None = None,
        as_form: bool = False,
        hook_id: int = HOOK_ID,
        body: bytes | None = None,
    ) -> tuple[int, bytes]:
        content = event.body if body is None else body
        if as_form:
            content = urlencode({"payload": content.decode("utf-8", "surrogateescape")}).encode()
        headers = self.headers(event, guid, self.secret if secret is None else secret, content, hook_id)
        if as_form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self.post(headers, content)

    def post(self, headers: dict[str, str], content: bytes) -> tuple[int, bytes]:
        """Status and body of the hook's answer; 0 where there was none in time."""
        target = urlsplit(self.url)
        connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=self._timeout_seconds)
        try:
            connection.request("POST", target.path or "/", content, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()
