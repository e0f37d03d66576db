"""Asking through a vendor's batch interface: at half the price, and hours later."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from reviewbot.errors import BudgetExhausted, ReviewbotError
from reviewbot.llm.batch_journal import BatchJournal, Submission
from reviewbot.ports import Completion, Model, ModelBusy, ModelDenied, ModelError, ModelUnreachable, Prompt

BATCH_PRICE = Decimal("0.5")
"""Of the usual price: Anthropic's and OpenAI's price lists, 2026-11."""
MOST_IN_A_BATCH = 400
"""Far below the services' limits (100,000 and 50,000): the answers of one batch are read whole."""
_QUIET_SECONDS = 1.0
_FIRST_POLL_SECONDS, _SLOWEST_POLL_SECONDS = 1.0, 60.0
_SUBMISSIONS_TRIED = 8


class BatchGone(ModelError):
    """The service knows no such batch, or not any more."""


class BatchService(Protocol):
    """What a vendor's batch interface can do. Every method may raise a ModelError.

    Requests go by their hashes; a row is whatever the vendor answered to one, and `completion` reads it.
    """

    @property
    def name(self) -> str: ...

    def submit(self, prompts: Mapping[str, Prompt], mark: str) -> str:
        """Hands in a batch and returns its name there."""
        ...

    def rows(self, batch: str) -> Mapping[str, object] | None:
        """The answered rows of a batch that has ended; None while it runs. Raises BatchGone."""
        ...

    def cancel(self, batch: str) -> None: ...

    def find(self, submission: Submission) -> Sequence[str]:
        """Batches that may be this submission, of which nobody noted the name."""
        ...

    def completion(self, row: object, prompt: Prompt) -> Completion:
        """The answer in a row, at the usual price; raises what asking one by one would have raised."""
        ...


@dataclass(slots=True)
class _Running:
    submission: Submission
    batch: str
    next_poll: float
    interval: float = _FIRST_POLL_SECONDS
    is_cancelled: bool = False


