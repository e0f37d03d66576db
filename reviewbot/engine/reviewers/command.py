"""A reviewer that is a program of the operator's: the change on standard input, findings on standard output."""

from __future__ import annotations

import json
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import monotonic

from reviewbot.domain.finding import Finding
from reviewbot.domain.review import ReviewerRun, SkipReason
from reviewbot.domain.text import shortened
from reviewbot.engine.child_process import ChildResult, run_child
from reviewbot.engine.external import MAX_OUTPUT_BYTES, change_document, parse_external
from reviewbot.engine.json_tree import storable
from reviewbot.errors import BudgetExhausted, InputError, ReviewbotError, StoreError
from reviewbot.ports import ReviewTask

_MEMORY_LIMIT_BYTES = 8_000_000_000
"""Of address space, of which runtimes with a heap of their own (Node, Java) reserve far more than they use."""


class CommandReviewer:
    """Runs a program once for each change, in a copy of the head without `.git`, and believes only a clean exit.

    The copy is not to be trusted: arguments that name a file of the operator's are made absolute when the reviewer
    is built, so that `python review.py` cannot come to mean a `review.py` of the pull request.
    """

    def __init__(
        self,
        command_line: str,
        *,
        name: str | None = None,
        environment: Mapping[str, str] | None = None,
        timeout_seconds: float = 600,
        memory_limit_bytes: int | None = _MEMORY_LIMIT_BYTES,
    ) -> None:
        """`environment` is all that the program inherits, HOME aside; raises InputError for an empty command line."""
        self._arguments = _arguments(command_line)
        self._name = name or f"command:{Path(self._arguments[0]).name}"
        self._environment = dict(environment or {})
        self._timeout_seconds = timeout_seconds
        self._memory_limit_bytes = memory_limit_bytes

    @property
    def name(self) -> str:
        return self._name

    def review(self, task: ReviewTask) -> ReviewerRun:
        started = monotonic()
        if not task.paths:
            return ReviewerRun(self.name)
        failure: str | None = None
        findings: tuple[Finding, ...] = ()
        try:
            findings = self._findings(task)
        except (StoreError, BudgetExhausted):
            raise
        except ReviewbotError as error:
            failure = shortened(str(error), 500)
        except OSError as error:
            failure = f"the files of the change could not be laid out: {error.strerror or error}"
        return ReviewerRun(
            reviewer=self.name,
            findings=findings,
            paths_read=frozenset() if failure else frozenset(task.paths),
            paths_unread=tuple((path, SkipReason.REVIEWER_FAILED) for path in task.paths) if failure else (),
            failure=failure,
            seconds=monotonic() - started,
        )

    def _findings(self, task: ReviewTask) -> tuple[Finding, ...]:
        # What cannot be deleted afterwards (a program may take rights away) must not undo a review.
        with tempfile.TemporaryDirectory(prefix="reviewbot-", ignore_cleanup_errors=True) as temporary:
            tree, home = Path(temporary).resolve() / "tree", Path(temporary).resolve() / "home"
            tree.mkdir()
            home.mkdir()
            task.head.export(tree)
            child = run_child(
                self._arguments,
                cwd=tree,
                stdin=json.dumps(change_document(task, str(tree))).encode(),
                timeout_seconds=self._timeout_seconds,
                max_output_bytes=MAX_OUTPUT_BYTES,
                environment=_scrubbed(self._environment, home),
                memory_limit_bytes=self._memory_limit_bytes,
            )
            _require_clean_end(child, Path(self._arguments[0]).name)
            return parse_external(child.stdout, self.name, root=str(tree))


def _arguments(command_line: str) -> tuple[str, ...]:
    try:
        words = shlex.split(command_line)
    except ValueError as error:
        raise InputError(
            f"command line {command_line!r}: {error}; expected PROGRAM ARGS, quoted as in a shell"
        ) from None
    if not words or not words[0]:
        raise InputError(f"command line {command_line!r} names no program; expected command:PROGRAM ARGS")
    if "\0" in command_line:
        raise InputError(f"command line {command_line!r} holds a NUL character")
    program = str(Path(words[0]).expanduser().absolute()) if "/" in words[0] else words[0]
    return (program, *(str(Path(word).absolute()) if Path(word).is_file() else word for word in words[1:]))


def _scrubbed(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """The given variables, without the ways in which a search path leads into the exported tree."""
    scrubbed = {**environment, "HOME": str(home), "PYTHONSAFEPATH": "1"}
    if "PATH" in environment:
        scrubbed["PATH"] = ":".join(part for part in environment["PATH"].split(":") if part.startswith("/"))
    return scrubbed


def _require_clean_end(child: ChildResult, program: str) -> None:
    if child.failure is None and child.exit_code == 0:
        return
    reason = child.failure or f"{program} ended with exit code {child.exit_code}"
    last_line = shortened(storable((child.stderr_tail.strip().splitlines() or [""])[-1]), 300)
    raise InputError(f"{reason}: {last_line}" if last_line and last_line not in reason else reason)
