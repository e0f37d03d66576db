"""Running a program that reads untrusted files, so that neither it nor its children outlive their welcome."""

from __future__ import annotations

import ctypes
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO

MINIMAL_PATH = "/usr/local/bin:/usr/bin:/bin"
STDERR_TAIL_BYTES = 32_000
_CHUNK_BYTES = 65_536
_POLL_SECONDS = 0.05
_DRAIN_SECONDS = 0.5
_CANNOT_START_EXIT_CODE = 126
_PR_SET_DUMPABLE = 4
_living: set[subprocess.Popen[bytes]] = set()

# Limits are set by a small program that then becomes the wanted one: `preexec_fn` can deadlock a process
# that has threads. Python ignores SIGPIPE and SIGXFSZ, which the wanted program must not inherit.
_LAUNCHER = """
import os, resource, signal, sys
memory_limit_bytes = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
if memory_limit_bytes:
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    bound = memory_limit_bytes if hard == resource.RLIM_INFINITY else min(memory_limit_bytes, hard)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    except (OSError, ValueError):
        pass
for name in ("SIGPIPE", "SIGXFSZ", "SIGINT"):
    signal.signal(getattr(signal, name), signal.SIG_DFL)
try:
    os.execv(sys.argv[2], sys.argv[2:])
except OSError as error:
    os.write(2, ("cannot be started: " + str(error.strerror)).encode())
    os._exit(126)
"""


@dataclass(frozen=True, slots=True)
class ChildResult:
    """What became of a child process.

    `failure` says why it has no result (not found, too slow, too much output, ended by a signal); an exit
    code other than 0 is for the caller to judge. `exit_code` is None where the child was killed or never ran.
    """

    exit_code: int | None
    stdout: bytes
    stderr_tail: str
    failure: str | None


def run_child(
    arguments: Sequence[str],
    *,
    cwd: Path,
    stdin: bytes,
    timeout_seconds: float,
    max_output_bytes: int,
    environment: Mapping[str, str],
    memory_limit_bytes: int | None,
) -> ChildResult:
    """Runs a program in a session of its own, without a shell, and returns when it and its process group are gone.

    `environment` is all that the child gets; a PATH is added where none is given. `max_output_bytes` bounds
    standard output and standard error, each by itself; `memory_limit_bytes` the address space of each process.
    """
    _close_to_programs()
    scrubbed = {"PATH": MINIMAL_PATH, **environment}
    program = shutil.which(arguments[0], path=scrubbed["PATH"])
    if program is None:
        return _never_ran(f"{arguments[0]} was not found (PATH {scrubbed['PATH']}); install it or give its full path")
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(memory_limit_bytes or 0)]
    command = [*launcher, str(Path(program).absolute()), *arguments[1:]]
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=scrubbed,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return _never_ran(f"{arguments[0]} could not be started in {cwd}: {error}")
    _living.add(process)
    conversation = _Conversation(process, stdin, max_output_bytes, time.monotonic() + timeout_seconds)
    try:
        failure = conversation.failure()
    finally:
        _end_group(process)
        _living.discard(process)
        conversation.close()
    return _result(arguments[0], process, conversation, failure and failure.format(seconds=timeout_seconds))


def end_children() -> None:
    """Kills every child that is still running: for a process that ends without waiting for its threads."""
    for process in tuple(_living):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


