"""The catch record over time, as inline SVG: one stacked bar for each month."""

from __future__ import annotations

from collections.abc import Sequence

from reviewbot.domain.record import Answer
from reviewbot.domain.record_figures import TOLD, Month
from reviewbot.report.svg import number, svg, text

_MOST_MONTHS = 24
_KINDS = (
    ("told", TOLD),
    ("held", (Answer.HELD_BACK,)),
    ("missed", (Answer.MISSED,)),
    ("unseen", (Answer.NOT_REVIEWED, Answer.NOT_JUDGED)),
)
LEGEND = (
    ("told", "named before the merge"),
    ("held", "found and held back"),
    ("missed", "missed"),
    ("unseen", "not reviewed, or not judged"),
)


def months_chart(months: Sequence[Month]) -> str:
    """Incidents by month, stacked by what the record says; "" where there is none. What no code caused is left out."""
    shown = [one for one in months if _amounts(one)][-_MOST_MONTHS:]
    if not shown:
        return ""
    most = max(sum(amount for _, amount in _amounts(one)) for one in shown)
    rows: list[str] = []
    for index, month in enumerate(shown):
        top, left = index * 40, 0.0
        amounts = _amounts(month)
        rows.append(text("0%", top + 12, month.name, "soft"))
        rows.append(text("100%", top + 12, _words(month), "end num"))
        for kind, amount in amounts:
            width = 100 * amount / most
            rows.append(
                f'<rect class="bar {kind}" x="{number(left)}%" y="{top + 18}" width="{number(width)}%" height="9"/>'
            )
            left += width
    said = "; ".join(f"{one.name}: {_words(one)}" for one in shown)
    return svg("Incidents by month and what the record says of them", said, 40 * len(shown) - 8, rows)


def _amounts(month: Month) -> list[tuple[str, int]]:
    found = [(kind, sum(month.answers.get(answer, 0) for answer in answers)) for kind, answers in _KINDS]
    return [(kind, amount) for kind, amount in found if amount]


def _words(month: Month) -> str:
    return f"{month.told} of {month.counted} named" if month.counted else "none judged"
