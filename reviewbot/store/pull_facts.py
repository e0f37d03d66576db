"""What people want to read of a pull request, as GitHub last told it: title, author, state."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from reviewbot.domain.pull import PullRef, PullRequest
from reviewbot.domain.secret_text import without_secrets
from reviewbot.store.record_rows import OutcomeRow, PullFactRow
from reviewbot.store.sound_text import sound
from reviewbot.store.transactions import Transactions


class PullFacts:
    """Keeps the latest facts; safe to use from several threads; raises StoreError."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def keep(self, pull: PullRequest, installation_id: int) -> None:
        """Stores what was read; writes nothing where nothing is new."""
        with self._transactions.reading() as session:
            known = session.get(PullFactRow, (pull.ref.repo_id, pull.ref.number))
        new = _row(pull, installation_id)
        if known is not None and _is_same(known, new):
            return

        def work(session: Session) -> None:
            new.changed_at = self._transactions.now(session)
            session.merge(new)

        self._transactions.run(work)

    def quiet(self, repo_id: int, limit: int) -> tuple[int, ...]:
        """The numbers of merged pull requests on which no ignored finding was proved right, the latest first."""
        proven = select(OutcomeRow.number).where(OutcomeRow.repo_id == repo_id, col(OutcomeRow.proven_at).is_not(None))
        with self._transactions.reading() as session:
            query = select(PullFactRow.number).where(
                PullFactRow.repo_id == repo_id,
                col(PullFactRow.merged_at).is_not(None),
                col(PullFactRow.number).not_in(proven),
            )
            return tuple(session.exec(query.order_by(col(PullFactRow.merged_at).desc()).limit(limit)))

    def title(self, ref: PullRef) -> str:
        """ "" for a pull request that was never read."""
        with self._transactions.reading() as session:
            row = session.get(PullFactRow, (ref.repo_id, ref.number))
            return "" if row is None else row.title


def _row(pull: PullRequest, installation_id: int) -> PullFactRow:
    merged_at = datetime.fromisoformat(pull.merged_at).timestamp() if pull.merged_at else None
    return PullFactRow(
        repo_id=pull.ref.repo_id,
        number=pull.ref.number,
        installation_id=installation_id,
        repo=str(pull.repo),
        title=sound(without_secrets(pull.title)),
        author=sound(pull.author),
        state="open" if pull.is_open else "merged" if pull.is_merged else "closed",
        head=pull.head,
        merged_at=merged_at,
        changed_at=0.0,
    )


def _is_same(one: PullFactRow, other: PullFactRow) -> bool:
    names = [name for name in PullFactRow.model_fields if name != "changed_at"]
    return all(getattr(one, name) == getattr(other, name) for name in names)