@cache
def _close_to_programs() -> None:
    """Keeps programs of the same user from reading this process's memory and first environment, where keys may stand.

    Linux shows both below /proc to every process of a user, until a process says that it cannot be dumped.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _never_ran(failure: str) -> ChildResult:
    return ChildResult(exit_code=None, stdout=b"", stderr_tail="", failure=failure)


@dataclass
class _Conversation:
    """The three pipes of a running child, served by one thread until the child has ended or gone too far."""

    process: subprocess.Popen[bytes]
    unsent: bytes
    max_output_bytes: int
    deadline: float
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    stderr_bytes: int = 0
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def __post_init__(self) -> None:
        for pipe in self._pipes:
            os.set_blocking(pipe.fileno(), False)
            event = selectors.EVENT_WRITE if pipe is self.process.stdin else selectors.EVENT_READ
            self.selector.register(pipe, event)

    @property
    def _pipes(self) -> list[IO[bytes]]:
        return [pipe for pipe in (self.process.stdin, self.process.stdout, self.process.stderr) if pipe is not None]

    def failure(self) -> str | None:
        """Serves the pipes until the child has ended (None), is too slow or writes too much (the reason)."""
        while not _has_ended(self.process):
            if time.monotonic() >= self.deadline:
                return "did not finish within {seconds:g} seconds"
            if self._wrote_too_much():
                return f"wrote more than {self.max_output_bytes} bytes"
            self._serve(min(_POLL_SECONDS, max(0.0, self.deadline - time.monotonic())))
        _end_group(self.process)
        drain_deadline = time.monotonic() + _DRAIN_SECONDS
        while self._is_reading() and not self._wrote_too_much() and time.monotonic() < drain_deadline:
            self._serve(_POLL_SECONDS)
        return f"wrote more than {self.max_output_bytes} bytes" if self._wrote_too_much() else None

    def _wrote_too_much(self) -> bool:
        return len(self.stdout) > self.max_output_bytes or self.stderr_bytes > self.max_output_bytes

    def _is_reading(self) -> bool:
        return any(key.fileobj is not self.process.stdin for key in self.selector.get_map().values())

    def _serve(self, seconds: float) -> None:
        if not self._is_reading():
            # Both ends of output are closed, the child lives on: only its end is left to wait for.
            time.sleep(min(seconds, 0.002))
        for key, _ in self.selector.select(seconds if self._is_reading() else 0):
            pipe = key.fileobj
            if pipe is self.process.stdin:
                self._send()
            else:
                self._receive(key.fd, pipe is self.process.stdout)

    def _send(self) -> None:
        stdin = self.process.stdin
        if stdin is None:
            return
        try:
            sent = os.write(stdin.fileno(), self.unsent[:_CHUNK_BYTES]) if self.unsent else 0
        except BlockingIOError:
            return
        except BrokenPipeError:
            sent = len(self.unsent)
        self.unsent = self.unsent[sent:]
        if not self.unsent:
            self.selector.unregister(stdin)
            stdin.close()

    def _receive(self, descriptor: int, is_stdout: bool) -> None:
        try:
            chunk = os.read(descriptor, _CHUNK_BYTES)
        except BlockingIOError:
            return
        if not chunk:
            self.selector.unregister(descriptor)
        elif is_stdout:
            self.stdout += chunk
        else:
            self.stderr_bytes += len(chunk)
            self.stderr = (self.stderr + chunk)[-STDERR_TAIL_BYTES:]

    def close(self) -> None:
        self.selector.close()
        for pipe in self._pipes:
            pipe.close()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    # The dead leader is left unreaped here: while it is a zombie, its group's number cannot be given to others.
    if not hasattr(os, "waitid"):
        return process.poll() is not None
    if process.returncode is not None:
        return True
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end_group(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is not None:
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
    process.wait()


def _result(
    program: str, process: subprocess.Popen[bytes], conversation: _Conversation, failure: str | None
) -> ChildResult:
    stdout = bytes(conversation.stdout[: conversation.max_output_bytes])
    stderr_tail = conversation.stderr.decode("utf-8", "replace").strip()
    if failure is not None:
        return ChildResult(None, stdout, stderr_tail, f"{program} {failure}")
    exit_code = process.returncode
    if exit_code < 0:
        return ChildResult(exit_code, stdout, stderr_tail, f"{program} was ended by signal {_signal_name(-exit_code)}")
    if exit_code == _CANNOT_START_EXIT_CODE and stderr_tail.startswith("cannot be started: "):
        return ChildResult(None, stdout, stderr_tail, f"{program} {stderr_tail}")
    return ChildResult(exit_code, stdout, stderr_tail, None)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