class BatchingModel:
    """A model whose callers wait while their requests go through batches, a wave at a time.

    A wave is sent when nobody has asked for a second. What a batch leaves unanswered (it expired, was cancelled at the
    deadline, or the service failed at it) is asked for by `direct`, at the usual price. A wave is in the journal before
    it is sent, and taken up from there when the same is asked again by a later run.
    """

    def __init__(
        self,
        service: BatchService,
        direct: Model,
        journal: BatchJournal,
        deadline_seconds: float | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._service = service
        self._direct = direct
        self._journal = journal
        self._deadline_seconds = deadline_seconds
        self._say = say
        self._changed = threading.Condition()
        self._waiting: dict[str, Prompt] = {}
        self._asked_at = 0.0
        self._running: list[_Running] = []
        self._rows: dict[str, object] = {}
        self._worker: threading.Thread | None = None
        self._ended: ReviewbotError | None = None

    @property
    def name(self) -> str:
        return self._service.name

    def complete(self, prompt: Prompt) -> Completion:
        started = time.monotonic()
        row = self._row_for(prompt.request_hash(self.name), prompt)
        if row is None:
            return self._direct.complete(prompt)
        if isinstance(row, ModelError):
            raise row
        try:
            completion = self._service.completion(row, prompt)
        except ModelBusy:
            return self._direct.complete(prompt)
        except ModelError as failure:
            failure.cost_usd = None if failure.cost_usd is None else failure.cost_usd * BATCH_PRICE
            raise
        cost = None if completion.cost_usd is None else completion.cost_usd * BATCH_PRICE
        return replace(completion, cost_usd=cost, seconds=time.monotonic() - started)

    def stop(self) -> None:
        """Ends the waiting: whoever asked gets BudgetExhausted. Batches under way go on at the service."""
        self._end(BudgetExhausted("interrupted; batches that were handed in go on, and are taken up by the next start"))

    def _row_for(self, key: str, prompt: Prompt) -> object:
        with self._changed:
            self._start_worker()
            if key not in self._rows and not any(key in one.submission.keys for one in self._running):
                self._waiting[key] = prompt
                self._asked_at = time.monotonic()
            self._changed.notify_all()
            while key not in self._rows:
                if self._ended is not None:
                    raise self._ended
                self._changed.wait()
            return self._rows.pop(key)

    def _start_worker(self) -> None:
        if self._worker is None:
            now = time.monotonic()
            self._running = [_Running(one, one.batch or "", now) for one in self._taken_up()]
            self._worker = threading.Thread(target=self._work, name="batches", daemon=True)
            self._worker.start()

    def _taken_up(self) -> list[Submission]:
        """What earlier starts handed in, also where they did not live to learn its name."""
        found = []
        known = self._journal.submissions(self.name)
        names = {one.batch for one in known}
        for one in known:
            if one.batch is None:
                batch = next((name for name in self._service.find(one) if name not in names), None)
                self._journal.settle(one.mark, batch)
                names.add(batch)
                one = replace(one, batch=batch)
            if one.batch is not None:
                found.append(one)
        return found

    def _work(self) -> None:
        try:
            while self._ended is None:
                with self._changed:
                    self._changed.wait_for(lambda: self._waiting or self._running or self._ended)
                    wave = self._next_wave()
                if wave:
                    self._submit(wave)
                self._poll()
                with self._changed:
                    self._changed.wait(0.1)
        except ReviewbotError as error:
            self._end(error)
        finally:
            # Whatever ended it, nobody waits for ever.
            self._end(ModelUnreachable(f"{self.name}: the batches are no longer looked after"))

    def _next_wave(self) -> dict[str, Prompt]:
        """Those who wait, once nobody new has come for a moment."""
        is_quiet = time.monotonic() - self._asked_at >= _QUIET_SECONDS
        if not self._waiting or (not is_quiet and len(self._waiting) < MOST_IN_A_BATCH):
            return {}
        wave = dict(list(self._waiting.items())[:MOST_IN_A_BATCH])
        for key in wave:
            del self._waiting[key]
        return wave

    def _submit(self, wave: Mapping[str, Prompt]) -> None:
        submission = Submission(self.name, uuid.uuid4().hex, tuple(wave), datetime.now(UTC))
        self._journal.begin(submission)
        for attempt in range(_SUBMISSIONS_TRIED):
            try:
                batch = self._service.submit(wave, submission.mark)
                break
            except ModelUnreachable as error:
                # It may have been taken all the same: looked for before it is sent again.
                found = self._found(submission)
                if found is not None:
                    batch = found
                    break
                failure: ModelError = error
            except ModelBusy as error:
                failure = error
            except ModelError as error:
                self._journal.settle(submission.mark, None)
                self._give(dict.fromkeys(wave, error))
                return
            self._pause(min(_SLOWEST_POLL_SECONDS, 2.0**attempt))
        else:
            self._journal.settle(submission.mark, None)
            self._give(dict.fromkeys(wave, failure))
            return
        self._journal.settle(submission.mark, batch)
        self._say(f"Batch {batch} of {self.name} was handed in with {len(wave)} requests.")
        with self._changed:
            now = time.monotonic() + _FIRST_POLL_SECONDS
            self._running.append(_Running(replace(submission, batch=batch), batch, now))

    def _found(self, submission: Submission) -> str | None:
        known = {one.batch for one in self._journal.submissions(self.name)}
        try:
            return next((name for name in self._service.find(submission) if name not in known), None)
        except ModelError:
            return None

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._ended is not None, seconds)

    def _poll(self) -> None:
        for one in [one for one in self._running if one.next_poll <= time.monotonic()]:
            try:
                rows: Mapping[str, object] | None = self._service.rows(one.batch)
                if rows is None:
                    self._cancel_if_late(one)
            except BatchGone:
                rows = {}
            except (ModelBusy, ModelUnreachable):
                rows = None
            except ModelError as error:
                rows = dict.fromkeys(one.submission.keys, error)
            one.next_poll = time.monotonic() + one.interval
            one.interval = min(_SLOWEST_POLL_SECONDS, one.interval * 1.5)
            if rows is not None:
                self._settle(one, rows)

    def _cancel_if_late(self, one: _Running) -> None:
        late = self._deadline_seconds is not None and datetime.now(UTC) > one.submission.at + timedelta(
            seconds=self._deadline_seconds
        )
        if late and not one.is_cancelled:
            with suppress(ModelDenied):  # It has just ended by itself.
                self._service.cancel(one.batch)
            one.is_cancelled = True
            one.interval = _FIRST_POLL_SECONDS
            self._say(f"Batch {one.batch} of {self.name} is past its deadline: the rest is asked for one by one.")

    def _settle(self, one: _Running, rows: Mapping[str, object]) -> None:
        answers = {key: rows.get(key) for key in one.submission.keys}
        left = sum(row is None for row in answers.values())
        if left:
            self._say(
                f"Batch {one.batch} of {self.name} left {left} of {len(answers)} requests unanswered: "
                "those are asked for one by one, at the usual price."
            )
        with self._changed:
            self._running.remove(one)
        self._give(answers)

    def _give(self, rows: Mapping[str, object]) -> None:
        with self._changed:
            self._rows.update(rows)
            self._changed.notify_all()

    def _end(self, error: ReviewbotError) -> None:
        with self._changed:
            self._ended = self._ended or error
            self._changed.notify_all()
