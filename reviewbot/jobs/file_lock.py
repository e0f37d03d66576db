"""A lock on a file, so that one process at a time works on an SQLite database. The system frees it with its holder."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from reviewbot.errors import StoreError


class FileLock:
    """Holds the lock from `take` to `free`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def take(self, patience_seconds: float = 5.0) -> None:
        """Raises StoreError with the remedy where another process holds it, or the file cannot be written.

        The patience is for one that has just been told to go.
        """
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"cannot write {self._path}: {error.strerror}; set REVIEWBOT_DATABASE_URL") from error
        if not _locked(file, patience_seconds):
            holder = os.pread(file, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(file)
            raise StoreError(
                f"another reviewbot (process {holder}) works on {self._path.with_suffix('')}; stop it first, or set "
                "REVIEWBOT_DATABASE_URL to postgresql://... which any number of processes can share"
            )
        os.truncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        self._file = file

    def free(self) -> None:
        """Does nothing where it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _locked(file: int, patience_seconds: float) -> bool:
    until = time.monotonic() + patience_seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > until:
                return False
        time.sleep(0.05)
