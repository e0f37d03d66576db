"""Two runs on the same incidents, pair by pair: what the second catches that the first did not, and the reverse."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reviewbot.domain.incident import CaseKind, Verdict
from reviewbot.domain.replay import CaseVerdict, Replay
from reviewbot.domain.review import Outcome
from reviewbot.domain.scorecard import Pairing, Rate
from reviewbot.errors import InputError
from reviewbot.retro.statistics import clustered_rate, mcnemar_p, minimum_detectable

_LESSER_FIRST = (Verdict.MISSED, Verdict.UNJUDGED, Verdict.PARTIAL, Verdict.CAUGHT)


@dataclass(frozen=True)
class Side:
    """One arm of one run: per case the replays and the verdicts of its trials."""

    name: str
    replays: Mapping[str, Sequence[Replay]]
    verdicts: Mapping[str, Sequence[CaseVerdict]]

    def head(self, case: str) -> str:
        """The change that was replayed; "" where it was not found."""
        return next((one.head for one in self.replays.get(case, ()) if one.head), "")

    def caught_share(self, case: str) -> float:
        rows = self.verdicts[case]
        return sum(row.verdict is Verdict.CAUGHT for row in rows) / len(rows)

    def usual(self, case: str) -> Verdict:
        """The most frequent verdict of a case; of equally frequent ones the lesser."""
        found = [row.verdict for row in self.verdicts[case]]
        return max(_LESSER_FIRST, key=lambda verdict: (found.count(verdict), -_LESSER_FIRST.index(verdict)))

    def findings(self, case: str) -> float | None:
        """Findings of a case, the mean over its trials; None where every review of it failed."""
        counts = [len(one.findings) for one in self.replays[case] if one.outcome is not Outcome.FAILED]
        return sum(counts) / len(counts) if counts else None


def sides(arms: Iterable[str], replays: Iterable[Replay], verdicts: Iterable[CaseVerdict]) -> tuple[Side, ...]:
    """A run as its arms, in their order."""
    said: dict[str, dict[str, list[Replay]]] = defaultdict(lambda: defaultdict(list))
    judged: dict[str, dict[str, list[CaseVerdict]]] = defaultdict(lambda: defaultdict(list))
    for one in replays:
        said[one.arm][one.case].append(one)
    for verdict in verdicts:
        judged[verdict.arm][verdict.case].append(verdict)
    return tuple(Side(arm, said[arm], judged[arm]) for arm in arms)


def paired_arms(first: Sequence[Side], second: Sequence[Side]) -> list[tuple[Side, Side]]:
    """The arms to hold against each other: the only ones, else those of one name; InputError where there are none."""
    if len(first) == 1 and len(second) == 1:
        return [(first[0], second[0])]
    by_name = {side.name: side for side in first}
    found = [(by_name[side.name], side) for side in second if side.name in by_name]
    if not found:
        names = " and ".join(", ".join(side.name for side in run) for run in (first, second))
        raise InputError(f"the runs have no arm in common: {names}")
    return found


def pairing(a: Side, b: Side) -> Pairing:
    """Holds two arms against each other; InputError where they share no judged incident."""
    incidents = [case for case in a.verdicts if case in b.verdicts and a.head(case) == b.head(case)]
    if not incidents:
        raise InputError(f"{a.name} and {b.name} share no judged incident: they were replayed on other changes")
    usual = {case: (a.usual(case) is Verdict.CAUGHT, b.usual(case) is Verdict.CAUGHT) for case in incidents}
    gained = tuple(case for case, pair in usual.items() if pair == (False, True))
    lost = tuple(case for case, pair in usual.items() if pair == (True, False))
    quiet = _controls(a, b)
    return Pairing(
        a=a.name,
        b=b.name,
        cases=len(incidents),
        rate_a=_rate(a, incidents),
        rate_b=_rate(b, incidents),
        gained=gained,
        lost=lost,
        p_mcnemar=mcnemar_p(len(gained), len(lost)),
        minimum_detectable=minimum_detectable(len(incidents)),
        controls=len(quiet),
        per_control_a=_mean([before for before, _ in quiet]),
        per_control_b=_mean([after for _, after in quiet]),
        left_out=tuple(sorted({*a.verdicts, *b.verdicts} - set(incidents))),
    )


def _rate(side: Side, cases: Iterable[str]) -> Rate:
    groups: dict[str, list[float]] = defaultdict(list)
    for case in cases:
        groups[next((one.repo for one in side.replays.get(case, ())), "")].append(side.caught_share(case))
    return clustered_rate(groups)


def _controls(a: Side, b: Side) -> list[tuple[float, float]]:
    """The findings of both on each quiet change that both could review."""
    found = []
    for case, replays in a.replays.items():
        is_quiet = all(one.kind is CaseKind.CONTROL for one in replays)
        if is_quiet and case in b.replays and a.head(case) == b.head(case):
            before, after = a.findings(case), b.findings(case)
            if before is not None and after is not None:
                found.append((before, after))
    return found


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
