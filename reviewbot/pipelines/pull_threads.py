"""What people do to the threads of findings: resolve them, and open them again."""

from __future__ import annotations

import logging

from reviewbot.domain.pull import PullRef
from reviewbot.domain.round import Fate, KnownFinding
from reviewbot.github.failures import Forbidden, NotThere, Refused
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.live import Live

log = logging.getLogger(__name__)

_AS_THE_THREAD = frozenset({Fate.OPEN, Fate.RESOLVED})
"""What was fixed or is ignored stays so, whatever becomes of its thread."""


def settle_as_thread(live: Live, ref: PullRef, known: KnownFinding, is_resolved: bool, by: str) -> None:
    """A finding is open as long as its thread is."""
    fate = Fate.RESOLVED if is_resolved else Fate.OPEN
    if known.fate in _AS_THE_THREAD and known.fate is not fate:
        note = "its thread was resolved" if is_resolved else "its thread was opened again"
        live.rounds.settle(ref, known.fingerprint, fate, note, by)


def follow_threads(live: Live, client: RepositoryClient, ref: PullRef) -> None:
    """Has the findings stand as their threads do at GitHub: what we were told of them may have come in any order."""
    said = {
        known.comment_id: known
        for known in live.rounds.known(ref)
        if known.comment_id is not None and known.fate in _AS_THE_THREAD
    }
    if not said:
        return
    try:
        threads = client.threads(ref.number)
    except (NotThere, Forbidden, Refused) as error:
        log.info("threads not read", extra={"pull": str(ref), "why": str(error)[:200]})
        return
    for thread in threads:
        for known in [said[one.id] for one in thread.comments if one.id in said]:
            settle_as_thread(live, ref, known, thread.is_resolved, "")
