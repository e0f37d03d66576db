"""Which requests are in which batch, on disk before anything is sent: a run that was stopped takes them up again."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reviewbot.errors import StoreError


@dataclass(frozen=True, slots=True)
class Submission:
    """A wave of requests by their hashes; `batch` is None where it is not known whether the service took it.

    `mark` is ours, unique to the wave; `at` is when it was about to be sent.
    """

    model: str
    mark: str
    keys: tuple[str, ...]
    at: datetime
    batch: str | None = None


class BatchJournal:
    """Submissions in a JSONL file. A row is on disk when `begin` or `settle` returns; a torn last line is ignored."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self, submission: Submission) -> None:
        """Notes what is about to be sent."""
        row = {"mark": submission.mark, "model": submission.model, "at": submission.at.isoformat()}
        self._append({**row, "keys": list(submission.keys)})

    def settle(self, mark: str, batch: str | None) -> None:
        """Notes the name that the service gave to a wave; None for a wave that it does not have."""
        self._append({"mark": mark, "batch": batch})

    def submissions(self, model: str) -> Sequence[Submission]:
        """What was sent to a model, or perhaps was, in order. Raises StoreError for a file that is no journal."""
        begun: dict[str, Submission] = {}
        dropped: set[str] = set()
        for row in self._rows():
            try:
                if "keys" in row:
                    moment = datetime.fromisoformat(row["at"])
                    begun[row["mark"]] = Submission(row["model"], row["mark"], tuple(row["keys"]), moment)
                elif row["batch"] is None:
                    dropped.add(row["mark"])
                else:
                    earlier = begun[row["mark"]]
                    begun[row["mark"]] = Submission(earlier.model, earlier.mark, earlier.keys, earlier.at, row["batch"])
            except (KeyError, TypeError, ValueError) as error:
                raise StoreError(
                    f"{self._path}: not a journal of batches ({error!r}): move it away, and what is under way is lost"
                ) from error
        return [one for one in begun.values() if one.model == model and one.mark not in dropped]

    def _rows(self) -> list[dict[str, str]]:
        try:
            lines = self._path.read_bytes().splitlines() if self._path.exists() else []
        except OSError as error:
            raise StoreError(f"{self._path} cannot be read ({error.strerror})") from error
        rows = []
        for number, line in enumerate(lines, start=1):
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                if number < len(lines) and lines[number].strip():
                    continue  # A torn line that a later start wrote on after.
                if number < len(lines):
                    raise StoreError(f"{self._path}:{number}: not a row of a journal") from error
        return [row for row in rows if isinstance(row, dict)]

    def _append(self, row: dict[str, object]) -> None:
        try:
            with self._path.open("a+b") as file:
                file.seek(0, os.SEEK_END)
                if file.tell():
                    file.seek(-1, os.SEEK_END)
                    if file.read(1) != b"\n":
                        file.write(b"\n")
                file.write(json.dumps(row).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(f"{self._path} cannot be written ({error.strerror}); free some space and go on") from error
