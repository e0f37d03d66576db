"""What a retro run leaves in the database, beside its folder: to ask questions over many runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime

from pydantic import TypeAdapter
from sqlalchemy import delete
from sqlmodel import Session, col, select

from reviewbot.domain.finding import Finding
from reviewbot.domain.replay import CaseVerdict, Judgement, Replay
from reviewbot.domain.review import FileCoverage, ModelCall, Stage
from reviewbot.store.rows import (
    FindingRow,
    ModelCallRow,
    ReplayRow,
    RetroRunRow,
    ReviewerRunRow,
    ReviewRow,
    VerdictRow,
)
from reviewbot.store.sound_text import sound
from reviewbot.store.transactions import Transactions, open_transactions

_COVERAGE = TypeAdapter(tuple[FileCoverage, ...])
_JUDGEMENTS = TypeAdapter(tuple[Judgement, ...])


def open_store(url: str) -> Store:
    """The store behind a database address; raises InputError or StoreError with the remedy."""
    return Store(open_transactions(url))


class Store:
    """Saves runs, replays and verdicts; safe to use from several threads."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def start_run(self, started_at: str, folder: str, incidents_file: str) -> int:
        """The number of this run; the same for the same folder and start, so that a resumed run goes on."""
        with self._transactions.writing() as session:
            known = session.exec(
                select(RetroRunRow).where(RetroRunRow.folder == folder, RetroRunRow.started_at == started_at)
            ).first()
            row = known or RetroRunRow(folder=folder, started_at=started_at, incidents_file=incidents_file)
            session.add(row)
            session.flush()
            return _key(row.id)

    def save_replay(self, run_id: int, replay: Replay) -> None:
        """Adds a replay with its review; an earlier one of the same case, arm and trial gives way."""
        with self._transactions.writing() as session:
            _forget_replay(session, run_id, replay)
            review = _review_row(replay)
            session.add(review)
            session.flush()
            review_id = _key(review.id)
            session.add(
                ReplayRow(
                    run_id=run_id,
                    review_id=review_id,
                    case_name=replay.case,
                    kind=replay.kind.value,
                    arm=replay.arm,
                    trial=replay.trial,
                    notes=list(replay.notes),
                    seconds=replay.seconds,
                )
            )
            session.add_all(_finding_rows(review_id, replay))
            for run in replay.runs:
                row = ReviewerRunRow(
                    review_id=review_id,
                    reviewer=run.reviewer,
                    model=run.model,
                    prompt_version=run.prompt_version,
                    failure=_fit(run.failure),
                    seconds=run.seconds,
                )
                session.add(row)
                session.flush()
                session.add_all(_call_row(call, reviewer_run_id=row.id) for call in run.calls)

    def save_verdicts(self, run_id: int, verdicts: Iterable[CaseVerdict]) -> None:
        """Puts these verdicts in the place of all earlier ones of the run."""
        with self._transactions.writing() as session:
            session.execute(delete(VerdictRow).where(col(VerdictRow.run_id) == run_id))
            for verdict in verdicts:
                row = VerdictRow(
                    run_id=run_id,
                    case_name=verdict.case,
                    arm=verdict.arm,
                    trial=verdict.trial,
                    verdict=verdict.verdict.value,
                    location=verdict.location.value,
                    lost_at=verdict.lost_at.value if verdict.lost_at else None,
                    review_failed=verdict.review_failed,
                    judgements=_JUDGEMENTS.dump_python(verdict.judgements, mode="json"),
                )
                session.add(row)
                session.flush()
                session.add_all(_call_row(call, verdict_id=row.id) for call in verdict.calls)


def _key(value: int | None) -> int:
    assert value is not None, "a flushed row has a key"
    return value


def _forget_replay(session: Session, run_id: int, replay: Replay) -> None:
    earlier = session.exec(
        select(ReplayRow).where(
            ReplayRow.run_id == run_id,
            ReplayRow.case_name == replay.case,
            ReplayRow.arm == replay.arm,
            ReplayRow.trial == replay.trial,
        )
    ).first()
    if earlier is not None:
        session.execute(delete(ReviewRow).where(col(ReviewRow.id) == earlier.review_id))
        session.expire_all()


def _review_row(replay: Replay) -> ReviewRow:
    return ReviewRow(
        repo=replay.repo,
        base=replay.base,
        head=replay.head,
        outcome=replay.outcome.value,
        reason=sound(replay.reason),
        coverage=_COVERAGE.dump_python(replay.coverage.files, mode="json"),
        funnel=asdict(replay.funnel),
        cost_usd=replay.cost_usd,
        created_at=datetime.now(UTC),
    )


def _finding_rows(review_id: int, replay: Replay) -> list[FindingRow]:
    chosen = [(finding, None, None) for finding in replay.findings]
    held = [(one.finding, one.stage, one.reason) for one in replay.held_back]
    return [
        _finding_row(review_id, position, finding, stage, why)
        for position, (finding, stage, why) in enumerate([*chosen, *held])
    ]


def _finding_row(review_id: int, position: int, finding: Finding, stage: Stage | None, why: str | None) -> FindingRow:
    place = finding.location
    return FindingRow(
        review_id=review_id,
        position=position,
        fingerprint=finding.fingerprint,
        title=sound(finding.title),
        explanation=sound(finding.explanation),
        severity=finding.severity.value,
        confidence=finding.confidence,
        category=finding.category.value,
        path=sound(place.path) if place else None,
        first_line=place.first_line if place else None,
        last_line=place.last_line if place else None,
        side=place.side.value if place else None,
        reviewer=finding.reviewer,
        rule=finding.rule,
        evidence=[sound(quote) for quote in finding.evidence],
        suggestion=_fit(finding.suggestion),
        origin=finding.origin.value,
        anchor_text=sound(finding.anchor_text),
        agreed_by=list(finding.agreed_by),
        stage=stage.value if stage else None,
        reason=_fit(why),
    )


def _call_row(call: ModelCall, reviewer_run_id: int | None = None, verdict_id: int | None = None) -> ModelCallRow:
    return ModelCallRow(
        reviewer_run_id=reviewer_run_id,
        verdict_id=verdict_id,
        model=call.model,
        prompt=call.prompt,
        prompt_version=call.prompt_version,
        request_hash=call.request_hash,
        input_tokens=call.usage.input_tokens,
        output_tokens=call.usage.output_tokens,
        cache_read_tokens=call.usage.cache_read_tokens,
        cache_write_tokens=call.usage.cache_write_tokens,
        cost_usd=call.cost_usd,
        seconds=call.seconds,
        failure=_fit(call.failure),
    )


def _fit(text: str | None) -> str | None:
    return None if text is None else sound(text)
