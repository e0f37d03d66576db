"""The file below a ledger: one JSON object a line, found by key without keeping its text in memory."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from reviewbot.errors import StoreError


class LedgerFile:
    """Records by key in a JSONL file; memory grows by one offset for each, however long the answers.

    A last line that was cut off by a crash is dropped. Several processes may append to one file; each sees what was
    there when it opened it, and its own.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._offsets: dict[bytes, int] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and not path.is_file():
                raise StoreError(f"{path}: the ledger cannot be kept in what is no regular file: name another path")
            self._stream: BinaryIO = path.open("a+b", buffering=0)
            with self._owned():
                self._index()
        except OSError as error:
            raise self._store_error("opened", error) from error

    def record_of(self, key: str) -> dict[str, object] | None:
        """The record of a key; None where there is none."""
        offset = self._offsets.get(key.encode())
        if offset is None:
            return None
        try:
            line = self._line_at(offset)
        except OSError as error:
            raise self._store_error("read", error) from error
        record = _parsed(line)
        if record is None or record.get("key") != key:
            raise StoreError(f"{self._path}: changed under the running program: stop what writes to it, and run again")
        return record

    def append(self, key: str, record: dict[str, object]) -> None:
        """Writes a record; it is on disk when this returns, and the file is as before when it raises."""
        line = json.dumps(record).encode() + b"\n"
        try:
            with self._lock, self._owned():
                offset = os.fstat(self._stream.fileno()).st_size
                try:
                    self._write(line)
                except OSError:
                    os.ftruncate(self._stream.fileno(), offset)
                    raise
                self._offsets[key.encode()] = offset
        except OSError as error:
            raise self._store_error("written", error) from error

    def close(self) -> None:
        self._stream.close()

    def _write(self, line: bytes) -> None:
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(self._stream.fileno(), rest) :]
        os.fsync(self._stream.fileno())

    def _line_at(self, offset: int) -> bytes:
        chunks: list[bytes] = []
        while True:
            chunk = os.pread(self._stream.fileno(), 65_536, offset)
            end = chunk.find(b"\n")
            if not chunk or end >= 0:
                return b"".join([*chunks, chunk[: max(0, end)]])
            chunks.append(chunk)
            offset += len(chunk)

    def _index(self) -> None:
        offset, bad_line = 0, 0
        bad_offset = 0
        with self._path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if bad_line:
                    what = f"{self._path}:{bad_line}: not an entry of a ledger"
                    raise StoreError(f"{what}: remove the line, or start with a new file")
                record = _parsed(line) if line.endswith(b"\n") else None
                if record is None:
                    bad_line, bad_offset = number, offset
                else:
                    self._offsets[str(record["key"]).encode()] = offset
                offset += len(line)
        if bad_line:
            os.ftruncate(self._stream.fileno(), bad_offset)

    @contextmanager
    def _owned(self) -> Iterator[None]:
        """Holds the file against other processes, for as long as one line takes."""
        fcntl.flock(self._stream.fileno(), fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._stream.fileno(), fcntl.LOCK_UN)

    def _store_error(self, what: str, error: OSError) -> StoreError:
        return StoreError(
            f"{self._path}: the ledger cannot be {what} ({error}): check its directory and the space left"
        )


def _parsed(line: bytes) -> dict[str, object] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and isinstance(record.get("key"), str) else None
