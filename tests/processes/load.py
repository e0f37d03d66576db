"""Pull requests that keep coming while the product is killed, and what has become of them in the end."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field

from tests.fakes.github import Pull, Repository, World, violations
from tests.processes.product import Product

RECOVERED_SECONDS = 60.0


@dataclass
class Load:
    """Opens pull requests and pushes to them, at random but always the same way for a seed; delivers each event.

    An event whose delivery was not acknowledged is delivered again later, as GitHub's redelivery would.
    """

    product: Product
    repositories: list[Repository]
    seed: int = 1
    per_second: float = 4.0
    acknowledged: int = 0
    refused: int = 0
    pulls: list[Pull] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        chance, sender = random.Random(self.seed), self.product.sender
        waiting = []
        while not self._stop.wait(1 / self.per_second):
            waiting.append(self._event(chance))
            waiting = [event for event in waiting if not self._delivered(sender, event)]
        while waiting:
            time.sleep(0.5)
            waiting = [event for event in waiting if not self._delivered(sender, event)]

    def _event(self, chance):
        text = f"first = 1  # BUG-{chance.randrange(10**6)}\nsecond = {chance.random()}\n"
        if self.pulls and chance.random() < 0.4:
            return chance.choice(self.pulls).push(files={"app.py": text})
        pull = chance.choice(self.repositories).pull(files={"app.py": text})
        self.pulls.append(pull)
        return pull.opened

    def _delivered(self, sender, event) -> bool:
        (delivery,) = sender.send(event)
        is_good = 200 <= delivery.status_code < 300
        self.acknowledged += is_good
        self.refused += not is_good
        return is_good


def repositories(world: World, count: int) -> list[Repository]:
    """Each in an installation of its own: to one of them we write no more than once a second."""
    return [world.repository(f"owner{number}/shop", files={"app.py": "first = 1\n"}) for number in range(count)]


def unfinished(load: Load) -> list[str]:
    """Pull requests whose final head has no completed check yet."""
    return [
        f"{pull.repository.full_name}#{pull.number}"
        for pull in load.pulls
        if not any(check.status == "completed" for check in pull.checks)
    ]


def settled_after(load: Load, world: World) -> float:
    """Seconds until every head has its outcome and nothing is wrong; AssertionError where that takes too long."""
    began = time.monotonic()
    while unfinished(load) or violations(world):
        assert time.monotonic() - began < RECOVERED_SECONDS, (unfinished(load), violations(world)[:5])
        time.sleep(0.25)
    return time.monotonic() - began
