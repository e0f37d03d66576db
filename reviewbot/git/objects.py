"""Objects of a repository by name, through one `git cat-file --batch` that stays."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import threading
import time
import weakref
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO

from reviewbot.domain.repository import Sha
from reviewbot.errors import GitError
from reviewbot.git.command import git_failure, started_git
from reviewbot.git.pipes import end_group

MAX_OBJECT_BYTES = 64 * 1024 * 1024
_TIMEOUT_SECONDS = 60.0
_CHUNK_BYTES = 262_144


@dataclass(frozen=True, slots=True)
class GitObject:
    """An object; `kind` is "commit", "tree", "blob" or "tag"."""

    sha: Sha
    kind: str
    content: bytes


class Absence(StrEnum):
    """Why a name leads to no object."""

    MISSING = "missing"
    AMBIGUOUS = "ambiguous"


class ObjectReader:
    """Reads objects for everyone who looks at one repository; safe to share between threads.

    The process starts with the first read, starts anew after it died, and ends with `close` or with the
    reader itself. Names travel through a pipe, so that none of them can act as an option.
    """

    def __init__(self, git_dir: Path, max_object_bytes: int = MAX_OBJECT_BYTES) -> None:
        self._git_dir = git_dir
        self._max_object_bytes = max_object_bytes
        self._lock = threading.Lock()
        self._batch: _Batch | None = None

    def read(self, name: str) -> GitObject | Absence:
        """The object with this name (anything that `git rev-parse` takes); a GitError if git fails.

        An object of more than `max_object_bytes` is a GitError too: it is never a file that a person wrote.
        """
        if not name or "\n" in name or "\0" in name:
            return Absence.MISSING
        request = name.encode("utf-8", "surrogateescape") + b"\n"
        with self._lock:
            try:
                return self._answer(request)
            except _BatchDied as first:
                self._end()
                if not first.had_answered:
                    raise first.failure(self._git_dir) from None
            try:
                return self._answer(request)
            except _BatchDied as second:
                self._end()
                raise second.failure(self._git_dir) from None

    def _answer(self, request: bytes) -> GitObject | Absence:
        if self._batch is None:
            self._batch = _Batch(self._git_dir)
        batch = self._batch
        finished = False
        try:
            batch.send(request)
            answer = batch.receive(self._max_object_bytes)
            finished = True
            return answer
        finally:
            if not finished:
                # What is left in the pipe would be taken for the answer to the next question.
                batch.end()
                self._batch = None

    def _end(self) -> None:
        if self._batch is not None:
            self._batch.end()
            self._batch = None

    def close(self) -> None:
        """Ends the process; a later read starts another."""
        with self._lock:
            self._end()


class _BatchDied(Exception):
    """The process ended before it had answered."""

    def __init__(self, had_answered: bool, stderr: bytes, exit_code: int) -> None:
        super().__init__(stderr)
        self.had_answered = had_answered
        self.stderr = stderr
        self.exit_code = exit_code

    def failure(self, git_dir: Path) -> GitError:
        return git_failure("cat-file", git_dir, self.stderr, self.exit_code)


@dataclass
class _Batch:
    """One running `git cat-file --batch`."""

    git_dir: Path
    answers: int = 0
    unread: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self.stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed together with the process
        self.process = started_git(["cat-file", "--batch"], git_dir=self.git_dir, stderr=self.stderr)
        assert self.process.stdin is not None and self.process.stdout is not None
        self.stdin: IO[bytes] = self.process.stdin
        self.stdout: IO[bytes] = self.process.stdout
        self.end = weakref.finalize(self, _end_batch, self.process, self.stderr)

    def send(self, request: bytes) -> None:
        try:
            self.stdin.write(request)
            self.stdin.flush()
        except (BrokenPipeError, ValueError):
            raise self._death() from None

    def receive(self, max_object_bytes: int) -> GitObject | Absence:
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        header = self._line(deadline)
        for absence in Absence:
            if header.endswith(f" {absence}".encode()):
                self.answers += 1
                return absence
        name, kind, size_bytes = header.decode("ascii", "replace").split(" ")
        size = int(size_bytes)
        if size > max_object_bytes:
            raise GitError(
                f"object {name} in {self.git_dir} has {size} bytes, more than the {max_object_bytes} that are read; "
                "exclude the file from the review"
            )
        content = self._exactly(size + 1, deadline)[:-1]
        self.answers += 1
        return GitObject(Sha(name), kind, content)

    def _line(self, deadline: float) -> bytes:
        while (end := self.unread.find(b"\n")) < 0:
            self._fill(deadline)
        line = bytes(self.unread[:end])
        del self.unread[: end + 1]
        return line

    def _exactly(self, size: int, deadline: float) -> bytes:
        while len(self.unread) < size:
            self._fill(deadline)
        content = bytes(self.unread[:size])
        del self.unread[:size]
        return content

    def _fill(self, deadline: float) -> None:
        poll = select.poll()
        poll.register(self.stdout, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise GitError(
                f"git cat-file in {self.git_dir} gave no answer within {_TIMEOUT_SECONDS:g} seconds; "
                "run `git gc` in the repository and try again"
            )
        chunk = os.read(self.stdout.fileno(), _CHUNK_BYTES)
        if not chunk:
            raise self._death()
        self.unread += chunk

    def _death(self) -> _BatchDied:
        end_group(self.process)
        self.stderr.seek(0)
        # The end of a long file of hints is where the last words stand.
        words = self.stderr.read()[-4_000:]
        return _BatchDied(self.answers > 0, words, self.process.returncode)


def _end_batch(process: subprocess.Popen[bytes], stderr: IO[bytes]) -> None:
    end_group(process)
    for pipe in (process.stdin, process.stdout, stderr):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                continue
