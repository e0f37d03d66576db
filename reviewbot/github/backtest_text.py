"""The comment on a pull request that changes the policy: what it would have done to the incidents on record."""

from __future__ import annotations

from collections.abc import Sequence

from reviewbot.domain.backtest import Backtest, BacktestCase
from reviewbot.domain.incident import Verdict
from reviewbot.domain.markdown_text import plain, table
from reviewbot.github.limits import counted, cut

_MOST_NAMES = 20


def backtest_text(found: Backtest) -> str:
    """The paired result, the plain sentence first."""
    blocks = [f"**{_headline(found)}**"]
    rows = [
        ["incidents caught", *_caught(found)] if found.is_judged else [],
        ["findings on their changes", *_said(found.incidents)],
        ["findings on quiet changes", *_said(found.controls)] if found.controls else [],
    ]
    blocks.append("\n".join(table(["", "policy in force", "this change"], [row for row in rows if row])))
    blocks += [f"{title}: {_names(cases)}." for title, cases in _changes(found) if cases]
    blocks.append(f"<sub>{_small_print(found)}</sub>")
    return "\n\n".join(blocks)


def _headline(found: Backtest) -> str:
    count = counted(len(found.incidents), "incident")
    if not found.incidents:
        return "This change of the policy could not be tried on the record: no replay came to a review."
    if not found.is_judged:
        return f"This change of the policy was tried on {count} of the record; no model is set to judge what was said."
    gained, lost = len(found.gained), len(found.lost)
    if not gained and not lost:
        return f"On the {count} of the record this change of the policy catches what the one in force catches."
    parts = [f"{gained} more" if gained else "", f"{lost} fewer" if lost else ""]
    words = " and ".join(part for part in parts if part)
    return f"Of the {count} on record, this change of the policy catches {words}."


def _changes(found: Backtest) -> Sequence[tuple[str, Sequence[BacktestCase]]]:
    if not found.is_judged:
        return (("Not counted, because a replay came to no review", found.unreviewed),)
    return (
        ("Caught only with this change", found.gained),
        ("No longer caught with this change", found.lost),
        ("Not counted, because a replay came to no review", found.unreviewed),
    )


def _caught(found: Backtest) -> list[str]:
    count = len(found.incidents)
    before = sum(one.verdict_before is Verdict.CAUGHT for one in found.incidents)
    after = sum(one.verdict_after is Verdict.CAUGHT for one in found.incidents)
    return [f"{before} of {count}", f"{after} of {count}"]


def _said(cases: Sequence[BacktestCase]) -> list[str]:
    return [str(sum(one.said_before for one in cases)), str(sum(one.said_after for one in cases))]


def _names(cases: Sequence[BacktestCase]) -> str:
    names = ", ".join(cut(one.name, 100, plain) for one in cases[:_MOST_NAMES])
    more = len(cases) - _MOST_NAMES
    return f"{names} and {more} more" if more > 0 else names


def _small_print(found: Backtest) -> str:
    cost = "cost unknown" if found.cost_usd is None else f"${found.cost_usd:.2f}"
    controls = f", {counted(len(found.controls), 'quiet change')}" if found.controls else ""
    return (
        f"{counted(len(found.incidents), 'incident')}{controls}, each reviewed once under both policies; {cost} of at "
        f"most ${found.budget_usd:.2f}. So few cases show only large differences; single trials vary by chance."
    )
