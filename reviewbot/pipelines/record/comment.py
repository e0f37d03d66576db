"""The one comment on the issue of an incident: written once, and given other words when more is known."""

from __future__ import annotations

import hashlib

from reviewbot.domain.record import IncidentRecord
from reviewbot.github.incident_text import incident_text
from reviewbot.github.markers import marker
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.outgoing import Delivered, NotYet, Request, Write, deliver
from reviewbot.pipelines.pull_notices import conversation_write

_PART = "answer"


def comment_on(live: Live, client: RepositoryClient, record: IncidentRecord) -> float | None:
    """Sees to it that the issue shows the answer; the seconds after which to try again, None where it is done.

    An incident without an issue has nowhere to show it, and a locked issue takes no words: the record has them.
    """
    if record.issue is None:
        return None
    key = f"incident:{record.key}"
    text = incident_text(record, live.facts())
    result = deliver(live, None, conversation_write(live, client, record.issue, key, _PART, text))
    if isinstance(result, NotYet):
        return result.seconds
    if not isinstance(result, Delivered):
        return None
    body = f"{text}\n{marker(live.marker_secret, key, _PART)}"
    first = live.outbox.find(key, _PART)
    if first is not None and first.request.get("body") == body:
        return None
    changed = deliver(live, None, _update(client, key, int(result.remote_id), body))
    return changed.seconds if isinstance(changed, NotYet) else None


def _update(client: RepositoryClient, key: str, comment_id: int, body: str) -> Write:
    def send(request: Request) -> str:
        return str(client.update_comment(request["comment_id"], request["body"]).id)

    digest = hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()[:16]
    request = {"comment_id": comment_id, "body": body}
    return Write(key, f"{_PART}:{digest}", request, send, lambda _: None, looks_first=False, repeatable=True)
