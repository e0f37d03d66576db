"""Showing long work: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from threading import Lock
from time import monotonic
from typing import Protocol

from reviewbot.cli.output import error_line

_LINE_EVERY_SECONDS = 10.0


class Progress(Protocol):
    """Counts work as it gets done."""

    def advance(self, failed: bool = False, cost_usd: Decimal | None = Decimal(0)) -> None:
        """One more is done; a cost of None means that it is not known."""
        ...


@contextmanager
def progress(label: str, total: int, done: int = 0) -> Iterator[Progress]:
    """Shows how far `total` pieces of work have come, `done` of which were there before; on standard error."""
    if sys.stderr.isatty():
        with _bar(label, total, done) as shown:
            yield shown
        return
    lines = _Lines(label, total, done)
    yield lines
    lines.say()


class _Counts:
    def __init__(self, label: str, total: int, done: int) -> None:
        self.label, self.total, self.done, self.before = label, total, done, done
        self.failed = 0
        self.cost: Decimal | None = Decimal(0)
        self.started = monotonic()

    def add(self, failed: bool, cost_usd: Decimal | None) -> None:
        self.done += 1
        self.failed += failed
        self.cost = None if self.cost is None or cost_usd is None else self.cost + cost_usd

    def words(self) -> str:
        """`12/48, 1 failed, 1.3/s, $0.42, 0:00:28 to go`"""
        seconds = max(monotonic() - self.started, 0.001)
        rate = (self.done - self.before) / seconds
        parts = [f"{self.done}/{self.total}"]
        if self.failed:
            parts.append(f"{self.failed} failed")
        parts.append(f"{rate:.1f}/s")
        parts.append("cost unknown" if self.cost is None else f"${self.cost:.2f}")
        if rate and self.done < self.total:
            parts.append(f"{timedelta(seconds=round((self.total - self.done) / rate))} to go")
        return ", ".join(parts)


class _Lines:
    def __init__(self, label: str, total: int, done: int) -> None:
        self._counts = _Counts(label, total, done)
        self._lock = Lock()
        self._said_at = monotonic()

    def advance(self, failed: bool = False, cost_usd: Decimal | None = Decimal(0)) -> None:
        with self._lock:
            self._counts.add(failed, cost_usd)
            if monotonic() - self._said_at >= _LINE_EVERY_SECONDS:
                self.say()

    def say(self) -> None:
        self._said_at = monotonic()
        error_line(f"{self._counts.label}: {self._counts.words()}")


@contextmanager
def _bar(label: str, total: int, done: int) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as RichProgress

    counts, lock = _Counts(label, total, done), Lock()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[words]}"))
    with RichProgress(*columns, console=Console(stderr=True), transient=False) as bar:
        task = bar.add_task(label, total=total, completed=done, words=counts.words())

        class Shown:
            def advance(self, failed: bool = False, cost_usd: Decimal | None = Decimal(0)) -> None:
                with lock:
                    counts.add(failed, cost_usd)
                    bar.update(task, completed=counts.done, words=counts.words())

        yield Shown()
