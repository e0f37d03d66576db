"""The log of a retro run: a folder that holds what was asked, every replay and every verdict.

The log is the product; scores and reports can be made anew from it at any time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from threading import Lock
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from reviewbot.domain.incident import Exposure
from reviewbot.domain.replay import CaseVerdict, PlantedVerdict, Replay
from reviewbot.errors import InputError, StoreError

Row = TypeVar("Row")

REPLAYS, VERDICTS, PLANTED = "replays.jsonl", "verdicts.jsonl", "planted.jsonl"
RUN, LEDGER = "run.json", "ledger.jsonl"


@dataclass(frozen=True)
class RunSettings:
    """What a run was started with; a run can be resumed only with the same."""

    incidents_file: str
    repos: str | None
    cases_sha256: str
    arms: tuple[str, ...]
    labels: tuple[str, ...]
    models: tuple[str | None, ...]
    trials: tuple[int, ...]
    judge: str | None
    reviewbot_version: str
    started_at: str
    policy: str | None = None
    policy_hash: str = ""
    controls: tuple[Exposure, ...] | None = None
    """The quiet changes that a rule has found, None where none was asked for."""
    judges: tuple[str, ...] = ()
    """Further judges beside `judge`."""
    opinions: int = 1
    """How many judges each finding gets before a dispute."""


_SETTINGS = TypeAdapter(RunSettings)
_REPLAY = TypeAdapter(Replay)
_VERDICT = TypeAdapter(CaseVerdict)
_PLANTED = TypeAdapter(PlantedVerdict)


class RunLog:
    """A run's folder. Appending is safe from several threads and survives a kill: a torn last line is ignored."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = Lock()

    @property
    def batches(self) -> Path:
        """Where it is noted which requests are in which batch."""
        return self.folder / "batches.jsonl"

    @property
    def ledger(self) -> Path:
        return self.folder / LEDGER

    def start(self, settings: RunSettings, resume: bool) -> RunSettings:
        """Makes the folder, or takes up the run in it; what is in force, the moment of the first start included."""
        earlier = self.settings()
        if earlier is None:
            self.save_settings(settings)
            return settings
        if not resume:
            raise InputError(f"{self.folder} holds a run already; continue it with --resume or name another --out")
        for name in ("cases_sha256", "arms", "models", "policy_hash"):
            before, now = getattr(earlier, name), getattr(settings, name)
            if before != now:
                raise InputError(
                    f"{self.folder} holds a run with other {name.replace('_', ' ')} ({before}, now {now}); "
                    "name another --out"
                )
        merged = RunSettings(**{**settings.__dict__, "started_at": earlier.started_at})
        self.save_settings(merged)
        return merged

    def save_settings(self, settings: RunSettings) -> None:
        self._write(RUN, _SETTINGS.dump_json(settings, indent=2) + b"\n")

    def settings(self) -> RunSettings | None:
        path = self.folder / RUN
        if not path.exists():
            return None
        try:
            return _SETTINGS.validate_json(_content(path))
        except ValidationError as error:
            raise InputError(
                f"{path}: not a run of this version ({error.errors()[0]['msg']}); name another folder with --out"
            ) from error

    def spent_usd(self) -> Decimal:
        """What the answers in the ledger have cost up to now, as far as prices are known."""
        if not self.ledger.is_file():
            return Decimal(0)
        with self.ledger.open("rb") as file:
            return sum(map(_cost_in, file), Decimal(0))

    def append(self, replay: Replay) -> None:
        """Adds a replay and sees it on the disk before it returns."""
        line = _REPLAY.dump_json(replay) + b"\n"
        path = self.folder / REPLAYS
        try:
            with self._lock, path.open("ab") as file:
                if file.tell() and not _ends_with_line_feed(path):
                    file.write(b"\n")
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(
                f"cannot write {path}: {error.strerror}; free some space and go on with --resume"
            ) from error

    def replays(self) -> list[Replay]:
        """The newest replay of each case, arm and trial, in a fixed order."""
        newest = {replay.key: replay for replay in self._rows(REPLAYS, _REPLAY)}
        return [newest[key] for key in sorted(newest)]

    def write_verdicts(self, verdicts: Iterable[CaseVerdict]) -> None:
        self._write(VERDICTS, b"".join(_VERDICT.dump_json(verdict) + b"\n" for verdict in verdicts))

    def write_planted(self, verdicts: Iterable[PlantedVerdict]) -> None:
        self._write(PLANTED, b"".join(_PLANTED.dump_json(verdict) + b"\n" for verdict in verdicts))

    def planted(self) -> list[PlantedVerdict]:
        return list(self._rows(PLANTED, _PLANTED))

    def verdicts(self) -> list[CaseVerdict]:
        return list(self._rows(VERDICTS, _VERDICT))

    def write_text(self, name: str, text: str) -> Path:
        """Puts a finished file of the report into the folder, whole or not at all."""
        return self._write(name, text.encode("utf-8", "replace"))

    def _rows(self, name: str, adapter: TypeAdapter[Row]) -> Iterator[Row]:
        path = self.folder / name
        if not path.exists():
            return
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    yield adapter.validate_json(line)
                except ValidationError as error:
                    if line.endswith(b"\n") and not _is_torn(line):
                        raise InputError(
                            f"{path}:{number}: not a row of this version: {error.errors()[0]['msg']}"
                        ) from error

    def _write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        part = path.with_suffix(path.suffix + ".part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            part.replace(path)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise StoreError(
                f"cannot write {path}: {error.strerror}; free some space, or name another folder with --out"
            ) from error
        return path


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error


def _cost_in(line: bytes) -> Decimal:
    """The cost that a line of the ledger tells; 0 where it tells none."""
    try:
        row = json.loads(line)
        return (
            Decimal(str(row["cost_usd"])) if isinstance(row, dict) and row.get("cost_usd") is not None else Decimal(0)
        )
    except (ValueError, ArithmeticError, RecursionError):
        return Decimal(0)


def _ends_with_line_feed(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _is_torn(line: bytes) -> bool:
    """Whether a write was cut off here: such a line is not JSON at all, whatever came after it."""
    try:
        json.loads(line)
    except ValueError:
        return True
    return False
