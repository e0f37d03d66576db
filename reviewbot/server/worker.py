"""The process that works beside the one that serves: started by it, kept alive, and never outliving it.

They are two because of Python's lock: one thread that computes makes every acknowledgement of the same process wait
for it dozens of times. Measured with four such threads: half of all deliveries took longer than three seconds.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Final, NoReturn

from reviewbot.errors import ReviewbotError, StoreError
from reviewbot.jobs.engine import Chore, Engine
from reviewbot.jobs.queue import Handlers
from reviewbot.telemetry import tracers

log = logging.getLogger(__name__)

Observe = Callable[[str, str, float], None]

_HANDLERS_END_SECONDS: Final = 5.0
_CANNOT_START: Final = 3
_START_SECONDS: Final = 60.0
_LONGEST_PAUSE_SECONDS: Final = 30.0
# How long a thread that computes may keep the others waiting. With Python's own 5 ms, several times per transaction,
# a job would hold SQLite's write lock for so long that deliveries in the other process could not be kept in time.
_SWITCH_SECONDS: Final = 0.0005


def run_worker(
    engine: Engine, handlers: Handlers, chores: Sequence[Chore] = (), ready: Callable[[], None] = lambda: None
) -> None:
    """Works in this process until SIGTERM or SIGINT, and is gone within ten seconds of it.

    Raises StoreError where the engine cannot start. Does not return where a handler hangs: its job has been given
    back by then, and Python would wait for its thread.
    """
    stop = stop_on_signals()
    engine.launch(handlers, chores)
    ready()
    try:
        while not stop.wait(1.0):
            pass
    finally:
        left = engine.stop(_HANDLERS_END_SECONDS)
        log.info("worker stopped", extra={"worker": engine.worker_id, "handlers_left": left})
        if left:
            _exit(0)


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set instead of ending the process; call it in the main thread."""
    stop = threading.Event()

    def note(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, note)
    signal.signal(signal.SIGINT, note)
    return stop


class WorkerProcess:
    """A child that works. Where it dies, another takes its place; where its parent dies, it dies at once.

    Its parent has to have no threads and no open connections when it starts. Between the two stands a third, which
    does nothing but wait and fork, as only a process without threads safely can.
    """

    def __init__(self, engine: Engine, handlers: Handlers, chores: Sequence[Chore], observe: Observe) -> None:
        self._engine = engine
        self._handlers = handlers
        self._chores = chores
        self._observe = observe
        self._keeper = 0
        self._lifeline = -1

    def start(self) -> None:
        """Returns when the child works; raises StoreError with what it said where it cannot."""
        reports, reporting = os.pipe()
        lifeline, self._lifeline = os.pipe()
        os.set_blocking(reporting, False)
        # What is there now is for good: left alone by the collector, its memory stays shared by all three processes.
        gc.collect()
        _give_back_memory()
        gc.freeze()
        self._keeper = os.fork()
        if self._keeper == 0:
            os.close(self._lifeline)
            os.close(reports)
            _keep(self._child(reporting, lifeline), lifeline)
        os.close(lifeline)
        os.close(reporting)
        first = _line(reports)
        if first != "ready":
            os.waitpid(self._keeper, 0)
            raise StoreError(first.removeprefix("failed ") or "the worker process could not start; see the log")
        threading.Thread(target=self._listen, args=(reports,), name="reviewbot-reports", daemon=True).start()

    def stop(self) -> None:
        """Tells the child to stop; call `wait` then."""
        try:
            os.kill(self._keeper, signal.SIGTERM)
        except ProcessLookupError:
            log.warning("the worker process has gone already")

    def wait(self, patience_seconds: float) -> None:
        """Returns when the child is gone; after so long it is made to go."""
        until = time.monotonic() + patience_seconds
        while time.monotonic() < until:
            if os.waitpid(self._keeper, os.WNOHANG) != (0, 0):
                return
            time.sleep(0.02)
        log.warning("the worker process was ended by force")
        os.close(self._lifeline)
        os.waitpid(self._keeper, 0)

    def _child(self, reporting: int, lifeline: int) -> Callable[[], NoReturn]:
        def observe(kind: str, result: str, seconds: float) -> None:
            _report(reporting, f"job {kind} {result} {seconds:.3f}")

        def child() -> NoReturn:
            threading.Thread(target=_die_with, args=(lifeline,), daemon=True).start()
            sys.setswitchinterval(_SWITCH_SECONDS)
            self._engine.observe = observe
            try:
                run_worker(self._engine, self._handlers, self._chores, lambda: _report(reporting, "ready"))
            except ReviewbotError as error:
                log.error("the worker process cannot start", extra={"why": str(error)[:300]})
                _report(reporting, f"failed {error}"[:2000].replace("\n", " "))
                _exit(_CANNOT_START)
            except BaseException:
                log.exception("the worker process ends")
                _exit(1)
            _exit(0)

        return child

    def _listen(self, reports: int) -> None:
        """Counts here what the child has done, for only this process is asked for metrics."""
        with os.fdopen(reports, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                match line.split():
                    case ["job", kind, result, seconds]:
                        self._observe(kind, result, float(seconds))


def _give_back_memory() -> None:
    """What starting has used and freed; only glibc has to be asked for it."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _keep(child: Callable[[], NoReturn], lifeline: int) -> NoReturn:
    """Has a child as long as its own parent lives and nobody says stop."""
    stop = stop_on_signals()
    pause_seconds, is_first = 1.0, True
    while True:
        begun = time.monotonic()
        process = os.fork()
        if process == 0:
            child()
        status = _watched(process, lifeline, stop)
        if stop.is_set() or (is_first and status == _CANNOT_START):
            os._exit(0)
        log.error("the worker process has ended and is started again", extra={"status": status})
        if time.monotonic() - begun > _START_SECONDS:
            pause_seconds = 1.0
        stop.wait(pause_seconds)
        pause_seconds, is_first = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS), False


def _watched(process: int, lifeline: int, stop: threading.Event) -> int:
    """Waits for the end of a child; passes the word on when it is to stop. Its exit code, or minus the signal."""
    told = False
    while True:
        found, status = os.waitpid(process, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if stop.is_set() and not told:
            os.kill(process, signal.SIGTERM)
            told = True
        if select.select([lifeline], [], [], 0.1)[0]:
            os.kill(process, signal.SIGKILL)
            os._exit(1)


def _die_with(lifeline: int) -> None:
    """Only the parent holds the other end, and it writes nothing: reading ends when the parent does."""
    os.read(lifeline, 1)
    os._exit(1)


def _report(reporting: int, line: str) -> None:
    """A report that finds no room is lost: working goes before counting."""
    try:
        os.write(reporting, f"{line}\n".encode())
    except OSError:
        log.debug("a report was lost")


def _line(reports: int) -> str:
    """The first report; "" where none comes."""
    text = b""
    until = time.monotonic() + _START_SECONDS
    while not text.endswith(b"\n"):
        if not select.select([reports], [], [], max(0.0, until - time.monotonic()))[0]:
            break
        read = os.read(reports, 1)
        if not read:
            break
        text += read
    return text.decode("utf-8", "replace").strip()


def _exit(status: int) -> NoReturn:
    """Ends the process without waiting for its threads."""
    tracers.flush()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
