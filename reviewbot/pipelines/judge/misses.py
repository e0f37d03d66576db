"""For each incident that an arm does not catch: where it was lost, and what is special about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reviewbot.domain.diff import Diff, LineKind
from reviewbot.domain.finding import Location
from reviewbot.domain.incident import Verdict
from reviewbot.domain.miss import LostBy, Miss, Trait
from reviewbot.domain.replay import CaseVerdict, Label, Replay
from reviewbot.domain.review import Outcome
from reviewbot.engine.kinds_of_change import kinds_of_change

_FEW, _MANY, _MANY_FILES = 5, 500, 10


def traits_of(diff: Diff, recorded: Sequence[Location]) -> tuple[Trait, ...]:
    """What the diff and the recorded places tell of a cause."""
    paths = {place.path for place in recorded}
    files = [one for one in diff.files if one.path in paths or one.old_path in paths]
    kinds = kinds_of_change(files or diff.files)
    found = {
        Trait.WITHOUT_PLACE: not recorded,
        Trait.OUTSIDE: bool(recorded) and not files,
        Trait.REMOVED_CODE: bool(files) and _stands_at_removals(diff, recorded),
        Trait.FEW_LINES: diff.changed_line_count <= _FEW,
        Trait.MANY_LINES: diff.changed_line_count > _MANY,
        Trait.MANY_FILES: len(diff.files) > _MANY_FILES,
        Trait.CONFIGURATION: kinds.configuration_lines > 0,
        Trait.FRONT_END: kinds.front_end_lines > 0,
        Trait.STORED_DATA: kinds.stored_lines > 0,
    }
    return tuple(trait for trait in Trait if found[trait])


def _stands_at_removals(diff: Diff, recorded: Sequence[Location]) -> bool:
    """Whether the recorded places hold removed lines and no added one."""
    kinds = {
        line.kind
        for place in recorded
        for file in diff.files
        if place.path in (file.path, file.old_path)
        for hunk in file.hunks
        for line in hunk.changed_lines
        if (number := line.number(place.side)) is not None and place.first_line <= number <= place.last_line
    }
    return kinds == {LineKind.REMOVED}


def misses_of(
    replays: Iterable[Replay], verdicts: Iterable[CaseVerdict], recorded: Mapping[str, Sequence[Location]]
) -> tuple[Miss, ...]:
    """One for each case that an arm usually does not catch, by the first trial that missed it; unjudged ones are none.

    `recorded` has the places of the cause by case.
    """
    by_key = {one.key: one for one in replays}
    by_case: dict[str, list[CaseVerdict]] = {}
    for verdict in verdicts:
        by_case.setdefault(verdict.case, []).append(verdict)
    found = []
    for case, trials in by_case.items():
        missed = [one for one in trials if one.verdict in (Verdict.MISSED, Verdict.PARTIAL)]
        if 2 * len(missed) > len(trials) and missed[0].key in by_key:
            found.append(_miss(by_key[missed[0].key], missed[0], recorded.get(case, ())))
    return tuple(found)


def _miss(replay: Replay, verdict: CaseVerdict, recorded: Sequence[Location]) -> Miss:
    case, traits = verdict.case, verdict.traits
    if verdict.review_failed or replay.outcome is Outcome.FAILED:
        return Miss(case, LostBy.REVIEW_FAILED, rule=replay.reason, traits=traits)
    if verdict.lost_at is not None:
        return Miss(case, LostBy.HELD_BACK, verdict.lost_at.value, _rule(replay, verdict), traits)
    if verdict.verdict is Verdict.PARTIAL:
        return Miss(case, LostBy.HALF_SEEN, traits=traits)
    if Trait.OUTSIDE in traits:
        return Miss(case, LostBy.OUTSIDE, traits=traits)
    unread = [file for file in replay.coverage.files if file.skipped and file.path in {one.path for one in recorded}]
    if unread:
        return Miss(case, LostBy.NOT_READ, str(unread[0].skipped), unread[0].detail, traits)
    return Miss(case, LostBy.NEVER_SURFACED, traits=traits)


def _rule(replay: Replay, verdict: CaseVerdict) -> str:
    """What the stage said when it held back the finding that named the cause."""
    hits = [one.finding for one in verdict.judgements if one.stage is verdict.lost_at and one.label is Label.HIT]
    held = (one for one in replay.held_back if one.stage is verdict.lost_at and one.finding in hits)
    return next((one.reason for one in held), "")
