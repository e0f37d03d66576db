"""A review in tables of its own, to ask questions over many reviews: its findings, its runs, their model calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from pydantic import TypeAdapter
from sqlmodel import Session

from reviewbot.domain.finding import Finding
from reviewbot.domain.replay import Replay
from reviewbot.domain.review import FileCoverage, ModelCall, Review, ReviewerRun, Stage
from reviewbot.store.rows import FindingRow, ModelCallRow, ReviewerRunRow, ReviewRow
from reviewbot.store.sound_text import sound

_COVERAGE = TypeAdapter(tuple[FileCoverage, ...])


def add_review(session: Session, made: Review | Replay) -> int:
    """Adds the rows of a review, made live or in a replay; the id of its own row."""
    row = _review_row(made)
    session.add(row)
    session.flush()
    review_id = key_of(row.id)
    session.add_all(_finding_rows(review_id, made))
    for run in made.runs:
        _add_run(session, review_id, run)
    return review_id


def key_of(value: int | None) -> int:
    assert value is not None, "a flushed row has a key"
    return value


def _review_row(made: Review | Replay) -> ReviewRow:
    return ReviewRow(
        repo=str(made.repo or ""),
        base=str(made.base or ""),
        head=str(made.head or ""),
        outcome=made.outcome.value,
        reason=sound(made.reason),
        coverage=_COVERAGE.dump_python(made.coverage.files, mode="json"),
        funnel=asdict(made.funnel),
        cost_usd=made.cost_usd,
        created_at=datetime.now(UTC),
    )


def _finding_rows(review_id: int, made: Review | Replay) -> Sequence[FindingRow]:
    chosen = [(finding, None, None) for finding in made.findings]
    held = [(one.finding, one.stage, one.reason) for one in made.held_back]
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
        reviewer=sound(finding.reviewer),
        rule=_fit(finding.rule),
        evidence=[sound(quote) for quote in finding.evidence],
        suggestion=_fit(finding.suggestion),
        origin=finding.origin.value,
        anchor_text=sound(finding.anchor_text),
        agreed_by=list(finding.agreed_by),
        stage=stage.value if stage else None,
        reason=_fit(why),
    )


def _add_run(session: Session, review_id: int, run: ReviewerRun) -> None:
    row = ReviewerRunRow(
        review_id=review_id,
        reviewer=sound(run.reviewer),
        model=_fit(run.model),
        prompt_version=_fit(run.prompt_version),
        failure=_fit(run.failure),
        seconds=run.seconds,
    )
    session.add(row)
    session.flush()
    session.add_all(call_row(call, reviewer_run_id=row.id) for call in run.calls)


def call_row(call: ModelCall, reviewer_run_id: int | None = None, verdict_id: int | None = None) -> ModelCallRow:
    return ModelCallRow(
        reviewer_run_id=reviewer_run_id,
        verdict_id=verdict_id,
        model=sound(call.model),
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
