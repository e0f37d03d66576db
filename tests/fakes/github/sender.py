"""GitHub's side of webhooks: signed requests to the App's hook, and everything that can happen to them."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import itertools
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from tests.fakes.github.deliveries import Delivery, record
from tests.fakes.github.events import Event

if TYPE_CHECKING:
    from tests.fakes.github.world import World

_agents = itertools.count(0xA0000)


@dataclass(frozen=True)
class Twist:
    """What is unusual about a delivery. `target` is the type and number of what the hook belongs to.

    `body` is sent in the place of the event's; `headers` add to the usual ones, or take one away with None.
    """

    secret: str | None = None
    guid: str | None = None
    as_form: bool = False
    hook_id: int = 990_001
    target: tuple[str, int] | None = None
    body: bytes | None = None
    headers: tuple[tuple[str, str | None], ...] = ()


def signature_of(secret: str, body: bytes) -> str:
    """The value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Sender:
    """Delivers the events of a world to the App's hook and writes each attempt into the deliveries ledger.

    It is the world's hook from then on: redelivery through the API comes here too. An event that was sent, dropped,
    lost or held is no longer one of `waiting`.
    """

    def __init__(self, world: World, url: str, secret: str, timeout_seconds: float = 10.0) -> None:
        self.world, self.url, self.secret = world, url, secret
        self._timeout_seconds = timeout_seconds
        self._done: set[int] = set()
        self._held: list[Event] = []
        world.hook = lambda event, guid: self._post(event, Twist(guid=guid))

    def send(self, event: Event, times: int = 1, twist: Twist | None = None) -> list[Delivery]:
        """Delivers an event now, as often as asked for, always under the same GUID."""
        self._done.add(id(event))
        twist = twist or Twist()
        made = []
        for _ in range(times):
            status = self._post(event, twist)
            made.append(record(self.world, event, twist.guid or event.guid, status))
        return made

    def send_all(self, shuffle: random.Random | None = None, events: Iterable[Event] | None = None) -> list[Delivery]:
        """Delivers the waiting events, or those given, in the order of happening or shuffled."""
        waiting = self.waiting if events is None else list(events)
        if shuffle is not None:
            shuffle.shuffle(waiting)
        return [delivery for event in waiting for delivery in self.send(event)]

    @property
    def waiting(self) -> list[Event]:
        """Events that happened and that nothing was done about."""
        return [event for event in list(self.world.events) if id(event) not in self._done]

    def hold(self, event: Event) -> None:
        """The event is on its way for a long time: until `release`."""
        self._done.add(id(event))
        self._held.append(event)

    def release(self) -> list[Delivery]:
        """The held events arrive, the last one first."""
        held, self._held = self._held[::-1], []
        return self.send_all(events=held)

    def drop(self, event: Event, status_code: int = 0) -> Delivery:
        """The delivery fails: GitHub knows it, and will only send it again when asked to."""
        self._done.add(id(event))
        return record(self.world, event, event.guid, status_code)

    def lose(self, event: Event, status_code: int = 202) -> Delivery:
        """GitHub believes that the delivery went well, and we have never seen it."""
        return self.drop(event, status_code)

    def forget(self, event: Event) -> None:
        """The event is never fired, and no ledger knows of it."""
        self._done.add(id(event))

    def headers(self, event: Event, body: bytes, twist: Twist | None = None) -> dict[str, str]:
        """What comes with a body; for tests that call the server without a socket."""
        twist = twist or Twist()
        secret = (self.secret if twist.secret is None else twist.secret).encode()
        kind, number = twist.target or ("integration", self.world.app_id)
        usual: dict[str, str | None] = {
            "Accept": "*/*",
            "Content-Type": "application/x-www-form-urlencoded" if twist.as_form else "application/json",
            "User-Agent": f"GitHub-Hookshot/{next(_agents):07x}",
            "X-GitHub-Delivery": twist.guid or event.guid,
            "X-GitHub-Event": event.name,
            "X-GitHub-Hook-ID": str(twist.hook_id),
            "X-GitHub-Hook-Installation-Target-ID": str(number),
            "X-GitHub-Hook-Installation-Target-Type": kind,
            "X-Hub-Signature": f"sha1={hmac.new(secret, body, hashlib.sha1).hexdigest()}",
            "X-Hub-Signature-256": signature_of(secret.decode(), body),
        }
        return {name: value for name, value in (usual | dict(twist.headers)).items() if value is not None}

    def body(self, event: Event, twist: Twist | None = None) -> bytes:
        """What is sent of an event."""
        twist = twist or Twist()
        content = event.body if twist.body is None else twist.body
        if twist.as_form:
            return urlencode({"payload": content}).encode()
        return content

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

    def _post(self, event: Event, twist: Twist) -> int:
        body = self.body(event, twist)
        return self.post(self.headers(event, body, twist), body)[0]
