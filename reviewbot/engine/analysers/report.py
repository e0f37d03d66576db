"""What every analyser is given and what it gives back."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from reviewbot.domain.finding import Category, Severity
from reviewbot.engine.child_process import ChildResult, run_child

FILES_DIRECTORY = "files"
_MAX_OUTPUT_BYTES = 30_000_000
# Address space, not memory in use: allocators of these programs reserve gigabytes that they never touch.
_MEMORY_LIMIT_BYTES = 8 * 2**30


@dataclass(frozen=True, slots=True)
class Hit:
    """One report of an analyser about an exported file, named as it was exported."""

    file: str
    first_line: int
    last_line: int
    rule: str
    title: str
    explanation: str
    severity: Severity
    category: Category
    confidence: float


@dataclass(frozen=True, slots=True)
class AnalyserReport:
    """The outcome of one analyser; `unread` names exported files that it could not make sense of."""

    hits: tuple[Hit, ...] = ()
    unread: frozenset[str] = frozenset()
    failure: str | None = None


@dataclass(frozen=True)
class Workspace:
    """A temporary directory with exported files under `files/`, and how programs are run in it."""

    directory: Path
    timeout_seconds: float
    program_directory: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, program: str, arguments: list[str], files: tuple[str, ...]) -> ChildResult:
        """Runs a program that was installed beside reviewbot over exported files, outside the reviewed tree."""
        home = str(self.directory)
        path = self._path_of(program)
        if path == program and shutil.which(program) is None:
            return ChildResult(None, b"", "", f"{program} is not installed; install reviewbot[static]")
        scrubbed = {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
        return run_child(
            [path, *arguments, *(f"{FILES_DIRECTORY}/{file}" for file in files)],
            cwd=self.directory,
            stdin=b"",
            timeout_seconds=self.timeout_seconds,
            max_output_bytes=_MAX_OUTPUT_BYTES,
            environment={**scrubbed, "RAYON_NUM_THREADS": "2", **self.environment},
            memory_limit_bytes=_MEMORY_LIMIT_BYTES,
        )

    def _path_of(self, program: str) -> str:
        if self.program_directory is not None:
            return str(self.program_directory / program)
        for directory in (Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))):
            if (directory / program).is_file():
                return str(directory / program)
        return program


class Analyser(Protocol):
    """A program that reads some kinds of files."""

    @property
    def name(self) -> str: ...

    def exported_suffix(self, path: str) -> str | None:
        """What the exported copy's name must end in for the program to know its kind; None for files it cannot read."""
        ...

    def analyse(self, workspace: Workspace, files: tuple[str, ...]) -> AnalyserReport:
        """Runs the program once over the exported files."""
        ...


def failed(program: str, result: ChildResult) -> AnalyserReport:
    """The report of a program that gave no result, with its own last words."""
    reason = result.failure or f"{program} ended with exit code {result.exit_code}"
    last_words = f": {result.stderr_tail[-300:]}" if result.stderr_tail else ""
    return AnalyserReport(failure=f"{reason}{last_words}")


def unreadable(program: str, error: Exception) -> AnalyserReport:
    """The report of a program whose output is not of the form that this version of reviewbot knows."""
    return AnalyserReport(failure=f"{program} wrote a report that cannot be read ({type(error).__name__}: {error})")


def without_directory(name: str) -> str:
    """An exported file's name as it is in the workspace, from the path in a report."""
    return name.rpartition(f"{FILES_DIRECTORY}/")[2]
