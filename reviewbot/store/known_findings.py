"""What was said on the pull requests, and what became of each finding: fixed, resolved, ignored, or still open."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from reviewbot.domain.finding import Finding
from reviewbot.domain.pull import PullRef, ReviewKey
from reviewbot.domain.repository import Sha
from reviewbot.domain.round import Fate, KnownFinding
from reviewbot.store.holds import Hold, guarded
from reviewbot.store.plain_values import as_json, from_json
from reviewbot.store.said_rows import IgnoredFindingRow, KnownFindingRow
from reviewbot.store.sound_text import sound
from reviewbot.store.transactions import Transactions

SHORTEST_PREFIX = 6
"""So many digits of a fingerprint are enough to name a finding."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """A finding that is not to be said again in a repository; `at` is in unix seconds."""

    fingerprint: str
    reason: str
    by: str
    at: float
    title: str


class KnownFindings:
    """Reads and changes what was said; raises StoreError."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def known(self, ref: PullRef) -> tuple[KnownFinding, ...]:
        """All that was said on a pull request, the first first, whatever became of it."""
        with self._transactions.reading() as session:
            query = select(KnownFindingRow).where(*_of(ref)).order_by(col(KnownFindingRow.id))
            return tuple(_known(row) for row in session.exec(query))

    def match(self, ref: PullRef, prefix: str) -> tuple[KnownFinding, ...]:
        """Those whose fingerprint begins so; none for fewer than six digits."""
        start = prefix.strip().lower()
        if len(start) < SHORTEST_PREFIX:
            return ()
        return tuple(one for one in self.known(ref) if one.fingerprint.startswith(start))

    def by_comment(self, ref: PullRef, comment_id: int) -> KnownFinding | None:
        """The finding that this comment says."""
        with self._transactions.reading() as session:
            query = select(KnownFindingRow).where(*_of(ref), KnownFindingRow.comment_id == comment_id)
            row = session.exec(query).first()
            return None if row is None else _known(row)

    def settle(self, ref: PullRef, fingerprint: str, fate: Fate, note: str, by: str) -> None:
        """Notes what became of a finding; nothing happens where it was never said."""

        def work(session: Session) -> None:
            row = _locked(session, ref, fingerprint)
            if row is not None:
                now = self._transactions.now(session)
                row.fate, row.fate_note, row.fate_by, row.changed_at = fate.value, sound(note), sound(by), now
                session.add(row)

        self._transactions.run(work)

    def recall(self, hold: Hold, said: Sequence[KnownFinding]) -> None:
        """Puts what was said and forgotten among what is known; what is there stays as it is. Raises Fenced."""

        def work(session: Session) -> None:
            guarded(session, hold)
            now = self._transactions.now(session)
            for known in said:
                if _locked(session, hold.ref, known.fingerprint) is None:
                    session.add(_row(hold.ref, known, "", now))
                    session.flush()

        self._transactions.run(work)

    def ignore(self, repo_id: int, fingerprint: str, reason: str, by: str) -> None:
        """Has it said no more in the whole repository; the latest reason holds."""

        def work(session: Session) -> None:
            titles = select(KnownFindingRow.title).where(
                KnownFindingRow.repo_id == repo_id, KnownFindingRow.fingerprint == fingerprint
            )
            session.merge(
                IgnoredFindingRow(
                    repo_id=repo_id,
                    fingerprint=fingerprint,
                    title=session.exec(titles).first() or "",
                    reason=sound(reason),
                    by=sound(by),
                    at=self._transactions.now(session),
                )
            )

        self._transactions.run(work)

    def ignored(self, repo_id: int) -> tuple[Ignore, ...]:
        """What is not to be said in a repository, the earliest first."""
        with self._transactions.reading() as session:
            query = select(IgnoredFindingRow).where(IgnoredFindingRow.repo_id == repo_id)
            rows = session.exec(query.order_by(col(IgnoredFindingRow.at), col(IgnoredFindingRow.fingerprint)))
            return tuple(Ignore(row.fingerprint, row.reason, row.by, row.at, row.title) for row in rows)


def say(session: Session, key: ReviewKey, findings: Sequence[Finding], comments: Mapping[str, int], now: float) -> None:
    """Puts findings among what is known, open; one that was known, and is said again, is open again."""
    for finding in findings:
        row = _locked(session, key.ref, finding.fingerprint)
        comment_id = comments.get(finding.fingerprint, None if row is None else row.comment_id)
        said = _row(key.ref, KnownFinding(finding, key.head, comment_id=comment_id), str(key), now)
        said.id = None if row is None else row.id
        session.merge(said)


def place(session: Session, key: ReviewKey, comments: Mapping[str, int]) -> None:
    """Notes the comments of what this review said, where they were not known yet."""
    said = select(KnownFindingRow).where(*_of(key.ref), KnownFindingRow.round_key == str(key))
    for row in session.exec(said):
        if row.comment_id is None and row.fingerprint in comments:
            row.comment_id = comments[row.fingerprint]
            session.add(row)


def mark_fixed(session: Session, ref: PullRef, fingerprint: str, head: Sha, now: float) -> None:
    row = _locked(session, ref, fingerprint)
    if row is not None and row.fate == Fate.OPEN:
        row.fate, row.fate_note, row.changed_at = Fate.FIXED.value, head, now
        session.add(row)


def mark_back(session: Session, ref: PullRef, fingerprints: Collection[str], now: float) -> None:
    """Opens what another head had fixed, and this one has."""
    for fingerprint in sorted(fingerprints):
        row = _locked(session, ref, fingerprint)
        if row is not None and row.fate == Fate.FIXED:
            row.fate, row.fate_note, row.changed_at = Fate.OPEN.value, "", now
            session.add(row)


def _of(ref: PullRef) -> tuple[bool, bool]:
    return KnownFindingRow.repo_id == ref.repo_id, KnownFindingRow.number == ref.number


def _locked(session: Session, ref: PullRef, fingerprint: str) -> KnownFindingRow | None:
    query = select(KnownFindingRow).where(*_of(ref), KnownFindingRow.fingerprint == fingerprint)
    return session.exec(query.with_for_update()).first()


def _row(ref: PullRef, known: KnownFinding, round_key: str, now: float) -> KnownFindingRow:
    return KnownFindingRow(
        repo_id=ref.repo_id,
        number=ref.number,
        fingerprint=known.fingerprint,
        round_key=round_key,
        said_at=known.said_at,
        fate=known.fate.value,
        fate_note=known.fate_note,
        fate_by="",
        comment_id=known.comment_id,
        severity=known.finding.severity.value,
        title=sound(known.finding.title),
        body=as_json(known.finding),
        changed_at=now,
    )


def _known(row: KnownFindingRow) -> KnownFinding:
    return KnownFinding(
        finding=from_json(Finding, row.body),
        said_at=Sha(row.said_at),
        fate=Fate(row.fate),
        fate_note=row.fate_note,
        comment_id=row.comment_id,
    )
