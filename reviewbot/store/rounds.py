"""The rounds of the pull requests: made once, loaded as they were made, and noted when they have been said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from sqlmodel import Session, col, select

from reviewbot.domain.pull import PullRef, ReviewKey
from reviewbot.domain.round import Outline, Round
from reviewbot.errors import StoreError
from reviewbot.store.holds import Hold, guarded
from reviewbot.store.known_findings import Ignore, KnownFindings, mark_back, mark_fixed, place, say
from reviewbot.store.plain_values import packed, unpacked
from reviewbot.store.review_records import add_review, key_of
from reviewbot.store.said_rows import RoundRow

__all__ = ["Ignore", "Rounds", "SaidRound"]

_NANODOLLAR = Decimal("0.000000001")


@dataclass(frozen=True, slots=True)
class SaidRound:
    """A round that stands at GitHub: what a later one is held against."""

    key: ReviewKey
    outline: Outline
    number: int


@dataclass(frozen=True)
class _Kept:
    """What the body of a row holds."""

    key: ReviewKey
    round: Round


class Rounds(KnownFindings):
    """Keeps rounds, and what was said in them; safe to use from several threads; raises StoreError.

    Changes made under a hold raise Fenced, which is one, where it was lost: nothing has changed then.
    """

    def find(self, key: ReviewKey) -> int | None:
        """The id of the round that was made for this key."""
        with self._transactions.reading() as session:
            return session.exec(select(RoundRow.id).where(RoundRow.key == str(key))).first()

    def save(self, hold: Hold, key: ReviewKey, made: Round) -> int:
        """Keeps a round with its review, its findings and what it cost; for a key that has one, the first stands."""

        def work(session: Session) -> int:
            pull = guarded(session, hold)
            first = session.exec(select(RoundRow.id).where(RoundRow.key == str(key))).first()
            if first is not None:
                return first
            row = RoundRow(
                key=str(key),
                repo_id=key.ref.repo_id,
                number=key.ref.number,
                installation_id=pull.installation_id,
                head=key.head,
                review_id=add_review(session, made.review),
                round_number=made.number,
                body=packed(_Kept(key, made)),
                cost_nanodollars=_nanodollars(made),
                created_at=self._transactions.now(session),
                published_at=None,
            )
            session.add(row)
            session.flush()
            return key_of(row.id)

        return self._transactions.run(work)

    def revise(self, hold: Hold, key: ReviewKey, revised: Round) -> None:
        """Puts another round in the place of one that was not said yet; one that was stays. Raises Fenced."""

        def work(session: Session) -> None:
            guarded(session, hold)
            row = session.exec(select(RoundRow).where(RoundRow.key == str(key)).with_for_update()).first()
            if row is not None and row.published_at is None:
                row.body = packed(_Kept(key, revised))
                session.add(row)

        self._transactions.run(work)

    def load(self, key: ReviewKey) -> Round | None:
        """The round of this key, equal to what was saved or revised last."""
        with self._transactions.reading() as session:
            body = session.exec(select(RoundRow.body).where(RoundRow.key == str(key))).first()
        return None if body is None else unpacked(_Kept, body).round

    def latest(self, ref: PullRef) -> SaidRound | None:
        """The round of this pull request that was said last, at whatever head."""
        with self._transactions.reading() as session:
            said = select(RoundRow.body).where(
                RoundRow.repo_id == ref.repo_id,
                RoundRow.number == ref.number,
                col(RoundRow.published_at).is_not(None),
            )
            latest = said.order_by(col(RoundRow.published_at).desc(), col(RoundRow.id).desc()).limit(1)
            body = session.exec(latest).first()
        if body is None:
            return None
        kept = unpacked(_Kept, body)
        return SaidRound(kept.key, kept.round.outline, kept.round.number)

    def said(self, ref: PullRef) -> tuple[tuple[ReviewKey, Round], ...]:
        """The rounds of a pull request that stand at GitHub, the first first."""
        with self._transactions.reading() as session:
            query = select(RoundRow.body).where(
                RoundRow.repo_id == ref.repo_id,
                RoundRow.number == ref.number,
                col(RoundRow.published_at).is_not(None),
            )
            found = session.exec(query.order_by(col(RoundRow.published_at), col(RoundRow.id)))
            kept = [unpacked(_Kept, body) for body in found]
        return tuple((one.key, one.round) for one in kept)

    def is_published(self, key: ReviewKey) -> bool:
        with self._transactions.reading() as session:
            query = select(RoundRow.id).where(RoundRow.key == str(key), col(RoundRow.published_at).is_not(None))
            return session.exec(query).first() is not None

    def published(self, hold: Hold, key: ReviewKey, comments: Mapping[str, int]) -> None:
        """Notes that a round stands at GitHub, and the comment of each finding by its fingerprint. Raises Fenced.

        What it says is known and open from then on, and so is what another head has fixed and this one has. What it
        found fixed is so at once if it has no comment; where it has one, its thread has to be told first, and `settle`
        follows. Twice is once: what people have said of the findings in between stays.
        """

        def work(session: Session) -> None:
            guarded(session, hold)
            row = session.exec(select(RoundRow).where(RoundRow.key == str(key)).with_for_update()).first()
            if row is None:
                raise StoreError(f"no round was saved for {key}")
            made, now = unpacked(_Kept, row.body).round, self._transactions.now(session)
            shown = {*(one.fingerprint for one in made.to_say), *(one.fingerprint for one in made.still_open)}
            mark_back(session, key.ref, shown, now)
            if row.published_at is not None:
                place(session, key, comments)
                return
            say(session, key, made.to_say, comments, now)
            for known in made.fixed:
                if known.comment_id is None:
                    mark_fixed(session, key.ref, known.fingerprint, key.head, now)
            row.published_at = now
            session.add(row)

        self._transactions.run(work)


def _nanodollars(made: Round) -> int:
    known = (call.cost_usd for call in made.review.calls if call.cost_usd is not None)
    return int((sum(known, Decimal(0)) / _NANODOLLAR).to_integral_value(ROUND_UP))
