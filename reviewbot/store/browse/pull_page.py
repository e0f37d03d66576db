"""Everything on record of one pull request: its heads, what was read, what was found, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from reviewbot.domain.pull import PullRef, ReviewKey
from reviewbot.domain.record import Outcome
from reviewbot.domain.round import KnownFinding, Round
from reviewbot.store.live_rows import PullRow
from reviewbot.store.outcomes import Outcomes
from reviewbot.store.record_rows import PullFactRow
from reviewbot.store.rounds import Rounds
from reviewbot.store.said_rows import RoundRow
from reviewbot.store.transactions import Transactions


@dataclass(frozen=True, slots=True)
class Head:
    """One round: `at` is when it was made (unix seconds), `published_at` when it was said, None where it was not."""

    key: ReviewKey
    round: Round
    at: float
    published_at: float | None


@dataclass(frozen=True, slots=True)
class PullPage:
    """One pull request. `state` is open, merged or closed, "" where GitHub was never asked."""

    ref: PullRef
    repo: str
    title: str
    author: str
    state: str
    head: str
    outcome: str
    reason: str
    heads: tuple[Head, ...]
    known: tuple[KnownFinding, ...]
    outcomes: dict[str, Outcome]


def pull_page(transactions: Transactions, ref: PullRef) -> PullPage | None:
    """None where nothing is on record; the heads come the latest first. Raises StoreError."""
    with transactions.reading() as session:
        work = session.get(PullRow, (ref.repo_id, ref.number))
        fact = session.get(PullFactRow, (ref.repo_id, ref.number))
        if work is None and fact is None:
            return None
        heads = _heads(session, transactions, ref)
    outcomes = {one.fingerprint: one for one in Outcomes(transactions).of(ref)}
    return PullPage(
        ref,
        f"{work.owner}/{work.name}" if work is not None else fact.repo if fact is not None else "",
        fact.title if fact is not None else "",
        fact.author if fact is not None else "",
        fact.state if fact is not None else "",
        (work.head if work is not None else None) or (fact.head if fact is not None else ""),
        (work.outcome or "") if work is not None else "",
        work.reason if work is not None else "",
        heads,
        Rounds(transactions).known(ref),
        outcomes,
    )


def _heads(session: Session, transactions: Transactions, ref: PullRef) -> tuple[Head, ...]:
    query = select(RoundRow).where(RoundRow.repo_id == ref.repo_id, RoundRow.number == ref.number)
    rows = session.exec(query.order_by(col(RoundRow.id).desc()).limit(20)).all()
    rounds = Rounds(transactions)
    found = []
    for row in rows:
        key = ReviewKey.parse(row.key)
        made = rounds.load(key)
        if made is not None:
            found.append(Head(key, made, row.created_at, row.published_at))
    return tuple(found)
