"""At the merge of a pull request: what became of what was said on it, and which earlier findings it proves right."""

from __future__ import annotations

import logging

from reviewbot.domain.pull import PullRef, PullRequest
from reviewbot.domain.record import Outcome, Result
from reviewbot.domain.repository import Sha
from reviewbot.domain.round import Fate, KnownFinding
from reviewbot.engine.known import Head
from reviewbot.engine.merged import is_called_a_fix, outcome_of, touches
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.pull_change import PullChange, opened_change

log = logging.getLogger(__name__)

_UNREAD = "what was merged could not be read"


def keep_outcomes(live: Live, client: RepositoryClient, pull: PullRequest, installation_id: int) -> None:
    """Classifies what was said on a merged pull request, and proves earlier findings right where it is a fix.

    Raises GitHubFailure or GitError where GitHub or git fails; who gives up then calls `outcomes_unread`.
    """
    said = live.rounds.known(pull.ref)
    is_fix = is_called_a_fix(pull.title, pull.head_branch) and live.outcomes.has_unproven(pull.ref.repo_id)
    if not said and not is_fix:
        return
    with opened_change(live, client, pull) as change:
        found = [(known.finding, _outcome(live, pull, known, change)) for known in said]
        live.outcomes.keep(pull.ref, installation_id, found)
        live.crashpoint("kept outcomes")
        if is_fix:
            prove(live, change, pull.ref, f"#{pull.ref.number}")


def outcomes_unread(live: Live, pull: PullRequest, installation_id: int) -> None:
    """The outcomes as far as they are known without the code that was merged."""
    made = []
    for known in live.rounds.known(pull.ref):
        result = {Fate.FIXED: Result.ADDRESSED, Fate.IGNORED: Result.DISMISSED, Fate.RESOLVED: Result.DISMISSED}
        made.append(
            (
                known.finding,
                Outcome(known.fingerprint, result.get(known.fate, Result.IGNORED), known.fate_note or _UNREAD),
            )
        )
    live.outcomes.keep(pull.ref, installation_id, made)


def prove(live: Live, change: PullChange, ref: PullRef, by: str) -> tuple[PullRef, ...]:
    """Notes what of earlier findings a fix proves right: it edits lines of which they warned. The pull requests."""
    paths = [path for file in change.diff.files for path in (file.old_path, file.new_path) if path is not None]
    proven = []
    for kept in live.outcomes.unproven(ref.repo_id, list(dict.fromkeys(paths))):
        if kept.ref != ref and touches(change.diff, kept.outcome):
            live.outcomes.prove(kept, by)
            log.info("finding proven right", extra={"pull": str(kept.ref), "fix": by})
            proven.append(kept.ref)
    return tuple(dict.fromkeys(proven))


def _outcome(live: Live, pull: PullRequest, known: KnownFinding, change: PullChange) -> Outcome:
    def lines(path: str) -> tuple[str, ...] | None:
        content = change.head.read_file(path)
        return None if content is None else tuple(content.decode("utf-8", "surrogateescape").split("\n"))

    place = known.finding.location
    head = Head(change.diff, lines)
    feedback = live.feedback.of(pull.ref)
    thumbs = {one.kind for one in feedback if one.fingerprint == known.fingerprint}
    here = lines(head.path_now(place.path)) if place is not None else None
    return outcome_of(known, head, Sha(pull.head), thumbs, here)
