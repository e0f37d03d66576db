"""A changed policy proves itself: old against new settings on the incidents and quiet changes of the record."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from reviewbot.domain.backtest import Backtest, BacktestCase
from reviewbot.domain.incident import Verdict
from reviewbot.domain.policy import Policy
from reviewbot.domain.pull import PullRequest
from reviewbot.domain.replay import CaseVerdict, Replay
from reviewbot.domain.review import Outcome, total_cost
from reviewbot.errors import GitError, InputError
from reviewbot.git.repository import Repository
from reviewbot.github.backtest_text import backtest_text
from reviewbot.github.failures import GitHubFailure, NotThere
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.judge.verdicts import JudgePlan, judge
from reviewbot.pipelines.later import GivenUp, later_after
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.outgoing import NotYet, deliver
from reviewbot.pipelines.pull_change import opened_change
from reviewbot.pipelines.pull_notices import conversation_write
from reviewbot.pipelines.record.judged import imported
from reviewbot.pipelines.replay import Arm, ReplayPlan, replay
from reviewbot.pipelines.spending import day_left, meter
from reviewbot.policy_file import read_policy
from reviewbot.ports import Model
from reviewbot.retro.exposures import load_exposures
from reviewbot.retro.imports.values import ImportedChange
from reviewbot.retro.imports.writing import incidents_text
from reviewbot.retro.panel import Panel as Judges
from reviewbot.store.backtests import WantedBacktest

log = logging.getLogger(__name__)

BEFORE, AFTER = "before", "after"
MOST_INCIDENTS, MOST_CONTROLS = 10, 10
_ALL = 10_000
_LEASE_SECONDS = 3_600.0
_REVIEWED = (Outcome.COMPLETE, Outcome.PARTIAL)
_MAY_ASK = frozenset({"admin", "write"})


def work_on_backtests(live: Live) -> int:
    """Makes the backtests that are wanted; how many were taken up. What fails is tried again later."""
    count = 0
    while (wanted := live.backtests.take(_LEASE_SECONDS)) is not None:
        live.crashpoint("took backtest")
        live.backtests.settle(wanted, _tried(live, wanted))
        count += 1
    return count


def _tried(live: Live, wanted: WantedBacktest) -> float | None:
    try:
        return _made(live, wanted)
    except NotThere:
        return None
    except (GitHubFailure, GitError, InputError) as error:
        log.warning("backtest not made", extra={"pull": str(wanted.ref), "why": str(error)[:300]})
        later = later_after(error, wanted.attempts)
        gone_on = wanted.attempts < live.limits.attempts or isinstance(error, GitHubFailure)
        return None if isinstance(later, GivenUp) or not gone_on else later.seconds


def _made(live: Live, wanted: WantedBacktest) -> float | None:
    """Only of the head that stands, and only for authors who may write: it costs money."""
    client = live.github.repository(wanted.installation_id, wanted.ref.repo_id, wanted.repo)
    pull = client.pull(wanted.ref.number)
    if not pull.is_open or pull.head != wanted.head or not _may_ask(client, pull):
        return None
    with opened_change(live, client, pull) as change:
        old, new = read_policy(change.policy_snapshot, live.defaults), read_policy(change.head, live.defaults)
    if new.problems or old.policy == new.policy:
        return None
    key = f"backtest:{wanted.ref}:{old.hash}:{new.hash}"
    told = live.outbox.find(key, "backtest")
    found = None
    if told is None:
        found = _measured(live, client, wanted, old.policy, new.policy)
        if found is None:
            return None
        live.crashpoint("made backtest")
    text = backtest_text(found) if found is not None else ""
    result = deliver(live, None, conversation_write(live, client, pull.ref.number, key, "backtest", text))
    return result.seconds if isinstance(result, NotYet) else None


def _may_ask(client: RepositoryClient, pull: PullRequest) -> bool:
    return pull.author_id is not None and client.permission(pull.author, pull.author_id) in _MAY_ASK


def _measured(
    live: Live, client: RepositoryClient, wanted: WantedBacktest, old: Policy, new: Policy
) -> Backtest | None:
    """Both policies on the same changes; None where the record has no change to try them on."""
    incidents = live.incidents.with_causes(wanted.ref.repo_id, MOST_INCIDENTS)
    if not incidents:
        return None
    controls = _controls(live, client, wanted)
    budget_usd = _budget(live, wanted)
    with _history(live, client, wanted) as repository, TemporaryDirectory(prefix="reviewbot-backtest-") as folder:
        path = Path(folder) / "incidents.yaml"
        cases = [imported(one.record, f"record-{one.id}") for one in incidents]
        path.write_text(incidents_text(cases, wanted.repo, controls), encoding="utf-8")
        replays = [
            *_replays(live, wanted, path, repository, BEFORE, old, budget_usd / 2),
            *_replays(live, wanted, path, repository, AFTER, new, budget_usd / 2),
        ]
        judges = live.reviewers.judges(meter(live, wanted.ref.repo_id, wanted.installation_id))
        verdicts = _verdicts(path, repository, replays, judges)
    names = {f"record-{one.id}": one.record.name for one in incidents} | {name: name for name, _ in controls}
    return _compared(names, replays, verdicts, is_judged=bool(judges), budget_usd=budget_usd)


def _budget(live: Live, wanted: WantedBacktest) -> Decimal:
    left = day_left(live, wanted.ref.repo_id, live.defaults)
    most = live.limits.budget_per_backtest_usd
    return most if left is None else min(most, left)


def _history(live: Live, client: RepositoryClient, wanted: WantedBacktest) -> AbstractContextManager[Repository]:
    address = live.git_address(wanted.repo)
    return live.histories.history(wanted.ref.repo_id, wanted.repo, address, client.token())


def _controls(live: Live, client: RepositoryClient, wanted: WantedBacktest) -> list[tuple[str, ImportedChange]]:
    """Merged pull requests that caused nothing and repaired nothing, as far as the record knows."""
    all_of_them = (one.record for one in live.incidents.with_causes(wanted.ref.repo_id, _ALL))
    guilty = {place.pull for one in all_of_them for place in (one.cause, one.fix) if place is not None}
    found: list[tuple[str, ImportedChange]] = []
    for number in live.pull_facts.quiet(wanted.ref.repo_id, MOST_CONTROLS * 2):
        if number in guilty or len(found) == MOST_CONTROLS:
            continue
        commit = client.pull(number).merge_commit
        if commit:
            found.append((f"quiet-{number}", ImportedChange(wanted.repo, commit, number)))
    return found


def _replays(
    live: Live,
    wanted: WantedBacktest,
    path: Path,
    repository: Repository,
    arm: str,
    policy: Policy,
    budget_usd: Decimal,
) -> list[Replay]:
    panel = live.reviewers.panel(policy, budget_usd, meter(live, wanted.ref.repo_id, wanted.installation_id))
    exposures = load_exposures(path)
    way = Arm(arm, arm, panel.reviewers, panel.model, 1, panel.second_look)
    found: list[Replay] = []
    # One after the other: the reviews of pull requests go before.
    plan = ReplayPlan(
        exposures.exposures, dict(exposures.kinds), (way,), lambda _: repository, policy, concurrency=1, seed="backtest"
    )
    replay(plan, found.append)
    return found


def _verdicts(
    path: Path, repository: Repository, replays: Sequence[Replay], judges: Sequence[Model]
) -> tuple[CaseVerdict, ...]:
    panel = Judges(tuple(judges), opinions=1) if judges else None
    plan = JudgePlan(path, replays, lambda _: repository, panel)
    verdicts, _ = judge(plan, lambda _cost: None)
    return verdicts


def _compared(
    names: dict[str, str],
    replays: Sequence[Replay],
    verdicts: Sequence[CaseVerdict],
    is_judged: bool,
    budget_usd: Decimal,
) -> Backtest:
    by_key = {(one.case, one.arm): one for one in verdicts}
    pairs = {(one.case, one.arm): one for one in replays}
    cases = []
    for case, name in names.items():
        before, after = pairs.get((case, BEFORE)), pairs.get((case, AFTER))
        if before is None or after is None:
            continue
        cases.append(
            BacktestCase(
                name,
                before.kind,
                len(before.findings),
                len(after.findings),
                _verdict(by_key.get((case, BEFORE))),
                _verdict(by_key.get((case, AFTER))),
                is_reviewed=all(one.outcome in _REVIEWED for one in (before, after)),
            )
        )
    calls = tuple(call for one in replays for call in one.calls) + tuple(call for one in verdicts for call in one.calls)
    return Backtest(tuple(cases), total_cost(calls), budget_usd, is_judged)


def _verdict(one: CaseVerdict | None) -> Verdict | None:
    return None if one is None else one.verdict
