"""GitHub's side of the webhook for live tests: deliveries that fail, get lost, or are sent again when it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tests.fakes.github import Event, World
from tests.fakes.github.deliveries import Delivery, record
from tests.live.service import Service


@dataclass
class Hook:
    """Notes each delivery in GitHub's ledger. `arrived` are the GUIDs that came through, asked for or not."""

    world: World
    service: Service
    is_down: bool = False
    arrived: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world.hook = self._deliver

    def send(self, *events: Event) -> None:
        for event in events:
            record(self.world, event, event.guid, self._deliver(event, event.guid))

    def lose(self, event: Event) -> Delivery:
        """GitHub believes that it arrived."""
        return record(self.world, event, event.guid, 202)

    def _deliver(self, event: Event, guid: str) -> int:
        if self.is_down:
            return 0
        self.arrived.append(guid)
        self.service.receive(replace(event, guid=guid))
        return 202
