"""What a retro run leaves in the database, beside its folder: to ask questions over many runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import TypeAdapter
from sqlalchemy import delete
from sqlmodel import Session, col, select

from reviewbot.domain.replay import CaseVerdict, Judgement, Replay
from reviewbot.store.review_records import add_review, call_row, key_of
from reviewbot.store.rows import ReplayRow, RetroRunRow, ReviewRow, VerdictRow
from reviewbot.store.said_then import SaidThen
from reviewbot.store.transactions import Transactions, open_transactions

_JUDGEMENTS = TypeAdapter(tuple[Judgement, ...])


def open_store(url: str) -> Store:
    """The store behind a database address; raises InputError or StoreError with the remedy."""
    return Store(open_transactions(url))


class Store:
    """Saves runs, replays and verdicts; safe to use from several threads."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    @property
    def transactions(self) -> Transactions:
        """The database, for what else is kept there."""
        return self._transactions

    @property
    def said_then(self) -> SaidThen:
        """What the App said on pull requests at the time."""
        return SaidThen(self._transactions)

    def start_run(self, started_at: str, folder: str, incidents_file: str) -> int:
        """The number of this run; the same for the same folder and start, so that a resumed run goes on."""
        with self._transactions.writing() as session:
            known = session.exec(
                select(RetroRunRow).where(RetroRunRow.folder == folder, RetroRunRow.started_at == started_at)
            ).first()
            row = known or RetroRunRow(folder=folder, started_at=started_at, incidents_file=incidents_file)
            session.add(row)
            session.flush()
            return key_of(row.id)

    def save_replays(self, run_id: int, replays: Sequence[Replay]) -> None:
        """Adds replays with their reviews, all or none; earlier ones of the same case, arm and trial give way."""
        with self._transactions.writing() as session:
            _forget_replays(session, run_id, replays)
            for replay in replays:
                session.add(
                    ReplayRow(
                        run_id=run_id,
                        review_id=add_review(session, replay),
                        case_name=replay.case,
                        kind=replay.kind.value,
                        arm=replay.arm,
                        trial=replay.trial,
                        notes=list(replay.notes),
                        seconds=replay.seconds,
                    )
                )

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
                session.add_all(call_row(call, verdict_id=row.id) for call in verdict.calls)


def _forget_replays(session: Session, run_id: int, replays: Sequence[Replay]) -> None:
    known = session.exec(
        select(ReplayRow.case_name, ReplayRow.arm, ReplayRow.trial, ReplayRow.review_id).where(
            ReplayRow.run_id == run_id, col(ReplayRow.case_name).in_({one.case for one in replays})
        )
    )
    keys = {one.key for one in replays}
    earlier = [review_id for case, arm, trial, review_id in known if (case, arm, trial) in keys]
    if earlier:
        session.execute(delete(ReviewRow).where(col(ReviewRow.id).in_(earlier)))
        session.expire_all()
