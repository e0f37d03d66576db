"""The place of one repository in the cache: its directory, and who may do what with it at the same time."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from reviewbot.errors import GitError
from reviewbot.git.mirror import prepare_bare

_LOG = logging.getLogger(__name__)
_MOST_PACKS = 100
_POLL_SECONDS = 0.05
_DISCARDED = ".discarded-"


@dataclass(frozen=True, slots=True)
class CacheSlot:
    """Two locks, of the operating system and thus of all threads and processes: readers share `used`, and whoever
    deletes has it alone; `fetching` is for one at a time, beside readers.
    """

    folder: Path
    repo_id: int

    @property
    def git_dir(self) -> Path:
        return self.folder / f"{self.repo_id:d}.git"

    @property
    def _use_file(self) -> Path:
        return self.folder / f"{self.repo_id:d}.use"

    @contextmanager
    def used(self, wait_seconds: float) -> Iterator[None]:
        """While this lasts nobody deletes the repository to save space."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._start_over_if_scattered()
        with _locked(self._use_file, fcntl.LOCK_SH, wait_seconds):
            os.utime(self._use_file)
            yield

    def _start_over_if_scattered(self) -> None:
        """Each fetch adds a pack, and many packs are slow: a fresh shallow fetch costs less than packing anew."""
        if len(list(self.git_dir.glob("objects/pack/*.pack"))) > _MOST_PACKS:
            self.delete_unless_used()

    @contextmanager
    def fetching(self, wait_seconds: float) -> Iterator[None]:
        """While this lasts nobody else fetches into the repository."""
        with _locked(self.folder / f"{self.repo_id:d}.fetch", fcntl.LOCK_EX, wait_seconds):
            yield

    def prepare(self) -> bool:
        """Makes an empty repository where there is none, or only a suspect one; whether it did."""
        if (self.git_dir / "suspect").exists():
            self.discard("an earlier review could not read it")
        if self.git_dir.exists():
            return False
        part = Path(mkdtemp(dir=self.folder, prefix=_DISCARDED))
        prepare_bare(part)
        part.replace(self.git_dir)
        return True

    def suspect(self) -> None:
        """Has the next user start with an empty repository, because this one could not be read."""
        if self.git_dir.is_dir():
            (self.git_dir / "suspect").touch()

    def discard(self, why: str) -> None:
        """Throws the repository away; only while fetching."""
        _LOG.warning("cached repository discarded", extra={"repo_id": self.repo_id, "why": why})
        self._delete()

    def delete_unless_used(self) -> bool:
        """Whether nobody used the repository, so that it is gone now."""
        try:
            with _locked(self._use_file, fcntl.LOCK_EX, 0.0):
                self._delete()
        except CacheBusy:
            return False
        return True

    def _delete(self) -> None:
        # In one step out of the way, so that nobody finds half a repository.
        aside = Path(mkdtemp(dir=self.folder, prefix=_DISCARDED))
        if self.git_dir.exists():
            self.git_dir.replace(aside / self.git_dir.name)
        shutil.rmtree(aside, ignore_errors=True)

    @property
    def last_used(self) -> float:
        """Unix seconds."""
        file = self._use_file if self._use_file.exists() else self.git_dir
        return file.stat().st_mtime

    @property
    def size_bytes(self) -> int:
        total = 0
        for place, _, names in os.walk(self.git_dir):
            for name in names:
                # a fetch that goes on beside this takes its temporary files away
                with suppress(FileNotFoundError):
                    total += (Path(place) / name).lstat().st_size
        return total


class CacheBusy(GitError):
    """Somebody else fetches the same repository, and takes long."""


def slots_in(folder: Path) -> list[CacheSlot]:
    """The repositories of a cache, the one that was not used for longest first."""
    found = [CacheSlot(folder, int(place.stem)) for place in folder.glob("*.git") if place.stem.isdecimal()]
    return sorted(found, key=lambda slot: slot.last_used)


def remove_leftovers(folder: Path, older_than_seconds: float) -> None:
    """Deletes what a process left behind that was ended while it deleted or made a repository."""
    for place in folder.glob(f"{_DISCARDED}*"):
        if time.time() - place.stat().st_mtime > older_than_seconds:
            shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _locked(file: Path, kind: int, wait_seconds: float) -> Iterator[None]:
    """Lock files are never deleted: somebody may be waiting for one that has no name any more."""
    deadline = time.monotonic() + wait_seconds
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise CacheBusy(
                        f"{file} is held by another fetch for more than {wait_seconds:g} seconds; try again later"
                    ) from None
                time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)
