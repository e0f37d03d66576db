"""The comment on the issue of an incident: what the review of its cause had come to, said plainly either way."""

from __future__ import annotations

from reviewbot.domain.incident import Verdict
from reviewbot.domain.markdown_text import code, plain
from reviewbot.domain.record import Answer, Evidence, IncidentRecord
from reviewbot.github.facts import Facts
from reviewbot.github.limits import cut

_ROOM = 600
_MOST_FINDINGS = 5

_TOLD = "We told you. The review of {cause} named this cause"
_HEADLINES = {
    Answer.FLAGGED_AND_IGNORED: f"{_TOLD}, and nobody answered it.",
    Answer.FLAGGED_WITHOUT_EFFECT: f"{_TOLD}, and it was settled without effect.",
    Answer.HELD_BACK: "We had it and did not say it. The review of {cause} found this cause and held it back.",
    Answer.MISSED: "We missed it. {cause} was reviewed, and nothing that was found names this cause.",
    Answer.NOT_REVIEWED: "We did not look. {cause} was not reviewed.",
    Answer.NOT_A_CODE_CAUSE: "No change of code caused this, so that no review could have stopped it.",
    Answer.NOT_JUDGED: "{cause} was reviewed. Whether what was said names this cause has not been judged.",
}
_TODAY = {
    Verdict.CAUGHT: "With today's settings the review would have caught it",
    Verdict.PARTIAL: "With today's settings the review would have named the danger, but not the way to it",
    Verdict.MISSED: "With today's settings the review would miss it again",
    Verdict.UNJUDGED: "A replay with today's settings could not be judged",
}


def incident_text(record: IncidentRecord, facts: Facts) -> str:
    """The comment as it stands after what is known so far; needs an answer."""
    assert record.answer is not None, "there is an answer before there is a comment"
    headline = _HEADLINES[record.answer].format(cause=_cause_words(record, facts))
    blocks = [f"**{headline}**"]
    if record.why and record.answer is not Answer.NOT_A_CODE_CAUSE:
        blocks.append(cut(record.why[:1].upper() + record.why[1:], _ROOM, plain) + ".")
    if record.evidence:
        blocks.append("\n".join(_line(one) for one in record.evidence[:_MOST_FINDINGS]))
    if len(record.evidence) > _MOST_FINDINGS:
        blocks.append(f"and {len(record.evidence) - _MOST_FINDINGS} more.")
    if record.today is not None:
        note = f": {cut(record.today_note, _ROOM, plain)}" if record.today_note else ""
        blocks.append(f"{_TODAY[record.today]}{note}.")
    blocks.append(f"<sub>{_small_print(record)}</sub>")
    return "\n\n".join(blocks)


def _cause_words(record: IncidentRecord, facts: Facts) -> str:
    cause = record.cause
    if cause is None:
        return "the cause"
    if cause.pull is not None:
        return f"[pull request {cause.pull}]({facts.server_url}/{record.repo}/pull/{cause.pull})"
    return f"[commit {cause.commit[:10]}]({facts.server_url}/{record.repo}/commit/{cause.commit})"


def _line(one: Evidence) -> str:
    title = cut(one.title, 300, plain)
    said = f"[{title}]({one.link})" if one.link else title
    place = f" at {code(one.place)}" if one.place else ""
    ending = one.result or (f"held back at {one.stage}: {cut(one.reason, 300, plain)}" if one.stage else "")
    return f"- {said}{place}" + (f" ({ending})" if ending else "")


def _small_print(record: IncidentRecord) -> str:
    if record.answer is Answer.NOT_A_CODE_CAUSE:
        return "If a change did cause it, take that label or line away and write `Caused by #N` into the issue."
    if record.cause is None:
        return "If the cause is a change, write `Caused by #N` into the issue."
    how = cut(record.cause.how, 300, plain)
    return f"Why that change: {how}. If it was another one, write `Caused by #N` or `Caused by SHA` into the issue."
