"""Takes each incident of the record as far as it goes: its fix, its cause, the answer, a replay with today's settings.

Every step is stored before the next one begins, and can be done twice.
"""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from dataclasses import replace

from reviewbot.domain.incident import Verdict
from reviewbot.domain.pull import PullRef
from reviewbot.domain.record import Answer, ChangePlace, Evidence, IncidentRecord, Stand
from reviewbot.domain.record_answer import Settled, Then, settled
from reviewbot.domain.replay import CaseVerdict, Label, Replay
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.domain.round import KnownFinding
from reviewbot.errors import GitError, InputError
from reviewbot.git.merges import pull_of_commit
from reviewbot.git.repository import Repository
from reviewbot.git.snapshot import RevisionSnapshot
from reviewbot.github.failures import GitHubFailure, NotThere
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.later import GivenUp, later_after
from reviewbot.pipelines.link import AskGitHub
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.record.comment import comment_on
from reviewbot.pipelines.record.judged import candidates_for, case_file, verdict_then, verdict_today
from reviewbot.pipelines.record.then import said_then
from reviewbot.pipelines.record.told import told_by_issue
from reviewbot.pipelines.spending import meter
from reviewbot.policy_file import read_policy
from reviewbot.store.incidents import StoredIncident

log = logging.getLogger(__name__)

_LEASE_SECONDS = 1_800.0


def work_on_incidents(live: Live) -> int:
    """Does one step for each incident that is due; how many steps were done. What fails is tried again later."""
    count = 0
    while (stored := live.incidents.take(_LEASE_SECONDS)) is not None:
        live.crashpoint("took incident")
        _tried(live, stored)
        count += 1
    return count


def _tried(live: Live, stored: StoredIncident) -> None:
    try:
        seconds = _step(live, stored)
    except (GitHubFailure, GitError, InputError) as error:
        log.warning("incident not worked on", extra={"incident": stored.record.name, "why": str(error)[:300]})
        later = later_after(error, stored.attempts)
        if isinstance(later, GivenUp) or (stored.attempts >= live.limits.attempts and not _may_pass(error)):
            why = str(error)[:500]
            live.incidents.change(stored.id, lambda one: _failed(one, why), f"given up: {why}")
        else:
            live.incidents.postpone(stored.id, later.seconds)
    else:
        if seconds is not None:
            live.incidents.postpone(stored.id, seconds)


def _may_pass(error: Exception) -> bool:
    return isinstance(error, GitHubFailure) and not isinstance(error, NotThere)


def _failed(record: IncidentRecord, why: str) -> IncidentRecord:
    """What has an answer keeps it; only the replay is missing then."""
    if record.answer is not None:
        return replace(record, today=Verdict.UNJUDGED, today_note=why)
    return replace(record, stand=Stand.FAILED, why=why)


def _step(live: Live, stored: StoredIncident) -> float | None:
    """The next step; the seconds after which to try it again, None where it was done."""
    record = stored.record
    client = live.github.repository(record.installation_id, record.repo_id, record.repo)
    if record.issue is not None:
        record = told_by_issue(live, client, record)
    if record.stand is Stand.WITHDRAWN:
        live.incidents.change(stored.id, lambda _: record, f"taken back: {record.why}")
        return None
    if not record.has_code_cause:
        return _answered(live, client, stored.id, replace(record, cause=None), Settled(Answer.NOT_A_CODE_CAUSE, ""))
    if record.answer is Answer.NOT_A_CODE_CAUSE:
        record = replace(record, answer=None, stand=Stand.WAITING)
    if record.fix is None and record.cause is None:
        live.incidents.change(stored.id, lambda _: replace(record, stand=Stand.WAITING))
        return None
    if record.answer is not None:
        return _replayed(live, client, stored.id, record)
    return _linked(live, client, stored.id, record)


def _linked(live: Live, client: RepositoryClient, incident_id: int, record: IncidentRecord) -> float | None:
    """Finds the cause and answers for it."""
    with _history(live, client, record) as repository:
        cause, notes = _cause(client, incident_id, record, repository)
        if cause is None:
            unlinked = replace(record, stand=Stand.UNLINKED, why="; ".join(notes) or "nothing leads to a cause")
            live.incidents.change(incident_id, lambda _: unlinked, f"cause not found: {unlinked.why}")
            return None
        record = replace(record, cause=cause)
        live.incidents.change(incident_id, lambda _: record, f"cause: {cause} ({cause.how})", due_in=_LEASE_SECONDS)
        live.crashpoint("linked incident")
        then = said_then(live, PullRef(record.repo_id, cause.pull) if cause.pull is not None else None)
        judges = live.reviewers.judges(meter(live, record.repo_id, record.installation_id))
        with case_file(record, incident_id, repository) as file:
            findings = [known.finding for known in then.said]
            verdict = None if then.unreviewed else verdict_then(file, findings, then.held_back, judges)
    record = _with_mechanism(record, verdict)
    settlement = settled(then, _labels(verdict))
    evidence = _evidence(live, record, then, settlement)
    return _answered(live, client, incident_id, replace(record, evidence=evidence), settlement)


def _history(live: Live, client: RepositoryClient, record: IncidentRecord) -> AbstractContextManager[Repository]:
    address = live.git_address(record.repo)
    return live.histories.history(record.repo_id, record.repo, address, client.token())


def _asking(client: RepositoryClient) -> AskGitHub:
    def pull_with(_repo: RepoName, commit: Sha) -> int | None:
        try:
            return client.pull_with(commit)
        except NotThere:
            return None

    return pull_with


