"""Whether an open pull request is to be reviewed: pauses, drafts, and what the policy lets begin a review."""

from __future__ import annotations

from reviewbot.domain.events import Trigger
from reviewbot.domain.policy import Policy
from reviewbot.domain.pull import PullRequest
from reviewbot.domain.review import Outcome
from reviewbot.pipelines.asking import COMMAND, FULL, SETTLED, STOPPED, SWEEP, in_force
from reviewbot.pipelines.live import Live
from reviewbot.store.pulls import PullWork

IS_DRAFT, MADE_DRAFT = "the pull request is a draft", "the pull request was made a draft"
CLOSED, CLOSED_MEANWHILE = "the pull request was closed", "it was closed"
"""Why a pull request is skipped that may be back at any time."""


def reason_to_skip(live: Live, work: PullWork, pull: PullRequest, policy: Policy) -> str | None:
    """Why it is not reviewed; somebody who asks for it in words gets it all the same."""
    triggers = in_force(work.triggers, pull.head)
    if work.is_paused:
        return f"reviews are paused here; say `@{live.own.slug} resume` to go on"
    if triggers & {COMMAND, FULL, Trigger.REQUESTED.value}:
        return None
    if work.triggers and not triggers:
        return f"what was asked for was meant for another head; say `@{live.own.slug} review` for this one"
    if pull.is_draft and not policy.drafts:
        return IS_DRAFT
    if not policy.triggers:
        return f"the policy reviews only what somebody asks for; say `@{live.own.slug} review`"
    begun_by = triggers - {STOPPED, SETTLED}
    if begun_by and not begun_by & {SWEEP, *(trigger.value for trigger in policy.triggers)}:
        words = ", ".join(sorted(begun_by)).replace("_", " ")
        return f"the policy does not review what was {words}; say `@{live.own.slug} review`"
    return None


def has_result(work: PullWork, pull: PullRequest) -> bool:
    """Whether the head was reviewed: what it came to is not replaced by the news that it is not reviewed again."""
    return work.head == pull.head and work.outcome in (Outcome.COMPLETE, Outcome.PARTIAL)


def skip_is_over(work: PullWork, is_draft: bool) -> bool:
    """Whether an open pull request was skipped for what it no longer is; the event that said so may have been lost."""
    was_draft = work.reason in (IS_DRAFT, MADE_DRAFT) and not is_draft
    return work.outcome == Outcome.SKIPPED and (was_draft or work.reason in (CLOSED, CLOSED_MEANWHILE))
