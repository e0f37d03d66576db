"""Talking to a running git through its pipes, with limits that hold."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import IO

_CHUNK_BYTES = 262_144
_STDERR_BYTES = 16_384


@dataclass
class Conversation:
    """One exchange: all of `stdin` is sent, output is collected until the end or a limit.

    Afterwards `stdout` holds no more than the limits allow; `is_cut` and `is_late` say which limit ended it.
    """

    process: subprocess.Popen[bytes]
    stdin: bytes
    deadline: float
    max_output_bytes: int
    max_output_lines: int | None = None
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    is_cut: bool = False
    is_late: bool = False
    _lines: int = 0

    def hold(self) -> None:
        """Serves the three pipes; on return git has ended, or a limit was passed and it has to be ended."""
        with selectors.DefaultSelector() as selector:
            for pipe in self._pipes():
                os.set_blocking(pipe.fileno(), False)
                event = selectors.EVENT_WRITE if pipe is self.process.stdin else selectors.EVENT_READ
                selector.register(pipe, event)
            while selector.get_map() and not self.is_cut and not self.is_late:
                for key, _ in selector.select(max(0.0, self.deadline - time.monotonic())):
                    if not self._serve(key.fd):
                        selector.unregister(key.fd)
                        self._close_if_input(key.fd)
                self.is_late = time.monotonic() >= self.deadline
        if not self.is_cut and not self.is_late:
            self._wait()

    def _pipes(self) -> list[IO[bytes]]:
        return [pipe for pipe in (self.process.stdin, self.process.stdout, self.process.stderr) if pipe is not None]

    def _serve(self, descriptor: int) -> bool:
        """Whether the pipe has more to give or take."""
        stdin = self.process.stdin
        try:
            if stdin is not None and not stdin.closed and descriptor == stdin.fileno():
                return self._send(stdin)
            chunk = os.read(descriptor, _CHUNK_BYTES)
        except BlockingIOError:
            return True
        stdout = self.process.stdout
        if stdout is not None and descriptor == stdout.fileno():
            self._collect(chunk)
        else:
            self.stderr += chunk[: max(0, _STDERR_BYTES - len(self.stderr))]
        return bool(chunk)

    def _send(self, stdin: IO[bytes]) -> bool:
        try:
            sent = os.write(stdin.fileno(), self.stdin[:_CHUNK_BYTES]) if self.stdin else 0
        except BrokenPipeError:
            sent = len(self.stdin)
        self.stdin = self.stdin[sent:]
        return bool(self.stdin)

    def _close_if_input(self, descriptor: int) -> None:
        stdin = self.process.stdin
        if stdin is not None and not stdin.closed and descriptor == stdin.fileno():
            stdin.close()

    def _collect(self, chunk: bytes) -> None:
        self.stdout += chunk
        if len(self.stdout) > self.max_output_bytes:
            del self.stdout[self.max_output_bytes :]
            self.is_cut = True
        if self.max_output_lines is not None:
            self._lines += chunk.count(b"\n")
            self.is_cut = self.is_cut or self._lines > self.max_output_lines

    def _wait(self) -> None:
        try:
            self.process.wait(max(0.0, self.deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.is_late = True

    def close(self) -> None:
        for pipe in self._pipes():
            pipe.close()


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Ends git together with whatever it started; harmless where it has ended already."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
        process.wait()
