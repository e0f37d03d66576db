"""What can go wrong that a caller, or the person at the terminal, can act on.

Every message names the thing that is wrong and, after it, the remedy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class ReviewbotError(Exception):
    """The root of every error that reviewbot raises on purpose; its text is fit to show to a user."""


class InputError(ReviewbotError):
    """Something the user gave is wrong: exit code 2."""


class GitError(ReviewbotError):
    """git could not do what was asked of it; the text holds its own words."""


class RevisionNotFound(GitError):
    """A commit is not in the repository, or its abbreviated name is ambiguous."""


class RepositoryNotFound(InputError):
    """No repository stands where one was expected."""


class StoreError(ReviewbotError):
    """The database or the disk refused a read or a write."""


class BudgetExhausted(ReviewbotError):
    """The next model call could cost more than what is left of the budget."""


class ReviewCancelled(ReviewbotError):
    """A review was given up because nobody wants its result any more."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file: where, what, and what was expected instead."""

    file: str
    line: int
    column: int
    what: str
    expected: str = ""

    def __str__(self) -> str:
        tail = f"; expected {self.expected}" if self.expected else ""
        return f"{self.file}:{self.line}:{self.column}: {self.what}{tail}"


class FileProblems(InputError):
    """A file was read and refused: every problem in it, in the order of its lines."""

    def __init__(self, file: str | Path, problems: list[Problem]) -> None:
        self.file = str(file)
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.column))
        super().__init__("\n".join(str(problem) for problem in self.problems))
