"""Notices that people have to see once: a policy file that is not in order, a change to what reviewers are told."""

from __future__ import annotations

import hashlib

from reviewbot.domain.diff import Diff
from reviewbot.domain.pull import PullRequest
from reviewbot.github.markers import found_marker, marker
from reviewbot.github.notices import instructions_notice, invalid_policy_notice
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.outgoing import NotYet, Request, Write, deliver
from reviewbot.pipelines.pull_backtest import want_backtest
from reviewbot.pipelines.pull_policy import PolicyInForce
from reviewbot.policy_file import instructions_changed
from reviewbot.store.pulls import Hold


def tell_notices(
    live: Live, client: RepositoryClient, hold: Hold, pull: PullRequest, force: PolicyInForce, diff: Diff
) -> NotYet | None:
    """Comments on the pull request; the check run carries the same words each time.

    What is wrong with the policy is said once per repository and problem, on the first pull request that meets it.
    """
    notices = []
    changed = instructions_changed(diff)
    if changed:
        want_backtest(live, hold, pull)
        notices.append((f"notice:{pull.ref}", "instructions", instructions_notice(changed)))
    if force.problem:
        digest = hashlib.sha256(force.problem.encode()).hexdigest()[:16]
        key = f"notice:{pull.ref.repo_id}:{digest}"
        notices.append((key, "policy", invalid_policy_notice(force.problem)))
    for key, part, text in notices:
        result = deliver(live, hold, conversation_write(live, client, pull.ref.number, key, part, text))
        if isinstance(result, NotYet):
            return result
    return None


def conversation_write(live: Live, client: RepositoryClient, number: int, key: str, part: str, text: str) -> Write:
    """A comment in the conversation of a pull request, known again by its marker."""
    secret = live.marker_secret

    def send(request: Request) -> str:
        return str(client.comment(request["number"], request["body"]).id)

    def find(request: Request) -> str | None:
        ours = (one for one in client.conversation(request["number"]) if client.is_ours(one.author))
        return next((str(one.id) for one in ours if found_marker(secret, key, part, one.body)), None)

    return Write(key, part, {"number": number, "body": f"{text}\n{marker(secret, key, part)}"}, send, find)
