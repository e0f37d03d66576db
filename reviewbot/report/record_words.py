"""The record in words: the same sentences on the terminal, in Markdown, in HTML and on the dashboard."""

from __future__ import annotations

from datetime import UTC, datetime

from reviewbot.domain.incident import Verdict
from reviewbot.domain.record import Answer, IncidentRecord
from reviewbot.domain.record_figures import Fates, RecordFigures
from reviewbot.report.words import counted, dollars, percent

ANSWER_WORDS = {
    Answer.FLAGGED_AND_IGNORED: "we told you, and nobody answered",
    Answer.FLAGGED_WITHOUT_EFFECT: "we told you, and it was settled without effect",
    Answer.HELD_BACK: "we had it and did not say it",
    Answer.MISSED: "we missed it",
    Answer.NOT_REVIEWED: "we did not look",
    Answer.NOT_A_CODE_CAUSE: "no change of code caused it",
    Answer.NOT_JUDGED: "reviewed, not judged",
}
TODAY_WORDS = {
    Verdict.CAUGHT: "caught",
    Verdict.PARTIAL: "half of it",
    Verdict.MISSED: "missed again",
    Verdict.UNJUDGED: "not judged",
}


def headline(figures: RecordFigures) -> str:
    """The one sentence of the record."""
    if not figures.counted:
        return "No incident on record has an answer yet that says whether its cause was named."
    incidents = counted(figures.counted, "incident")
    return f"Of {incidents} caused by a change, the review had named the cause of {figures.told} before it was merged."


def span(figures: RecordFigures) -> str:
    """`2026-08-25 to 2026-11-23`."""
    until = day_of(figures.until)
    return f"{day_of(figures.since)} to {until}" if figures.since > 0 else f"until {until}"


def summary_rows(figures: RecordFigures) -> list[tuple[str, str]]:
    """Name and value of each figure, in the order in which people ask for them."""
    outcomes = ", ".join(f"{count} {name}" for name, count in sorted(figures.outcomes.items()))
    return [
        ("Reviews", f"{figures.reviews:,}" + (f" ({outcomes})" if outcomes else "")),
        ("Silent reviews", f"{figures.silent:,}, {percent(figures.silence)}"),
        ("Findings said", f"{figures.findings:,}"),
        ("Addressed before the merge", fate_words(figures.fates.addressed, figures.fates)),
        ("Dismissed", fate_words(figures.fates.dismissed, figures.fates)),
        ("Ignored", fate_words(figures.fates.ignored, figures.fates)),
        ("Proven right by a later fix", str(figures.fates.proven)),
        ("Precision", percent(figures.fates.precision)),
        ("Models cost", dollars(figures.cost_usd)),
    ]


def fate_words(count: int, fates: Fates) -> str:
    return f"{count:,}, {percent(count / fates.said if fates.said else None)}"


def answer_rows(figures: RecordFigures) -> list[tuple[str, int]]:
    """How many incidents have each answer; and, last, those without one."""
    counts = figures.answers
    rows = [(ANSWER_WORDS[answer], counts[answer]) for answer in Answer if counts.get(answer)]
    return [*rows, ("without an answer yet", figures.unanswered)] if figures.unanswered else rows


def incident_words(one: IncidentRecord) -> str:
    """What the record says of an incident, in a few words."""
    return ANSWER_WORDS[one.answer] if one.answer is not None else one.stand.value


def today_words(one: IncidentRecord) -> str:
    return TODAY_WORDS[one.today] if one.today is not None else "–"


def day_of(moment: float | None) -> str:
    """The date in UTC of unix seconds."""
    return "–" if moment is None else f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"
