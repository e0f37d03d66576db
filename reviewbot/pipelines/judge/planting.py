"""Testing the judges of a run with remarks whose right label is known, mixed in with nothing that tells them apart."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from reviewbot.domain.replay import PlantedVerdict, PlantKind, Replay
from reviewbot.domain.repository import RepoName
from reviewbot.domain.review import total_cost
from reviewbot.errors import BudgetExhausted, GitError, InputError
from reviewbot.git.repository import Repository
from reviewbot.pipelines.judge.material import material_of
from reviewbot.retro.answers import load_answers
from reviewbot.retro.judge import CaseMaterial
from reviewbot.retro.panel import Panel, decided
from reviewbot.retro.plants import Plants, plants_for

MOST_CASES = 12
"""So many incidents get planted remarks: 36 remarks tell an error rate of 10 % from one of 30 %."""


@dataclass(frozen=True)
class PlantingPlan:
    """Which incidents could be planted in, and the judges that are to be tested."""

    incidents: Path
    replays: Sequence[Replay]
    find_repository: Callable[[RepoName], Repository]
    panel: Panel
    concurrency: int = 4


@dataclass(frozen=True)
class _Case:
    """An incident that remarks can be planted in."""

    name: str
    repo: str
    material: CaseMaterial


def planted(
    plan: PlantingPlan, case_done: Callable[[Decimal | None], None]
) -> tuple[tuple[PlantedVerdict, ...], str | None]:
    """A positive, a near-miss and a decoy for each of up to twelve incidents, judged; and why it stopped early or None.

    The decoy is the true cause of another incident, of the same repository where there is one. Incidents are drawn by a
    digest of their names, so that each run over the same file plants the same. `case_done` is told each one's cost.
    """
    cases = _cases(plan)
    pool = ThreadPoolExecutor(max_workers=max(1, plan.concurrency), thread_name_prefix="plant")
    asking = ThreadPoolExecutor(max_workers=max(1, plan.concurrency), thread_name_prefix="ask")
    try:
        written = list(pool.map(lambda case: plants_for(case.material, plan.panel.judges[0]), cases))
        plants = {case.name: asked.answer for case, asked in zip(cases, written, strict=True) if asked.answer}
        calls = {case.name: asked.calls for case, asked in zip(cases, written, strict=True)}
        usable = [case for case in cases if case.name in plants]
        found: list[PlantedVerdict] = []
        for verdicts in pool.map(lambda case: _verdicts(case, usable, plants, plan.panel, asking), usable):
            first = replace(verdicts[0], calls=(*calls[verdicts[0].case], *verdicts[0].calls))
            verdicts = [first, *verdicts[1:]]
            found += verdicts
            case_done(total_cost(tuple(call for one in verdicts for call in one.calls)))
        return tuple(found), None
    except BudgetExhausted as error:
        return (), str(error)
    except KeyboardInterrupt:
        return (), "interrupted"
    finally:
        for threads in (pool, asking):
            threads.shutdown(wait=False, cancel_futures=True)


def planted_cases(incidents: Path, replays: Sequence[Replay]) -> list[Replay]:
    """The replays whose changes get planted remarks: one for each incident whose cause is written down."""
    answers = load_answers(incidents).by_case
    alive = {one.case: one for one in replays if one.head and one.case in answers and answers[one.case].root_cause}
    first = {answers[case].id: one for case, one in sorted(alive.items(), reverse=True)}
    drawn = sorted(first.values(), key=lambda one: hashlib.sha256(one.case.encode()).hexdigest())
    return drawn[:MOST_CASES]


def _cases(plan: PlantingPlan) -> list[_Case]:
    answers = load_answers(plan.incidents).by_case
    found = []
    for one in planted_cases(plan.incidents, plan.replays):
        try:
            repository = plan.find_repository(RepoName.parse(one.repo))
            material = material_of(plan.find_repository, repository, one, answers[one.case])
        except (GitError, InputError):
            continue  # The verdicts of the case tell of it.
        found.append(_Case(one.case, one.repo, material))
    return found


def _verdicts(
    case: _Case, usable: Sequence[_Case], plants: dict[str, Plants], panel: Panel, asking: Executor
) -> list[PlantedVerdict]:
    remarks = [(PlantKind.POSITIVE, plants[case.name].positive), (PlantKind.NEAR_MISS, plants[case.name].near_miss)]
    other = _another(case, usable)
    if other is not None:
        remarks.append((PlantKind.DECOY, plants[other.name].positive))
    decisions = decided([finding for _, finding in remarks], case.material, panel, asking)
    return [
        PlantedVerdict(case.name, kind, finding, decision.label, decision.votes, decision.calls)
        for (kind, finding), decision in zip(remarks, decisions, strict=True)
    ]


def _another(case: _Case, usable: Sequence[_Case]) -> _Case | None:
    """The next incident of the same repository, else of any; None where this is the only one."""
    after = [*usable[usable.index(case) + 1 :], *usable[: usable.index(case)]]
    return next((one for one in after if one.repo == case.repo), next(iter(after), None))
