"""The changes of a branch within a span of time: what each says and how much of which files it touches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from reviewbot.domain.repository import Sha
from reviewbot.git.command import run_git
from reviewbot.git.repository import Repository

_SECONDS = 300.0
_BYTES = 256 * 1024 * 1024
_START, _END = "\x01", "\x02"
_HEAD = re.compile(rf"(?:[0-9a-f]{{40}}|[0-9a-f]{{64}}) \d+{_END}")


@dataclass(frozen=True, slots=True)
class PastChange:
    """A commit of a branch, a merge as what it brought. `lines` are added and removed ones, of binary files none."""

    sha: Sha
    committed_at: datetime
    message: str
    paths: tuple[str, ...]
    lines: int

    @property
    def subject(self) -> str:
        return self.message.partition("\n")[0]


def changes_between(
    repository: Repository, tip: Sha, since: datetime, until: datetime, said: Sequence[str] = ()
) -> tuple[PastChange, ...]:
    """The first-parent changes of a branch between two moments, the oldest first.

    `said` are extended regular expressions, without regard to case, one of which has to match the message.
    """
    output = run_git(
        [
            *("log", "-m", "--first-parent", "--numstat", "--no-renames", "-z", "--no-notes", "--no-show-signature"),
            *("--no-mailmap", "--no-ext-diff", "--no-textconv", f"--format={_START}%H %ct{_END}%B{_END}"),
            f"--since={since.astimezone(UTC).isoformat()}",
            f"--until={until.astimezone(UTC).isoformat()}",
            *(("-i", "-E", *(f"--grep={pattern}" for pattern in said)) if said else ()),
            *(tip, "--"),
        ],
        git_dir=repository.git_dir,
        timeout_seconds=_SECONDS,
        max_output_bytes=_BYTES,
    ).decode("utf-8", "surrogateescape")
    # A message could hold the marks too: what does not begin like an entry is the rest of one.
    return tuple(reversed([_change(entry) for entry in output.split(_START) if _HEAD.match(entry)]))


def commits_saying(
    repository: Repository, tip: Sha, since: datetime | None, said: Sequence[str]
) -> Iterator[tuple[Sha, datetime, str]]:
    """Commits in the history of a tip, the newest first, whose message matches one of these expressions.

    Each with when it was committed and what it says; they are extended regular expressions, without regard to case.
    """
    output = run_git(
        [
            *(
                "log",
                "--no-merges",
                "-z",
                "--no-notes",
                "--no-show-signature",
                f"--format={_START}%H %ct{_END}%B{_END}",
            ),
            *((f"--since={since.astimezone(UTC).isoformat()}",) if since is not None else ()),
            *("-i", "-E", *(f"--grep={pattern}" for pattern in said), tip, "--"),
        ],
        git_dir=repository.git_dir,
        timeout_seconds=_SECONDS,
        max_output_bytes=_BYTES,
    ).decode("utf-8", "replace")
    for entry in output.split(_START):
        if _HEAD.match(entry):
            change = _change(entry)
            yield change.sha, change.committed_at, change.message


def tip_of(repository: Repository) -> Sha:
    """The last commit of the branch that changes go into, as far as it can be guessed offline."""
    return repository.resolve(repository.default_branch() or "HEAD")


def _change(entry: str) -> PastChange:
    head, _, rest = entry.partition(_END)
    message, _, files = rest.partition(_END)
    sha, _, seconds = head.partition(" ")
    counted = list(_files(files))
    return PastChange(
        sha=Sha(sha),
        committed_at=datetime.fromtimestamp(int(seconds), UTC),
        message=message.strip(),
        paths=tuple(path for path, _ in counted),
        lines=sum(lines for _, lines in counted),
    )


def _files(text: str) -> Iterator[tuple[str, int]]:
    for row in text.split("\0"):
        added, tab, rest = row.lstrip("\n").partition("\t")
        removed, second_tab, path = rest.partition("\t")
        if tab and second_tab:
            yield path, sum(int(count) for count in (added, removed) if count.isdigit())