def _cause(
    client: RepositoryClient, incident_id: int, record: IncidentRecord, repository: Repository
) -> tuple[ChangePlace | None, list[str]]:
    """The cause with commit and pull request, as far as the history tells."""
    if record.cause is None:
        with case_file(record, incident_id, repository) as file:
            found = candidates_for(file, _asking(client))
        if not found.candidates:
            return None, list(found.notes)
        best = found.candidates[0]
        return ChangePlace(best.record.sha, best.pull, best.candidate.evidence), []
    place = record.cause
    sha: Sha | None = repository.resolve(place.commit) if place.commit else None
    if sha is None and place.pull is not None:
        sha = repository.commit_of_pull(place.pull)
    if sha is None:
        return None, [f"no commit of {record.repo} says that it brings {place}"]
    pull = place.pull if place.pull is not None else pull_of_commit(repository, repository.commit(sha))
    if pull is None:
        pull = _asking(client)(record.repo, sha)
    return replace(place, commit=str(sha), pull=pull), []


def _labels(verdict: CaseVerdict | None) -> dict[str, Label]:
    if verdict is None:
        return {}
    return {one.finding.fingerprint: one.label for one in verdict.judgements}


def _with_mechanism(record: IncidentRecord, verdict: CaseVerdict | None) -> IncidentRecord:
    """The incident's mechanism as the judge of its nearest finding has put it; the first one stays."""
    told = [] if verdict is None else [one for one in verdict.judgements if one.incident_mechanism]
    if record.mechanism or not told:
        return record
    best = min(told, key=lambda one: (one.label is not Label.HIT, one.label is not Label.PARTIAL))
    return replace(record, mechanism=best.incident_mechanism)


def _answered(
    live: Live, client: RepositoryClient, incident_id: int, record: IncidentRecord, settlement: Settled
) -> float | None:
    """Stores the answer and says it; what could be replayed is replayed next."""
    is_new = (record.answer, record.why) != (settlement.answer, settlement.why)
    record = replace(record, stand=Stand.ANSWERED, answer=settlement.answer, why=settlement.why)
    step = f"answered: {settlement.answer.value}" if is_new else ""
    live.incidents.change(incident_id, lambda _: record, step, due_in=_LEASE_SECONDS)
    live.crashpoint("answered incident")
    later = comment_on(live, client, record)
    if later is not None:
        return later
    goes_on = record.cause is not None and record.today is None
    live.incidents.change(incident_id, lambda one: one, due_in=0.0 if goes_on else None)
    return None


def _replayed(live: Live, client: RepositoryClient, incident_id: int, record: IncidentRecord) -> float | None:
    """What today's settings would make of the cause, and the comment once more with that."""
    if record.today is None:
        with _history(live, client, record) as repository:
            made, verdict = _today(live, incident_id, record, repository)
        note = _today_note(made, verdict)
        judged = verdict.verdict if verdict is not None else Verdict.UNJUDGED
        record = _with_mechanism(replace(record, today=judged, today_note=note), verdict)
        live.incidents.change(
            incident_id, lambda _: record, f"replayed with today's settings: {judged.value}", due_in=_LEASE_SECONDS
        )
        live.crashpoint("replayed incident")
    later = comment_on(live, client, record)
    if later is None:
        live.incidents.change(incident_id, lambda _: record)
    return later


def _today(
    live: Live, incident_id: int, record: IncidentRecord, repository: Repository
) -> tuple[Replay, CaseVerdict | None]:
    told = meter(live, record.repo_id, record.installation_id)
    with RevisionSnapshot(repository, repository.resolve("refs/remotes/origin/HEAD")) as tip:
        policy = read_policy(tip, live.defaults).policy
    panel = live.reviewers.panel(policy, live.limits.budget_per_review_usd, told)
    with case_file(record, incident_id, repository) as file:
        return verdict_today(file, panel, policy, live.reviewers.judges(told))


def _today_note(made: Replay, verdict: CaseVerdict | None) -> str:
    if verdict is None:
        count = len(made.findings)
        return f"no model is set to judge; it says {count} finding{'' if count == 1 else 's'}"
    if verdict.review_failed:
        return made.reason or "the review failed"
    if verdict.decisive is not None and verdict.verdict in (Verdict.CAUGHT, Verdict.PARTIAL):
        return verdict.decisive.finding.title
    return f"found and held back at {verdict.lost_at.value}" if verdict.lost_at is not None else ""


def _evidence(live: Live, record: IncidentRecord, then: Then, settlement: Settled) -> tuple[Evidence, ...]:
    said = [_said(live, record, then, known) for known in settlement.said]
    held = [
        Evidence(
            one.finding.fingerprint,
            one.finding.title,
            str(one.finding.location or ""),
            stage=one.stage.value,
            reason=one.reason,
        )
        for one in settlement.held_back
    ]
    return (*said, *held)


def _said(live: Live, record: IncidentRecord, then: Then, known: KnownFinding) -> Evidence:
    assert record.cause is not None
    link = f"{live.server_url}/{record.repo}/pull/{record.cause.pull}"
    outcome = then.outcomes.get(known.fingerprint)
    return Evidence(
        known.fingerprint,
        known.finding.title,
        str(known.finding.location or ""),
        link=f"{link}#discussion_r{known.comment_id}" if known.comment_id is not None else link,
        reason=outcome.reason if outcome is not None else "",
        result=outcome.result.value if outcome is not None else known.fate.value,
    )
