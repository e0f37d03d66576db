"""What `retro learn` is made from: the misses on the tune half, with what a judge is shown of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reviewbot.domain.miss import Miss
from reviewbot.domain.replay import CaseVerdict, Replay
from reviewbot.domain.repository import RepoName
from reviewbot.errors import GitError, InputError
from reviewbot.git.repository import Repository
from reviewbot.pipelines.judge.material import material_of
from reviewbot.pipelines.judge.misses import misses_of
from reviewbot.retro.answers import load_answers
from reviewbot.retro.learning import MissedCase, halves


@dataclass(frozen=True)
class Lessons:
    """One arm's misses that may be learned from, and the cases of either half."""

    misses: tuple[Miss, ...]
    tuning: frozenset[str]
    held_out: frozenset[str]
    has_marks: bool
    """Whether the file itself says which incidents are for tuning; else a digest of their names does."""


def lessons(incidents: Path, replays: Sequence[Replay], verdicts: Sequence[CaseVerdict]) -> Lessons:
    """Splits the judged cases of one arm. Raises FileProblems for a bad incidents file."""
    answers = load_answers(incidents).by_case
    judged = [one for one in verdicts if one.case in answers]
    keys = {one.case: answers[one.case] for one in judged}
    tuning, held_out = halves({case: (key.id, str(key.split) if key.split else None) for case, key in keys.items()})
    recorded = {case: key.locations for case, key in keys.items()}
    misses = misses_of(replays, [one for one in judged if one.case in tuning], recorded)
    return Lessons(misses, tuning, held_out, any(key.split for key in keys.values()))


def missed_cases(
    incidents: Path, cases: Sequence[str], replays: Sequence[Replay], find: Callable[[RepoName], Repository]
) -> list[MissedCase]:
    """What the writer of a rule is shown of these cases; those whose repository is gone are left out."""
    answers = load_answers(incidents).by_case
    found = []
    for case in cases:
        alive = next((one for one in replays if one.case == case and one.head), None)
        if alive is None:
            continue
        try:
            material = material_of(find, find(RepoName.parse(alive.repo)), alive, answers[case])
        except (GitError, InputError):
            continue
        found.append(MissedCase(material, alive.findings))
    return found
