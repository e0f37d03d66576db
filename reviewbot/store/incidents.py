"""The incidents of the record: reported once, worked on until there is an answer, kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice

from sqlmodel import Session, col, select

from reviewbot.domain.record import Answer, IncidentRecord, Stand, Step
from reviewbot.store.plain_values import as_json, from_json
from reviewbot.store.record_rows import IncidentRow
from reviewbot.store.sound_text import sound
from reviewbot.store.transactions import Transactions
from reviewbot.store.upsert import insert_unless_there

_MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class StoredIncident:
    """An incident with the number of its row; `attempts` counts the tries since something was last new of it."""

    id: int
    record: IncidentRecord
    attempts: int = 0


class Incidents:
    """Keeps the record; safe to use from several threads and processes; raises StoreError."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def report(self, record: IncidentRecord, step: str, due_in: float = 0.0) -> int:
        """Adds an incident, due at once; one that is known keeps what is known of it. The number of its row."""

        def work(session: Session) -> int:
            now = self._transactions.now(session)
            first = replace(record, steps=(*record.steps, Step(now, step)))
            made = insert_unless_there(session, IncidentRow, key=record.key, **_columns(first, now, now + due_in))
            if made is not None:
                return made
            known = session.exec(select(IncidentRow.id).where(IncidentRow.key == record.key)).one()
            assert known is not None
            return known

        return self._transactions.run(work)

    def change(
        self,
        incident_id: int,
        changed: Callable[[IncidentRecord], IncidentRecord],
        step: str = "",
        due_in: float | None = None,
    ) -> IncidentRecord:
        """Replaces it by what a function makes of it as it is; `due_in` None leaves nothing more to be done for it.

        A step is added to its timeline unless it is the same as the last one. KeyError where there is no such row.
        """

        def work(session: Session) -> IncidentRecord:
            row = _locked(session, incident_id)
            now = self._transactions.now(session)
            known = _record(row)
            record = replace(changed(known), steps=known.steps)
            if step and (not record.steps or record.steps[-1].text != sound(step)):
                record = replace(record, steps=(*record.steps, Step(now, sound(step)))[-_MOST_STEPS:])
            for name, value in _columns(record, now, None if due_in is None else now + due_in).items():
                setattr(row, name, value)
            session.add(row)
            return record

        return self._transactions.run(work)

    def wake(self, incident_id: int) -> None:
        """Has it looked at again at once."""

        def work(session: Session) -> None:
            row = _locked(session, incident_id)
            row.due_at, row.attempts = self._transactions.now(session), 0
            session.add(row)

        self._transactions.run(work)

    def postpone(self, incident_id: int, seconds: float) -> None:
        """Has it tried again after so long; what was tried so far stays counted."""

        def work(session: Session) -> None:
            row = _locked(session, incident_id)
            row.due_at = self._transactions.now(session) + seconds
            session.add(row)

        self._transactions.run(work)

    def take(self, lease_seconds: float) -> StoredIncident | None:
        """The one that has been due for longest, nobody else's for so long; counts the try before it is made."""

        def work(session: Session) -> StoredIncident | None:
            now = self._transactions.now(session)
            query = select(IncidentRow).where(col(IncidentRow.due_at) <= now).order_by(col(IncidentRow.due_at)).limit(1)
            row = session.exec(query.with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            row.due_at, row.attempts = now + lease_seconds, row.attempts + 1
            session.add(row)
            return _stored(row)

        return self._transactions.run(work)

    def get(self, incident_id: int) -> StoredIncident | None:
        with self._transactions.reading() as session:
            row = session.get(IncidentRow, incident_id)
            return None if row is None else _stored(row)

    def find(self, key: str) -> StoredIncident | None:
        with self._transactions.reading() as session:
            row = session.exec(select(IncidentRow).where(IncidentRow.key == key)).first()
            return None if row is None else _stored(row)

    def of_installation(self, installation_id: int, before: float | None = None) -> tuple[StoredIncident, ...]:
        """What an organisation has on record, the earliest first; only what was opened before that moment."""
        with self._transactions.reading() as session:
            query = select(IncidentRow).where(
                IncidentRow.installation_id == installation_id, IncidentRow.stand != Stand.WITHDRAWN.value
            )
            if before is not None:
                query = query.where(col(IncidentRow.opened_at) < before)
            return tuple(_stored(row) for row in session.exec(query.order_by(col(IncidentRow.opened_at))))

    def waiting(self, repo_id: int) -> tuple[StoredIncident, ...]:
        """Those of a repository that have no answer yet."""
        with self._transactions.reading() as session:
            query = select(IncidentRow).where(
                IncidentRow.repo_id == repo_id, col(IncidentRow.stand).in_([Stand.WAITING.value, Stand.UNLINKED.value])
            )
            return tuple(_stored(row) for row in session.exec(query.order_by(col(IncidentRow.id))))

    def has_causes(self, repo_id: int) -> bool:
        """Whether an incident of the repository has its cause on record."""
        return bool(self.with_causes(repo_id, 1))

    def with_causes(self, repo_id: int, limit: int) -> tuple[StoredIncident, ...]:
        """The latest incidents of a repository whose cause is a change that can be replayed."""
        with self._transactions.reading() as session:
            query = select(IncidentRow).where(
                IncidentRow.repo_id == repo_id,
                IncidentRow.stand == Stand.ANSWERED.value,
                IncidentRow.answer != Answer.NOT_A_CODE_CAUSE.value,
            )
            rows = session.exec(query.order_by(col(IncidentRow.opened_at).desc()))
            found = (_stored(row) for row in rows)
            linked = (one for one in found if one.record.cause is not None and one.record.cause.commit)
            return tuple(islice(linked, limit))

    def since(self, moment: float) -> tuple[StoredIncident, ...]:
        """All that were opened at that moment or later, the earliest first."""
        with self._transactions.reading() as session:
            query = select(IncidentRow).where(col(IncidentRow.opened_at) >= moment)
            return tuple(_stored(row) for row in session.exec(query.order_by(col(IncidentRow.opened_at))))


def _locked(session: Session, incident_id: int) -> IncidentRow:
    row = session.exec(select(IncidentRow).where(IncidentRow.id == incident_id).with_for_update()).first()
    if row is None:
        raise KeyError(incident_id)
    return row


def _columns(record: IncidentRecord, now: float, due_at: float | None) -> dict[str, object]:
    return {
        "installation_id": record.installation_id,
        "repo_id": record.repo_id,
        "repo": str(record.repo),
        "name": sound(record.name),
        "stand": record.stand.value,
        "answer": record.answer.value if record.answer else None,
        "opened_at": record.opened_at,
        "due_at": due_at,
        "attempts": 0,
        "body": as_json(record),
        "changed_at": now,
    }


def _stored(row: IncidentRow) -> StoredIncident:
    assert row.id is not None
    return StoredIncident(row.id, _record(row), row.attempts)


def _record(row: IncidentRow) -> IncidentRecord:
    return from_json(IncidentRecord, row.body)
