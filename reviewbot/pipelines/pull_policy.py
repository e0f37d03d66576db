"""Which policy a pull request is reviewed under: that of the default branch, never its own."""

from __future__ import annotations

from dataclasses import dataclass

from reviewbot.domain.policy import Policy
from reviewbot.domain.pull import PullRequest
from reviewbot.domain.repository import Sha
from reviewbot.errors import FileProblems
from reviewbot.pipelines.live import Live
from reviewbot.policy_file import POLICY_FILE, PolicyRead, parse_policy, read_policy
from reviewbot.ports import Snapshot


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """A policy, where it came from in words, and what a person has to be told about it.

    `problem` is "" for a file that is in order, and for a repository without one.
    """

    policy: Policy
    source: str
    sha: Sha
    problem: str = ""

    @property
    def notices(self) -> tuple[str, ...]:
        return (self.problem,) if self.problem else ()


def policy_in_force(live: Live, pull: PullRequest, snapshot: Snapshot) -> PolicyInForce:
    """The policy file of this revision of the default branch; for an invalid one the last that was in order."""
    sha = Sha(snapshot.revision)
    read = read_policy(snapshot, live.defaults)
    if not read.problems:
        text = snapshot.read_file(POLICY_FILE)
        if text is not None:
            live.policies.remember(pull.ref.repo_id, sha, text, read.hash)
        return PolicyInForce(read.policy, read.source, sha)
    return _fallback(live, pull, read, sha)


def _fallback(live: Live, pull: PullRequest, read: PolicyRead, sha: Sha) -> PolicyInForce:
    first = read.problems[0]
    told = f"{POLICY_FILE} on {pull.default_branch} is not in order ({first})"
    good = live.policies.last_good(pull.ref.repo_id)
    if good is not None:
        good_sha, text = good
        try:
            policy = parse_policy(text, POLICY_FILE, read.policy).policy
        except FileProblems:
            # A newer version of reviewbot may refuse what an older one took.
            pass
        else:
            source = f"{POLICY_FILE} at {good_sha[:10]}, the last one in order"
            return PolicyInForce(policy, source, sha, f"{told}; the last one in order, of {good_sha[:10]}, holds")
    return PolicyInForce(read.policy, "defaults", sha, f"{told}; the defaults hold until it is corrected")
