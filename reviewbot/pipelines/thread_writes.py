"""Replies in the threads of lines, each known again by its marker."""

from __future__ import annotations

from reviewbot.github.markers import found_marker, marker
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.outgoing import Request, Write

ANSWER = "answer"


def thread_write(live: Live, client: RepositoryClient, number: int, key: str, first_comment: int, text: str) -> Write:
    """A reply in the thread that this comment began."""
    secret = live.marker_secret

    def send(request: Request) -> str:
        return str(client.reply(number, request["comment_id"], request["body"]).id)

    def find(_request: Request) -> str | None:
        ours = (one for one in client.thread_comments(number) if client.is_ours(one.author))
        return next((str(one.id) for one in ours if found_marker(secret, key, ANSWER, one.body)), None)

    request = {"comment_id": first_comment, "body": f"{text}\n{marker(secret, key, ANSWER)}"}
    return Write(key, ANSWER, request, send, find)
