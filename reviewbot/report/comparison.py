"""Two runs side by side, for a terminal and for machines."""

from __future__ import annotations

import json
from dataclasses import asdict

from reviewbot.domain.scorecard import Pairing, Rate
from reviewbot.domain.text import revealed
from reviewbot.report.retro_terminal import aligned
from reviewbot.report.words import counted, interval, number, percent, share_of


def comparison_text(one: Pairing, first: str, second: str) -> str:
    """A table of what was before and after, then the cases that changed sides, then how much that means."""
    rows = [
        ["", f"{one.a} in {first}", f"{one.b} in {second}"],
        ["caught", _rate(one.rate_a), _rate(one.rate_b)],
        ["findings per quiet control", _mean(one.per_control_a, one.controls), _mean(one.per_control_b, one.controls)],
    ]
    lines = [f"On {counted(one.cases, 'incident')} that both have reviewed:", "", *aligned(rows), ""]
    lines.append(f"gained {len(one.gained)}: {', '.join(one.gained) or '–'}")
    lines.append(f"lost   {len(one.lost)}: {', '.join(one.lost) or '–'}")
    lines.append(_meaning(one))
    if one.left_out:
        lines.append(f"Left out, because only one of them has it at that commit: {', '.join(one.left_out)}")
    return revealed("\n".join(lines))


def comparison_json(pairings: list[Pairing]) -> str:
    """The same as a list of objects with the names of `Pairing`, and `is_worse`."""
    return json.dumps([{**asdict(one), "is_worse": one.is_worse} for one in pairings], indent=2) + "\n"


def _rate(rate: Rate) -> str:
    return f"{share_of(rate)}  {percent(rate.rate)} ({interval(rate.low, rate.high)})"


def _mean(value: float | None, n: int) -> str:
    return "no control" if value is None else f"{number(round(value, 3))}  (of {n})"


def _meaning(one: Pairing) -> str:
    """What chance alone would do."""
    least = "no difference could be told from chance"
    if one.minimum_detectable is not None:
        least = f"the least that could be told from chance is {percent(one.minimum_detectable)} of them turning one way"
    return f"McNemar's exact test: p = {one.p_mcnemar:.2g}; on {counted(one.cases, 'incident')} {least}."
