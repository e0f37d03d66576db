"""Which thread of this process works on which pull request: what a heartbeat, which is the process's, cannot tell."""

from __future__ import annotations

from threading import Lock, Thread, current_thread

from reviewbot.domain.pull import PullRef
from reviewbot.store.holds import Hold


class Seats:
    """Where each thread sits; safe to use from several threads.

    A thread that takes a seat again has left it: it cannot be in the middle of an earlier look.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._seats: dict[tuple[str, PullRef], tuple[int, Thread]] = {}
        self._workers: set[str] = set()

    def sit(self, hold: Hold) -> None:
        with self._lock:
            self._workers.add(hold.worker)
            self._seats[hold.worker, hold.ref] = (hold.token, current_thread())

    def leave(self, worker: str, ref: PullRef) -> None:
        """Gives the seat up, unless it is that of another thread."""
        with self._lock:
            found = self._seats.get((worker, ref))
            if found is not None and (found[1] is current_thread() or not found[1].is_alive()):
                del self._seats[worker, ref]

    def is_taken(self, worker: str, ref: PullRef, token: int) -> bool:
        """Whether another thread of this process, one that still runs, sits there by this token."""
        with self._lock:
            found = self._seats.get((worker, ref))
        if found is None or found[0] != token:
            return False
        return found[1] is not current_thread() and found[1].is_alive()

    def is_empty(self, worker: str, ref: PullRef, token: int) -> bool:
        """Whether the worker is one of this process, and nobody sits there by this token any more."""
        with self._lock:
            found = self._seats.get((worker, ref))
            if worker not in self._workers:
                return False
        return found is None or found[0] != token or not found[1].is_alive()
