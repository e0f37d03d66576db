"""What was said on a pull request and the database does not know: it is new, or was restored from a backup (F67).

GitHub shows which reviews are ours, and the marks in their comments name the findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reviewbot.domain.finding import Finding
from reviewbot.domain.pull import ReviewKey
from reviewbot.domain.repository import Sha
from reviewbot.domain.round import Fate, KnownFinding
from reviewbot.github.finding_text import named_findings, short_id
from reviewbot.github.graphql import Thread
from reviewbot.github.markers import any_marker, hashed_key
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.review_writes import REVIEW, REVIEW_IN_BODY


@dataclass(frozen=True, slots=True)
class Said:
    """Where and when a forgotten finding was said, and what became of it."""

    said_at: Sha
    fate: Fate = Fate.OPEN
    comment_id: int | None = None


@dataclass(frozen=True, slots=True)
class PullMemory:
    """What GitHub remembers for us: findings in threads by their fingerprint, those in bodies by their short id."""

    in_threads: Mapping[str, Said] = field(default_factory=dict)
    in_bodies: Mapping[str, Said] = field(default_factory=dict)

    def among(self, findings: Iterable[Finding]) -> list[KnownFinding]:
        """Those of these findings that were said already."""
        said = ((one, self.in_threads.get(one.fingerprint) or self.in_bodies.get(short_id(one))) for one in findings)
        return [
            KnownFinding(finding, where.said_at, where.fate, comment_id=where.comment_id)
            for finding, where in said
            if where is not None
        ]


def forgotten(live: Live, client: RepositoryClient, key: ReviewKey) -> PullMemory:
    """What our reviews say of which the outbox knows nothing; one call as long as there are none.

    The review of this very key is none of them: it is found when it is about to be sent, and taken for what it is.
    """
    sent = live.outbox.starting(f"{key.app_id}:{key.ref.repo_id}:{key.ref.number}:")
    noted = {row.remote_id for row in sent if row.part in (REVIEW, REVIEW_IN_BODY)}
    own = hashed_key(live.marker_secret, str(key))
    heads, in_bodies = dict[str, Sha](), dict[str, Said]()
    for review in client.reviews(key.ref.number):
        key_hash, part = any_marker(live.marker_secret, review.body) or ("", "")
        if part != REVIEW or key_hash == own or str(review.id) in noted or not client.is_ours(review.author):
            continue
        heads[key_hash] = Sha(review.commit_id or key.head)
        in_bodies |= dict.fromkeys(named_findings(review.body), Said(heads[key_hash]))
    return PullMemory(_in_threads(live, client, key, heads) if heads else {}, in_bodies)


def _in_threads(live: Live, client: RepositoryClient, key: ReviewKey, heads: Mapping[str, Sha]) -> dict[str, Said]:
    found = {}
    for thread in client.threads(key.ref.number):
        marks = _marks(live, thread)
        key_hash, fingerprint = marks[0] if marks else ("", "")
        if key_hash in heads:
            found[fingerprint] = Said(heads[key_hash], _fate(thread, marks), thread.comments[0].id)
    return found


def _marks(live: Live, thread: Thread) -> list[tuple[str, str]]:
    """The marks of our comments in a thread that we have begun."""
    if not thread.comments or not thread.comments[0].is_ours:
        return []
    marks = (any_marker(live.marker_secret, one.body) for one in thread.comments if one.is_ours)
    return [mark or ("", "") for mark in marks]


def _fate(thread: Thread, marks: list[tuple[str, str]]) -> Fate:
    """A thread that we resolved ourselves has our reply in it, which says so."""
    if any(part.startswith("fixed:") for _, part in marks):
        return Fate.FIXED
    return Fate.RESOLVED if thread.is_resolved else Fate.OPEN
