"""Asking for a look at a pull request: noted in the store first, then put into the queue."""

from __future__ import annotations

import logging
from collections.abc import Collection

from reviewbot.domain.pull import PullRef
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.pipelines.live import Live

log = logging.getLogger(__name__)

COMMAND, FULL, SWEEP, SETTLED, STOPPED = "command", "full", "sweep", "settled", "stopped"
"""What else makes us look, beside the triggers of a policy: a person's word, the sweep, a finding that was settled."""


def asked_at(trigger: str, head: Sha) -> str:
    """A person's word as it is remembered: for the head that stood there when it was obeyed, and no other (S06)."""
    return f"{trigger}@{head}"


def in_force(triggers: Collection[str], head: Sha) -> frozenset[str]:
    """What made us look, as far as it is meant for this head."""
    split = [trigger.partition("@") for trigger in triggers]
    return frozenset(name for name, _, meant in split if meant in ("", head))


def ask_for_look(
    live: Live,
    ref: PullRef,
    installation_id: int,
    repo: RepoName,
    trigger: str,
    *,
    delay_seconds: float = 0.0,
    another: bool = False,
) -> int:
    """The number of this look. With `another` a head that was reviewed is reviewed once more."""
    wanted = live.pulls.want(ref, installation_id, repo, trigger=trigger, delay_seconds=delay_seconds, another=another)
    log.info("look asked for", extra={"look": ref.look(wanted), "repo": str(repo), "why": trigger.partition("@")[0]})
    live.crashpoint("wanted")
    live.queue.pull(ref, installation_id, wanted, delay_seconds)
    return wanted


def resume(live: Live, installation_id: int) -> None:
    """An installation that was suspended answers again: what had to wait for it is due now."""
    if live.installations.is_suspended(installation_id):
        live.installations.suspend(installation_id, False)
        live.pulls.wake(installation_id)
