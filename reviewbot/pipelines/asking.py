"""Asking for a look at a pull request: noted in the store first, then put into the queue."""

from __future__ import annotations

from reviewbot.domain.pull import PullRef
from reviewbot.domain.repository import RepoName
from reviewbot.pipelines.live import Live

COMMAND, FULL, SWEEP, SETTLED, STOPPED = "command", "full", "sweep", "settled", "stopped"
"""What else makes us look, beside the triggers of a policy: a person's word, the sweep, a finding that was settled."""


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
    live.crashpoint("wanted")
    live.queue.pull(ref, installation_id, wanted, delay_seconds)
    return wanted


def resume(live: Live, installation_id: int) -> None:
    """An installation that was suspended answers again: what had to wait for it is due now."""
    if live.installations.is_suspended(installation_id):
        live.installations.suspend(installation_id, False)
        live.pulls.wake(installation_id)
