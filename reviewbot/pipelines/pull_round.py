"""One round of a pull request: the engine reads what is new, and what it finds is held against what was said."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from reviewbot.domain.policy import Policy
from reviewbot.domain.pull import PullRequest
from reviewbot.domain.review import Outcome, Review
from reviewbot.domain.round import Outline, Round
from reviewbot.engine.review import Reviewable, review
from reviewbot.engine.rounds import NewPart, new_part, round_of
from reviewbot.errors import ReviewCancelled
from reviewbot.github.failures import GitHubFailure
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.asking import FULL, in_force
from reviewbot.pipelines.live import Live, Panel
from reviewbot.pipelines.pull_change import PullChange
from reviewbot.pipelines.pull_memory import PullMemory, forgotten
from reviewbot.pipelines.pull_policy import PolicyInForce
from reviewbot.pipelines.pull_remarks import remarks_on
from reviewbot.store.pulls import Hold, PullWork
from reviewbot.store.rounds import SaidRound

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Moved:
    """The pull request is not what it was when the look began; None where GitHub no longer knows the head."""

    now: PullRequest | None


def has_moved(pull: PullRequest, now: PullRequest) -> bool:
    """Whether a review of the pull request as it was says nothing of it as it is now."""
    is_another = (now.head, now.base_branch) != (pull.head, pull.base_branch)
    return is_another or not now.is_open or (now.is_draft and not pull.is_draft)


@dataclass
class _Watch:
    """Says during a review whether it has become pointless.

    Somebody wanting something is not enough: only GitHub knows whether the head is still the one that is read.
    """

    live: Live
    client: RepositoryClient
    hold: Hold
    pull: PullRequest
    seen: int = field(init=False)
    moved: PullRequest | None = None

    def __post_init__(self) -> None:
        self.seen = self.hold.wanted

    def __call__(self) -> bool:
        latest = self.live.pulls.latest_wanted(self.hold)
        if latest is None:
            return True
        if latest <= self.seen:
            return False
        self.seen = latest
        try:
            now = self.client.pull(self.pull.ref.number)
        except GitHubFailure as error:
            log.info("could not look whether the head moved", extra={"why": str(error)[:200]})
            return False
        self.moved = now if has_moved(self.pull, now) else None
        return self.moved is not None


def made_round(
    live: Live,
    hold: Hold,
    client: RepositoryClient,
    pull: PullRequest,
    change: PullChange,
    force: PolicyInForce,
    panel: Panel,
    work: PullWork,
    policy_hash: str,
) -> Round | Moved:
    """Reviews what earlier rounds have not read, and sorts the findings into new, fixed and still open.

    A `full review`, and one under another policy, reads everything again; what was said is not said twice all the same.
    """
    latest = live.rounds.latest(pull.ref)
    number = latest.number + 1 if latest else 1
    earlier = _read_before(latest, policy_hash, in_force(work.triggers, pull.head))
    # Asked of GitHub before anything is spent: what fails now is tried again for nothing.
    memory = forgotten(live, client, live.review_key(pull.ref, pull.head, policy_hash, work.request))
    watch = _Watch(live, client, hold, pull)
    live.pulls.note_review(hold)
    try:
        made = _review(change, new_part(change.diff, earlier), force.policy, _heard(panel, client, pull), watch)
    except ReviewCancelled:
        return Moved(watch.moved)
    _remember(live, hold, memory, made)
    round_ = round_of(
        _honest(made, change),
        change.diff,
        number=number,
        earlier=earlier,
        known=live.rounds.known(pull.ref),
        ignored={one.fingerprint for one in live.rounds.ignored(pull.ref.repo_id)},
        policy=force.policy,
        head_lines=_head_lines(change),
    )
    # Nothing is called fixed on the strength of a file that could not be read.
    return round_ if change.is_whole else replace(round_, fixed=(), still_open=(*round_.still_open, *round_.fixed))


def _read_before(latest: SaidRound | None, policy_hash: str, triggers: Collection[str]) -> Outline | None:
    """What the latest round has read, where this one goes on from there."""
    is_continued = latest is not None and latest.key.policy == policy_hash and FULL not in triggers
    return latest.outline if latest is not None and is_continued else None


def _remember(live: Live, hold: Hold, memory: PullMemory, made: Review) -> None:
    """Puts what was found now and said before, by a database that is lost, among what is known."""
    said = memory.among((*made.findings, *(held.finding for held in made.held_back)))
    if said:
        live.rounds.recall(hold, said)
        live.crashpoint("remembered")


def _honest(made: Review, change: PullChange) -> Review:
    """The review, no more complete than what there was to read."""
    if not change.shortfall or made.outcome not in (Outcome.COMPLETE, Outcome.PARTIAL):
        return made
    reason = "; ".join(why for why in (change.shortfall, made.reason) if why)
    return replace(made, outcome=Outcome.PARTIAL, reason=reason)


def _review(change: PullChange, part: NewPart, policy: Policy, panel: Panel, watch: Callable[[], bool]) -> Review:
    """The engine's review; what a reviewer could not do is for the operator to know too."""
    reviewable = Reviewable(change.change, change.base, change.head)
    made = review(reviewable, panel.reviewers, policy, part=part, cancelled=watch, second_look=panel.second_look)
    for run in made.runs:
        if run.failure is not None:
            log.warning(
                "reviewer failed", extra={"reviewer": run.reviewer, "model": run.model, "why": run.failure[:300]}
            )
    return made


def _heard(panel: Panel, client: RepositoryClient, pull: PullRequest) -> Panel:
    """The panel, whose second look knows what others have said by then."""
    if panel.second_look is None:
        return panel
    return replace(panel, second_look=replace(panel.second_look, remarks=lambda: remarks_on(client, pull)))


def _head_lines(change: PullChange) -> Callable[[str], tuple[str, ...] | None]:
    def lines(path: str) -> tuple[str, ...] | None:
        content = change.head.read_file(path)
        return None if content is None else tuple(content.decode("utf-8", "surrogateescape").split("\n"))

    return lines
