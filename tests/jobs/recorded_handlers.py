"""Handlers that note what they are called with, and do what a test tells them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from reviewbot.domain.pull import PullRef
from reviewbot.jobs.queue import Done, Handlers, Next


class RecordedHandlers:
    """`on_delivery`, `on_pull` and `on_comment` are the handlers' bodies; all calls are noted before."""

    def __init__(
        self,
        on_delivery: Callable[[int], None] = lambda _: None,
        on_pull: Callable[[PullRef], Next] = lambda _: Done(),
        on_comment: Callable[[int], Next] = lambda _: Done(),
        on_let_go: Callable[[PullRef], None] = lambda _: None,
    ) -> None:
        self.deliveries: list[int] = []
        self.pulls: list[PullRef] = []
        self.comments: list[int] = []
        self.let_go: list[PullRef] = []
        self._bodies = (on_delivery, on_pull, on_comment, on_let_go)
        self._turn = threading.Lock()

    def handlers(self) -> Handlers:
        on_delivery, on_pull, on_comment, on_let_go = self._bodies

        def delivery(delivery_id: int) -> None:
            self._note(self.deliveries, delivery_id)
            on_delivery(delivery_id)

        def pull(ref: PullRef) -> Next:
            self._note(self.pulls, ref)
            return on_pull(ref)

        def comment(delivery_id: int) -> Next:
            self._note(self.comments, delivery_id)
            return on_comment(delivery_id)

        def let_go(ref: PullRef) -> None:
            self._note(self.let_go, ref)
            on_let_go(ref)

        return Handlers(delivery, pull, comment, let_go)

    def _note(self, calls: list, what: object) -> None:
        with self._turn:
            calls.append(what)
