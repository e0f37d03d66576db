"""The record of a team over some weeks, for a review meeting: on the terminal, as Markdown, as one HTML page."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reviewbot.domain.markdown_text import plain, table
from reviewbot.domain.record import IncidentRecord
from reviewbot.domain.record_figures import Group, RecordFigures
from reviewbot.domain.text import revealed, shortened
from reviewbot.report import record_words as words
from reviewbot.report.record_charts import LEGEND, months_chart
from reviewbot.report.words import one_line, percent

_MOST_GROUPS = 12
_DIMENSIONS = ("repository", "reviewer", "lens", "category")


def terminal_record(figures: RecordFigures) -> str:
    """What a person reads on a terminal; nothing in it can move the cursor."""
    lines = [f"The record, {words.span(figures)}", "", words.headline(figures), ""]
    lines += [f"  {name:<28} {value}" for name, value in words.summary_rows(figures)]
    if figures.incidents:
        lines += ["", "Incidents"]
        lines += [f"  {count:>4}  {name}" for name, count in words.answer_rows(figures)]
        lines.append("")
        lines += [f"  {_incident_line(one)}" for one in reversed(figures.incidents)]
    return "\n".join(lines)


def markdown_record(figures: RecordFigures) -> str:
    """The same with all tables, for a wiki or an issue."""
    blocks = [f"# The record, {words.span(figures)}", f"**{words.headline(figures)}**"]
    blocks.append("\n".join(table(["", "Figure"], [[name, value] for name, value in words.summary_rows(figures)])))
    if figures.incidents:
        rows = [[name, str(count)] for name, count in words.answer_rows(figures)]
        blocks += ["## Incidents", "\n".join(table(["What the record says", "Incidents"], rows))]
        blocks.append("\n".join(_markdown_incidents(figures.incidents)))
    for dimension in _DIMENSIONS:
        groups = figures.groups.get(dimension, ())
        if groups:
            blocks += [
                f"## By {dimension}",
                "\n".join(table(_heads(dimension), [_cells(one) for one in _most(groups)])),
            ]
    blocks.append(_MEANING)
    return "\n\n".join(blocks) + "\n"


def html_record(figures: RecordFigures) -> str:
    """One page that needs nothing from anywhere; every text from outside is escaped, its hidden characters shown."""
    environment = Environment(
        loader=PackageLoader("reviewbot.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: (
            revealed(str(value)) if isinstance(value, str) and not isinstance(value, Markup) else value
        ),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("record.html.j2").render(
        figures=figures,
        words=words,
        shortened=shortened,
        percent=percent,
        dimensions=[(name, _most(figures.groups.get(name, ()))) for name in _DIMENSIONS if figures.groups.get(name)],
        chart=Markup(months_chart(figures.months)),  # noqa: S704  charts escape every text
        legend=LEGEND,
        meaning=_MEANING,
    )
    return re.sub(r"\n\s*\n+", "\n", page) + "\n"


_MEANING = (
    "Acceptance is the share of findings on merged pull requests that a later push addressed. Precision is the share "
    "of those that people or time have decided on that was right: addressed, or proven right by a later fix that "
    "touches the lines of an ignored or dismissed finding. Silence is the share of reviews that said nothing."
)


def _most(groups: Sequence[Group]) -> Sequence[Group]:
    return groups[:_MOST_GROUPS]


def _heads(dimension: str) -> list[str]:
    heads = [dimension.capitalize(), "Said", "Acceptance", "Precision", "Proven right"]
    return [*heads, "Reviews", "Silence"] if dimension == "repository" else heads


def _cells(one: Group) -> list[str]:
    fates = one.fates
    cells = [plain(one.name), str(fates.said), percent(fates.acceptance), percent(fates.precision), str(fates.proven)]
    return [*cells, str(one.reviews), percent(one.silence)] if one.reviews else cells


def _markdown_incidents(incidents: Sequence[IncidentRecord]) -> list[str]:
    rows = [
        [
            plain(one.name),
            plain(shortened(one.title, 120)),
            words.day_of(one.opened_at),
            words.incident_words(one),
            words.today_words(one),
        ]
        for one in reversed(incidents)
    ]
    return table(["Incident", "What happened", "Opened", "The record says", "Today's settings"], rows)


def _incident_line(one: IncidentRecord) -> str:
    said = words.incident_words(one)
    today = f"; today: {words.today_words(one)}" if one.today is not None else ""
    title = shortened(one_line(one.title), 70)
    return f"{words.day_of(one.opened_at)}  {one_line(one.name)}: {title} ({said}{today})"
