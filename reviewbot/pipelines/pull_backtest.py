"""A pull request that edits what reviewers are told has its effect on the record tried, when somebody has time."""

from __future__ import annotations

from reviewbot.domain.pull import PullRequest
from reviewbot.pipelines.live import Live
from reviewbot.store.pulls import Hold


def want_backtest(live: Live, hold: Hold, pull: PullRequest) -> None:
    """Asks for one for this head, unless the operator wants none, or there is nothing on record to try it on."""
    if live.limits.budget_per_backtest_usd <= 0:
        return
    work = live.pulls.work(hold.ref)
    if work is None or not live.incidents.has_causes(pull.ref.repo_id):
        return
    live.backtests.want(pull.ref, pull.head, work.installation_id, pull.repo)
