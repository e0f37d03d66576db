"""`report.html`: a retro run as one page that needs nothing from anywhere."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reviewbot.domain.text import revealed
from reviewbot.report import charts, facts, words
from reviewbot.report import retro_charts as drawn
from reviewbot.report.culprit import culprit_rows, label_of
from reviewbot.report.page_anchor import anchor
from reviewbot.report.retro_charts import in_time, matrix, shown_rates
from reviewbot.report.values import RetroReport

_PAGE_BYTES = 2_400_000
_LONGEST_TEXT, _SHORTEST_TEXT = 2_000, 200

_CHARTS = {
    "steps_chart": drawn.steps_chart,
    "rate_chart": drawn.rate_chart,
    "severity_chart": drawn.severity_chart,
    "category_chart": drawn.category_chart,
    "span_chart": drawn.span_chart,
    "operating_chart": drawn.operating_chart,
    "paired_chart": drawn.paired_chart,
    "cost_chart": drawn.cost_chart,
    "planted_chart": drawn.planted_chart,
}


def html_report(report: RetroReport) -> str:
    """One self-contained page: no script, no request, every text from outside escaped and its hidden characters shown.

    Long texts are cut the shorter the more cases there are, so that the page stays below 3 MB.
    """
    cases = len(report.incidents) + len(report.controls)
    text_limit = min(_LONGEST_TEXT, max(_SHORTEST_TEXT, _PAGE_BYTES // max(1, cases) // 40))
    most_findings = 30 if cases <= 60 else 8
    page = (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            card=report.scorecard,
            arms=report.scorecard.arms,
            is_judged=facts.is_judged(report),
            **{name: Markup(chart(report)) for name, chart in _CHARTS.items()},  # noqa: S704  charts escape every text
            matrices=(("Severity", matrix(report, "by_severity")), ("Category", matrix(report, "by_category"))),
            shown_rates=shown_rates(report),
            incidents_in_time=in_time(report.incidents),
            text_limit=text_limit,
            most_findings=most_findings,
        )
    )
    return re.sub(r"\n\s*\n+", "\n", page) + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reviewbot.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=words.percent,
        number=words.number,
        dollars=words.dollars,
        p_value=words.p_value,
        day=words.day,
        minute=words.minute,
    )
    environment.globals.update(
        facts=facts,
        State=facts.State,
        RATES=facts.RATES,
        NO_RATE=facts.NO_RATE,
        interval=words.interval,
        share_of=words.share_of,
        counted=words.counted,
        culprit_rows=culprit_rows,
        label_of=label_of,
        anchor=anchor,
        clipped=clipped,
        state_mark=lambda state: Markup(charts.state_mark(state)),  # noqa: S704  constants only
        arm_mark=lambda index: Markup(charts.arm_mark(index)),  # noqa: S704
    )
    return environment


def _shown(value: object) -> object:
    """What every expression of a template passes before it is escaped."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return revealed(str(value))
    return value


def clipped(text: str, limit: int) -> str:
    """The text, or its beginning and how much was left out."""
    return text if len(text) <= limit * 1.1 else f"{text[:limit].rstrip()} … ({len(text) - limit:,} more characters)"
