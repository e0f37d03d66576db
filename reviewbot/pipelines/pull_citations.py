"""What is about to be said, held against the record: a finding that repeats an incident's mechanism says so."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reviewbot.dialogue import AnswerError, ask, fenced, json_object, load_prompt
from reviewbot.domain.finding import Finding
from reviewbot.domain.pull import PullRequest
from reviewbot.domain.record import IncidentRecord
from reviewbot.domain.round import Citation, Round
from reviewbot.engine.recall import PastIncident, alike
from reviewbot.errors import ReviewbotError
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.spending import day_left, meter
from reviewbot.ports import Model, Part, Prompt, Turn

log = logging.getLogger(__name__)

_MOST_FINDINGS = 5
_LONGEST_TEXT = 3_000
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "finding": {"type": "string"},
        "incident": {"type": "string"},
        "same": {"type": "integer"},
    },
    "required": ["finding", "incident", "same"],
    "additionalProperties": False,
}


def with_citations(live: Live, pull: PullRequest, installation_id: int, made: Round) -> Round:
    """The round with the incidents that its new findings repeat.

    Only incidents of the same organisation that were opened before this moment; on a public pull request only those of
    its own repository, because others need not be for everybody. Without a model nothing is cited: shared words alone
    prove nothing.
    """
    if not made.to_say:
        return made
    past = past_incidents(live, pull, installation_id)
    near = [(finding, found) for finding in made.to_say[:_MOST_FINDINGS] if (found := alike(finding, past))]
    if not near or day_left(live, pull.ref.repo_id, live.defaults) == 0:
        return made
    model = live.reviewers.model(meter(live, pull.ref.repo_id, installation_id))
    if model is None:
        return made
    cited = (_cited(model, finding, found) for finding, found in near)
    return replace(made, citations=tuple(one for one in cited if one is not None))


def past_incidents(live: Live, pull: PullRequest, installation_id: int) -> tuple[PastIncident, ...]:
    """What a review of this pull request may know of the record."""
    before = live.clock.now().timestamp()
    kept = (one.record for one in live.incidents.of_installation(installation_id, before))
    return tuple(_past(one) for one in kept if pull.is_private or one.repo_id == pull.ref.repo_id)


def _past(record: IncidentRecord) -> PastIncident:
    texts = (record.mechanism, record.root_cause, record.summary)
    text = "\n\n".join(part for part in texts if part)[:_LONGEST_TEXT]
    return PastIncident(record.name, record.title, text, record.opened_at, record.link)


def _cited(model: Model, finding: Finding, near: Sequence[PastIncident]) -> Citation | None:
    """What a model confirms; a model that fails confirms nothing, and the review goes on."""
    try:
        same = ask(model, _prompt(finding, near), lambda text: _read(text, len(near))).answer
    except ReviewbotError as error:
        log.warning("incidents not compared", extra={"why": str(error)[:200]})
        return None
    if not same:
        return None
    incident = near[same - 1]
    return Citation(finding.fingerprint, incident.name, incident.title, incident.link)


def _prompt(finding: Finding, near: Sequence[PastIncident]) -> Prompt:
    instructions = load_prompt("same")
    said = f"Place: {finding.location or 'none given'}\nTitle: {finding.title}\nExplanation: {finding.explanation}\n"
    incidents = "".join(
        fenced(f"incident {number}", f"Title: {one.title}\n\n{one.text}") for number, one in enumerate(near, 1)
    )
    question = "Is it one of these again? Answer with the JSON object and nothing else.\n"
    return Prompt(
        name="same",
        version=instructions.version,
        system=instructions.text,
        turns=(Turn("user", (Part(fenced("finding", said) + incidents), Part(question))),),
        schema=_SCHEMA,
        max_output_tokens=800,
    )


def _read(text: str, count: int) -> int:
    same = json_object(text).get("same")
    if not isinstance(same, int) or isinstance(same, bool) or not 0 <= same <= count:
        raise AnswerError(f'"same" has to be the number of an incident, 1 to {count}, or 0 for none.')
    return same
