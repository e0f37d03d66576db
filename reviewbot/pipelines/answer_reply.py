"""What is said to somebody who answers a finding: the model's word where there is one, else what is recorded."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

from reviewbot.dialogue import AnswerError, ask, fenced, json_object, load_prompt
from reviewbot.domain.markdown_text import code
from reviewbot.domain.pull import PullRequest
from reviewbot.domain.round import KnownFinding
from reviewbot.domain.text import printable
from reviewbot.errors import ReviewbotError
from reviewbot.github.answers import PostedComment
from reviewbot.github.replies import answer_text, explain_text
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.spending import day_left, meter
from reviewbot.ports import Model, Part, Prompt, Turn

log = logging.getLogger(__name__)

_AROUND = 40
_LONGEST_SAYING = 4_000
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "stands": {"type": "string", "enum": ["yes", "no", "unsure"]},
        "answer": {"type": "string"},
    },
    "required": ["stands", "answer"],
    "additionalProperties": False,
}


_STANDS = {"yes": "The finding stands.", "no": "The finding does not hold.", "unsure": "This is not settled."}


def reply_text(
    live: Live,
    client: RepositoryClient,
    installation_id: int,
    pull: PullRequest,
    known: KnownFinding,
    thread: Sequence[PostedComment],
) -> str:
    """A short answer to the last thing that was said in the thread of a finding; where the day is spent, no model's."""
    may_spend = day_left(live, pull.ref.repo_id, live.defaults) != 0
    model = live.reviewers.model(meter(live, pull.ref.repo_id, installation_id)) if may_spend else None
    answer = None if model is None else _of_model(model, _prompt(client, pull, known, thread))
    if answer is None:
        return explain_text(known, live.facts(), pull.repo)
    stands, said = answer
    settles = code(f"@{live.own.slug} ignore {known.fingerprint[:8]} because …")
    ending = f"\n\n{settles} settles it." if stands == "no" else ""
    return answer_text(f"{_STANDS[stands]} {said}") + ending


def _of_model(model: Model, prompt: Prompt) -> tuple[str, str] | None:
    try:
        asked = ask(model, prompt, _read)
    except ReviewbotError as error:
        log.warning("no answer from the model", extra={"why": str(error)[:200]})
        return None
    return asked.answer


def _read(text: str) -> tuple[str, str]:
    answer = json_object(text)
    stands, said = answer.get("stands"), answer.get("answer")
    if stands not in ("yes", "no", "unsure") or not isinstance(said, str) or not said.strip():
        raise AnswerError('Expected {"stands": "yes" | "no" | "unsure", "answer": "text"}.')
    return stands, said.strip()


def _prompt(
    client: RepositoryClient, pull: PullRequest, known: KnownFinding, thread: Sequence[PostedComment]
) -> Prompt:
    instructions = load_prompt("reply")
    place = known.finding.location
    content = client.file(place.path, pull.head) if place is not None else None
    finding = json.dumps(_told(known), ensure_ascii=False)
    shown = (
        _lines(content, place.first_line) if content is not None and place is not None else "(the file is not there)"
    )
    said = "\n\n".join(
        f"{'reviewer' if client.is_ours(one.author) else 'developer'}: {_words(one)}"
        for one in thread
        if one.id != known.comment_id
    )
    material = fenced("finding", finding) + fenced("code", shown) + fenced("thread", said)
    return Prompt(
        name="reply",
        version=instructions.version,
        system=instructions.text,
        turns=(Turn("user", (Part(material), Part("Answer the last comment of the thread with the JSON object.\n"))),),
        schema=_SCHEMA,
        max_output_tokens=1_500,
    )


def _told(known: KnownFinding) -> dict[str, str]:
    finding = known.finding
    return {
        "place": str(finding.location or "no line"),
        "title": finding.title,
        "explanation": finding.explanation,
        "suggestion": finding.suggestion or "",
    }


def _words(comment: PostedComment) -> str:
    """What was said, without the marks that we put below our own words."""
    return printable(comment.body).partition("\n<!-- reviewbot:")[0][:_LONGEST_SAYING]


def _lines(content: bytes, line: int) -> str:
    lines = printable(content.decode("utf-8", "replace")).split("\n")
    first = max(0, line - _AROUND)
    return "\n".join(
        f"{number:>5} {text[:400]}" for number, text in enumerate(lines[first : line + _AROUND], first + 1)
    )
