"""The ledger of webhook deliveries that GitHub keeps and its API shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.fakes.github.events import Event

if TYPE_CHECKING:
    from tests.fakes.github.world import World

Hook = Callable[[Event, str], int]
"""Sends an event with a GUID to the App's hook and gives the status; 0 where there was no answer."""


@dataclass
class Delivery:
    """One attempt to deliver an event."""

    id: int
    guid: str
    event: Event
    delivered_at: float
    status_code: int
    is_redelivery: bool = False

    @property
    def status(self) -> str:
        if self.status_code == 0:
            return "failed to connect to host"
        if 200 <= self.status_code < 300:
            return "OK"
        return f"Invalid HTTP Response: {self.status_code}"


def record(world: World, event: Event, guid: str, status_code: int, is_redelivery: bool = False) -> Delivery:
    with world.lock:
        delivery = Delivery(world.next_id(), guid, event, world.clock.now(), status_code, is_redelivery)
        world.deliveries.append(delivery)
    return delivery


def delivery_view(world: World, delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": world.clock.stamp(delivery.delivered_at),
        "redelivery": delivery.is_redelivery,
        "duration": 0.05,
        "status": delivery.status,
        "status_code": delivery.status_code,
        "event": delivery.event.name,
        "action": delivery.event.action or None,
        "installation_id": delivery.event.installation_id,
        "repository_id": delivery.event.repository_id,
        "throttled_at": None,
    }
