"""A service during which people do something between any two of its steps."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.github import Pull, Repository, World
from tests.live.service import Service
from tests.live.test_reviews import FLAWED, only_check


@dataclass
class WatchedService(Service):
    """`deeds` are done at the crossings of these numbers."""

    deeds: dict[int, Callable[[], object]] = field(default_factory=dict)

    def _cross(self, name: str) -> None:
        super()._cross(name)
        deed = self.deeds.pop(len(self.crossed) - 1, None)
        if deed is not None:
            deed()


def opened(service: Service, shop: Repository, files: dict[str, Any], **options: Any) -> Pull:
    """A pull request with these files changed, after all work on it."""
    pull = shop.pull(files=files, **options)
    service.receive(pull.opened)
    service.settle()
    return pull


def at_every_step(
    service: WatchedService, shop: Repository, deed: Callable[[Pull], object], **options: Any
) -> Iterator[tuple[Pull, str]]:
    """One pull request after the other, and at each the deed some steps later than at the one before.

    Events of the deed arrive only if the deed sends them: else it is noticed by looking, or by the sweep.
    """
    for step in itertools.count(0, 1 if service.transactions.is_sqlite else 4):
        pull, done = shop.pull(files={"app.py": FLAWED}, **options), list[str]()

        def do(pull: Pull = pull, done: list[str] = done) -> None:
            deed(pull)
            done.append(service.crossed[-1])

        service.deeds = {len(service.crossed) + step: do}
        service.receive(pull.opened)
        service.settle()
        service.reconcile()
        service.settle()
        if not done:
            assert step > 8, "a review has more steps than that"
            return
        yield pull, done[0]


def without_git(service: Service, world: World, kind: str = "5xx before effect") -> None:
    """From now on no repository can be fetched."""
    service.git = world.git_url
    world.fault("*", "/git/**", kind, times=None)


def text_of(pull: Pull) -> str:
    """All that the check run of the head says, without the escapes of Markdown."""
    check = only_check(pull)
    return f"{check.title}\n{check.summary}\n{check.text}".replace("\\", "").replace("\u200b", "")
