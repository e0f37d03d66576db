"""What belongs together: one id on every log line of a piece of work, and a span for each of its steps.

Without a tracer a span costs nothing and is nothing. Names and numbers only: no text of a change, prompt or answer.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

P = ParamSpec("P")
T = TypeVar("T")

_TRACE: ContextVar[str] = ContextVar("reviewbot_trace", default="")


class Tracers:
    """Makes the process's tracer when the first span begins: not before a fork, which would lose its threads."""

    def __init__(self) -> None:
        self._open: Callable[[], tuple[Tracer, Callable[[], object]]] | None = None
        self._made: tuple[int, Tracer, Callable[[], object]] | None = None

    def use(self, opened: Callable[[], tuple[Tracer, Callable[[], object]]] | None) -> None:
        """`opened` makes a tracer and what sends off the spans that still wait; None for no traces."""
        self._open, self._made = opened, None

    def tracer(self) -> Tracer | None:
        if self._open is None:
            return None
        if self._made is None or self._made[0] != os.getpid():
            self._made = (os.getpid(), *self._open())
        return self._made[1]

    def flush(self) -> None:
        """Sends off what waits, before the process ends."""
        if self._made is not None and self._made[0] == os.getpid():
            self._made[2]()


tracers = Tracers()


def trace_id() -> str:
    """The id of the work in hand, "" outside of any."""
    return _TRACE.get()


@contextmanager
def traced(name: str, work_id: str) -> Iterator[None]:
    """A piece of work from its beginning to its end; its id is the same in each attempt and in every process."""
    token = _TRACE.set(work_id)
    try:
        with span(name, **{"reviewbot.trace": work_id}):
            yield
    finally:
        _TRACE.reset(token)


@contextmanager
def span(name: str, **attributes: str | int | float) -> Iterator[Callable[[str, str | int | float], None]]:
    """One step. What is yielded sets an attribute that is known only at its end; an exception is noted by its kind."""
    tracer = tracers.tracer()
    if tracer is None:
        yield _nothing
        return
    with (
        tracer.start_as_current_span(
            name, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as current,
        _Ending(current),
    ):
        yield current.set_attribute


def _nothing(_name: str, _value: str | int | float) -> None:
    """There is no span to say it of."""


class _Ending:
    """Marks a span that an exception ends. Its words are left out: they can hold anything."""

    def __init__(self, current: Span) -> None:
        self._current = current

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, _error: object, _trace: object) -> None:
        if kind is not None:
            from opentelemetry.trace import Status, StatusCode

            self._current.set_attribute("error.type", kind.__name__)
            self._current.set_status(Status(StatusCode.ERROR))


def carried(function: Callable[P, T]) -> Callable[P, T]:
    """The function as it is to be called in another thread: with the id and the span of this one."""
    context = copy_context()

    def call(*arguments: P.args, **named: P.kwargs) -> T:
        return context.copy().run(function, *arguments, **named)

    return call
