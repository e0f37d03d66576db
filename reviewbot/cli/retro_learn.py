"""`reviewbot retro learn`: a rule from a class of misses, and its own backtest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from reviewbot.cli.output import error_line, line
from reviewbot.cli.retro_compare import sides_of
from reviewbot.cli.retro_setup import Pace, RetroOptions, RetroRun, judging_models, taken_up_run
from reviewbot.cli.retro_steps import DONE, GATE_FAILED, whole_run
from reviewbot.domain.scorecard import Pairing
from reviewbot.errors import InputError, StoreError
from reviewbot.pipelines.judge.learning import Lessons, lessons, missed_cases
from reviewbot.policy_file import with_instruction
from reviewbot.report.comparison import comparison_text
from reviewbot.retro.compare import Side, pairing
from reviewbot.retro.learning import LearnedRule, MissClass, chosen_class, miss_classes, rule_for
from reviewbot.stage_models import stage_models

_PATHS = "**"


@dataclass(frozen=True, slots=True)
class LearnOptions:
    """What the user asked for: the run, which arm and class of misses, and how much may be asked."""

    out: Path
    arm: str | None
    miss_class: str | None
    repos: Path | None
    pace: Pace


def learn(options: LearnOptions) -> int:
    """Proposes a rule, replays every case with it, and shows both halves beside the run that it was made from.

    Exit code 1 where the rule did not help on the half that it was not made from, or made noise; nothing is adopted in
    any case. Raises InputError where there is nothing to learn from.
    """
    run = taken_up_run(options.out, None, options.repos, options.pace)
    index = _arm_index(run, options.arm)
    arm, specification = run.run.arms[index], run.run.models[index]
    replays = [one for one in run.log.replays() if one.arm == arm]
    verdicts = [one for one in run.log.verdicts() if one.arm == arm]
    if not verdicts or run.run.judge is None or specification is None:
        raise InputError(
            f"{options.out}: {arm} was not judged; judge it with reviewbot retro judge --out {options.out}"
        )
    incidents = Path(run.run.incidents_file)
    found = lessons(incidents, replays, verdicts)
    _say_halves(found)
    chosen = chosen_class(miss_classes(found.misses), options.miss_class)
    line(f"Class: {chosen.name} ({len(chosen.cases)} of {len(found.misses)} misses on the tune half).")
    missed = missed_cases(incidents, chosen.cases, replays, run.find_repository)
    judge = judging_models((), run.settings, stage_models([specification]).judging)[0]
    names = {part for one in replays for part in one.repo.split("/")}
    asked = rule_for(missed, chosen.name, run.workshop.model(judge), names)
    if asked.answer is None:
        raise InputError(f"no rule came of it: {asked.failure or 'no answer'}")
    policy = _written(run, asked.answer, chosen)
    _say_rule(asked.answer, judge, policy)
    code = whole_run(_with_rule(run, index, policy, options))
    if code != DONE:
        error_line("The replay with the rule did not end well, so nothing is said of it.")
        return code
    return _verdict(options.out, policy.parent / "run", arm, found, policy)


def _arm_index(run: RetroRun, name: str | None) -> int:
    """Of the arm that was named, else of the first with a model."""
    candidates = [
        index for index, model in enumerate(run.run.models) if model and "untitled" not in run.run.arms[index]
    ]
    if name is None and candidates:
        return candidates[0]
    if name in run.run.arms and run.run.arms.index(name) in candidates:
        return run.run.arms.index(name)
    arms = ", ".join(run.run.arms[index] for index in candidates) or "none"
    raise InputError(f"a rule is for reviewers with a model; arms of this run that have one: {arms}")


def _say_halves(found: Lessons) -> None:
    how = "as the file marks them" if found.has_marks else "by a digest of their names, as the file marks none"
    line(f"Learning from {len(found.tuning)} cases and checking on {len(found.held_out)}, {how}.")


def _written(run: RetroRun, rule: LearnedRule, chosen: MissClass) -> Path:
    """The policy of the run and the rule, in a folder of its own."""
    digest = hashlib.sha256(rule.text.encode()).hexdigest()[:10]
    path = run.log.folder / "learned" / digest / "policy.yml"
    base = Path(run.run.policy).read_bytes() if run.run.policy else b""
    note = f"# Proposed by reviewbot retro learn for: {chosen.name}. Not in force anywhere.\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(note + with_instruction(base, _PATHS, rule.text), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path} cannot be written ({error.strerror})") from error
    return path


def _say_rule(rule: LearnedRule, judge: str, policy: Path) -> None:
    line(f"What they have in common: {rule.kind}")
    line(f"What was overlooked: {rule.blind_spot}")
    line(f"Rule, by {judge}:\n\n  {rule.text}\n")
    line(f"Replaying every case with it ({policy}) ...")


def _with_rule(run: RetroRun, index: int, policy: Path, options: LearnOptions) -> RetroOptions:
    settings = run.run
    judges = (settings.judge, *settings.judges) if settings.judge else ()
    return RetroOptions(
        incidents=Path(settings.incidents_file),
        reviewers=(settings.arms[index],),
        models=(settings.models[index] or "",),
        judges=judges,
        opinions=settings.opinions,
        repos=options.repos or (Path(settings.repos) if settings.repos else None),
        out=policy.parent / "run",
        trials=settings.trials[index],
        resume=(policy.parent / "run" / "run.json").exists(),
        pace=options.pace,
        policy=policy,
        controls=settings.controls,
    )


def _verdict(before: Path, after: Path, arm: str, found: Lessons, policy: Path) -> int:
    """The paired tables, what they mean, and what would have to be done."""
    first, second = (_arm(sides_of(folder), arm) for folder in (before, after))
    held_out: Pairing | None = None
    for name, cases in (("tune", found.tuning), ("held-out", found.held_out)):
        line(f"\nThe {name} half:\n")
        try:
            pair = pairing(_only(first, cases), _only(second, cases))
        except InputError:
            line("No incident of this half was judged in both.")
            continue
        line(comparison_text(pair, "the run", "the run with the rule"))
        held_out = pair if name == "held-out" else held_out
    helps = held_out is not None and not held_out.is_worse and len(held_out.gained) > len(held_out.lost)
    if helps:
        line("\nOn cases that it was not made from the rule catches more, and says no more of quiet changes.")
        line(f"To adopt it, put its `instructions` entry from {policy} into the repository's .reviewbot.yml.")
    else:
        line("\nOn cases that it was not made from the rule is not shown to help: nothing speaks for adopting it.")
    line("Nothing was adopted.")
    return DONE if helps else GATE_FAILED


def _arm(run: Iterable[Side], name: str) -> Side:
    return next(side for side in run if side.name == name)


def _only(side: Side, cases: frozenset[str]) -> Side:
    """The arm on some incidents; its quiet changes stay."""
    return replace(side, verdicts={case: rows for case, rows in side.verdicts.items() if case in cases})
