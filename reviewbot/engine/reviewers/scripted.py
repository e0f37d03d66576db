"""A reviewer that repeats what another one said, so that any tool's comments can be scored."""

from __future__ import annotations

from pathlib import Path

from reviewbot.domain.finding import Finding
from reviewbot.domain.review import ReviewerRun, SkipReason
from reviewbot.engine.external import MAX_OUTPUT_BYTES, findings_of
from reviewbot.engine.json_tree import Node, parsed_json
from reviewbot.errors import InputError
from reviewbot.ports import ReviewTask

_ANY_HEAD = "*"


class ScriptedReviewer:
    """Replays a file `{"HEAD SHA": {"findings": [...]}, "*": ...}`; a head that it does not have is a failure.

    The whole file is read and checked when the reviewer is built: InputError names the file and the place in it.
    """

    def __init__(self, path: Path, *, name: str | None = None) -> None:
        self._path = path
        self._name = name or f"scripted:{path.stem}"
        self._findings = _findings_by_head(path, self._name)

    @property
    def name(self) -> str:
        return self._name

    def review(self, task: ReviewTask) -> ReviewerRun:
        head = task.change.head or _ANY_HEAD
        findings = self._findings.get(head, self._findings.get(_ANY_HEAD))
        if findings is None:
            return ReviewerRun(
                self.name,
                paths_unread=tuple((path, SkipReason.REVIEWER_FAILED) for path in task.paths),
                failure=f'{self._path.name} says nothing of head {head}; add it, or "*" for every other head',
            )
        return ReviewerRun(self.name, findings, paths_read=frozenset(task.paths))


def _findings_by_head(path: Path, name: str) -> dict[str, tuple[Finding, ...]]:
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_OUTPUT_BYTES + 1)
    except OSError as error:
        raise InputError(f"scripted reviewer: {path} cannot be read: {error.strerror}") from None
    if len(raw) > MAX_OUTPUT_BYTES:
        raise InputError(f"scripted reviewer: {path} is larger than {MAX_OUTPUT_BYTES} bytes")
    try:
        script = parsed_json(raw)
        if not isinstance(script.value, dict):
            raise script.refusal('an object of {"findings": [...]} by head sha')
        return {head: findings_of(Node(said, f'"{head}"'), name) for head, said in script.value.items()}
    except InputError as error:
        raise InputError(f"scripted reviewer: {path}: {error}") from None
