"""Fills a database with a record as a large organisation has it after a year: for benchmarks, and for looking at pages.

`python -m tests.bench.seed_record sqlite:///record.db --reviews 10000 --findings 100000 --incidents 1000`
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

from sqlmodel import SQLModel

from reviewbot.domain.diff import Side
from reviewbot.domain.finding import Category, Finding, Location, Severity
from reviewbot.domain.incident import Verdict
from reviewbot.domain.pull import PullRef, ReviewKey
from reviewbot.domain.record import Answer, ChangePlace, Evidence, IncidentRecord, Result, Stand, Step
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.domain.review import Coverage, FileCoverage, Funnel, HeldBack, Outcome, Review, Stage
from reviewbot.domain.round import Outline, Round
from reviewbot.store.live_rows import DeliveryRow, InstallationRow, PullRow, SpendingRow
from reviewbot.store.plain_values import as_json, packed
from reviewbot.store.record_rows import IncidentRow, OutcomeRow, PullFactRow
from reviewbot.store.rounds import _Kept
from reviewbot.store.rows import FindingRow, ReviewerRunRow, ReviewRow
from reviewbot.store.said_rows import KnownFindingRow, RoundRow
from reviewbot.store.transactions import Transactions, open_transactions

DAY = 86_400.0
INSTALLATION = 71
REPOS = (
    "acme/shop",
    "acme/till",
    "acme/billing",
    "acme/search",
    "acme/mobile",
    "acme/platform",
    "acme/docs",
    "acme/ml",
)
WHAT = (
    "The retry charges twice",
    "A timeout is swallowed",
    "The lock is taken in another order",
    "The cursor skips rows",
)
WHERE = ("when the first call times out", "on the second page", "after a restart", "for an empty basket", "in a batch")
LENSES = ("correctness", "concurrency", "contracts", "data-rollout", "removed-code")
AUTHORS = ("ada", "bob", "eve", "kim", "lee")


def seed(transactions: Transactions, reviews: int, findings: int, incidents: int, chance: Random) -> None:
    """Adds so many of each; the moments lie in the year before now."""
    with transactions.reading() as session:
        now = transactions.now(session)
    each = max(1, findings // max(1, reviews))
    _add(transactions, _standing(now))
    for first in range(1, reviews + 1, 500):
        numbers = range(first, min(first + 500, reviews + 1))
        _add(transactions, (row for number in numbers for row in _review(number, reviews, each, now, chance)))
    _add(transactions, (_incident(number, reviews, incidents, now, chance) for number in range(1, incidents + 1)))


def _add(transactions: Transactions, rows: Iterator[SQLModel]) -> None:
    """Row by row of one kind at once; foreign keys are known beforehand, so that nothing has to be read."""
    with transactions.writing() as session:
        kinds: dict[type[SQLModel], list[dict[str, Any]]] = {}
        for row in rows:
            kinds.setdefault(type(row), []).append(row.model_dump(exclude_none=False))
        for kind in (ReviewRow, *(one for one in kinds if one is not ReviewRow)):
            if kinds.get(kind):
                values = [{name: value for name, value in one.items() if name != "id" or value} for one in kinds[kind]]
                session.execute(kind.__table__.insert(), values)  # type: ignore[attr-defined]


def _standing(now: float) -> Iterator[SQLModel]:
    yield InstallationRow(installation_id=INSTALLATION, parked_why="", seen_at=now)


def _sha(number: int) -> Sha:
    return Sha(f"{number:040x}")


def _finding(number: int, at: int, chance: Random) -> Finding:
    line = chance.randrange(1, 400)
    return Finding(
        title=f"{chance.choice(WHAT)} {chance.choice(WHERE)} ({number}.{at})",
        explanation="The second call goes out although the first one was taken. Orders are charged twice.",
        severity=chance.choice(list(Severity)),
        confidence=round(chance.uniform(0.4, 1.0), 2),
        category=chance.choice(list(Category)),
        location=Location(f"src/module_{chance.randrange(60)}.py", line, line + 2, Side.RIGHT),
        reviewer=chance.choice(("llm", "llm", "llm", "static")),
        evidence=("charge(order)",),
        anchor_text=f"charge(order_{number})",
        lens=chance.choice(LENSES),
    )


def _review(number: int, reviews: int, each: int, now: float, chance: Random) -> Iterator[SQLModel]:
    """One pull request with one published review and what became of it."""
    repo_id = 1_000 + number % len(REPOS)
    name = RepoName.parse(REPOS[number % len(REPOS)])
    at = now - 365 * DAY * (1 - number / reviews)
    outcome = chance.choice((Outcome.COMPLETE,) * 9 + (Outcome.PARTIAL,))
    found = [_finding(number, one, chance) for one in range(each)]
    said = found[: chance.choice((0, 0, 1, 2, 3))]
    held = [
        HeldBack(one, chance.choice((Stage.VERIFY, Stage.CHOOSE)), "refuted: no caller does that")
        for one in found[len(said) :]
    ]
    coverage = Coverage((FileCoverage("src/module_1.py", 3, 3),))
    review = Review(
        outcome, "", name, _sha(number), _sha(10**9 + number), tuple(said), tuple(held), coverage, (), Funnel(each)
    )
    key = ReviewKey(4711, PullRef(repo_id, number), _sha(10**9 + number), "0" * 16)
    yield ReviewRow(
        id=number,
        repo=str(name),
        base=_sha(number),
        head=_sha(10**9 + number),
        outcome=outcome.value,
        reason="" if outcome is Outcome.COMPLETE else "one file was too large",
        coverage=[{"path": "src/module_1.py", "hunks_read": 3, "hunks": 3, "skipped": None, "detail": ""}],
        funnel={"generated": each, "anchored": each, "merged": each, "verified": len(said), "chosen": len(said)},
        created_at=datetime.fromtimestamp(at, UTC),
    )
    yield ReviewerRunRow(review_id=number, reviewer="llm", model="anthropic:model", prompt_version="1", seconds=41.5)
    for position, (one, stage, why) in enumerate(
        [*((one, None, None) for one in said), *((one.finding, one.stage, one.reason) for one in held)]
    ):
        yield _finding_row(number, position, one, stage, why)
    yield RoundRow(
        key=str(key),
        repo_id=repo_id,
        number=number,
        installation_id=INSTALLATION,
        head=_sha(10**9 + number),
        review_id=number,
        round_number=1,
        body=packed(_Kept(key, Round(review, Outline(), to_say=tuple(said)))),
        cost_nanodollars=180_000_000,
        created_at=at,
        published_at=at + 60,
    )
    yield SpendingRow(repo_id=repo_id, installation_id=INSTALLATION, cost_nanodollars=180_000_000, at=at)
    yield PullRow(
        repo_id=repo_id,
        number=number,
        installation_id=INSTALLATION,
        owner=name.owner,
        name=name.name,
        wanted=1,
        handled=1,
        triggers="{}",
        token=1,
        head=_sha(10**9 + number),
        outcome=outcome.value,
        reason="",
        policy_notice="",
    )
    yield PullFactRow(
        repo_id=repo_id,
        number=number,
        installation_id=INSTALLATION,
        repo=str(name),
        title=f"Change number {number} of the {name.name}",
        author=chance.choice(AUTHORS),
        state="merged",
        head=_sha(10**9 + number),
        merged_at=at + 3_600,
        changed_at=at + 3_600,
    )
    if number % 20 == 0:
        yield DeliveryRow(
            hook_target="integration:4711",
            guid=f"{number:08d}-0000-4000-8000-000000000000",
            event="pull_request",
            body=b"",
            body_hash="",
            received_at=at,
            state="dead" if number % 400 == 0 else "handled",
            note="gave up after several attempts" if number % 400 == 0 else "look 1",
            attempts=1,
        )
    for one in said:
        yield from _said(repo_id, number, key, one, at, chance)


def _finding_row(review_id: int, position: int, one: Finding, stage: Stage | None, why: str | None) -> FindingRow:
    assert one.location is not None
    return FindingRow(
        review_id=review_id,
        position=position,
        fingerprint=one.fingerprint,
        title=one.title,
        explanation=one.explanation,
        severity=one.severity.value,
        confidence=one.confidence,
        category=one.category.value,
        path=one.location.path,
        first_line=one.location.first_line,
        last_line=one.location.last_line,
        side=one.location.side.value,
        reviewer=one.reviewer,
        evidence=list(one.evidence),
        origin=one.origin.value,
        anchor_text=one.anchor_text,
        agreed_by=[],
        stage=stage.value if stage else None,
        reason=why,
    )


def _said(repo_id: int, number: int, key: ReviewKey, one: Finding, at: float, chance: Random) -> Iterator[SQLModel]:
    assert one.location is not None
    result = chance.choice((Result.ADDRESSED, Result.ADDRESSED, Result.DISMISSED, Result.IGNORED))
    is_proven = result is not Result.ADDRESSED and chance.random() < 0.15
    yield KnownFindingRow(
        repo_id=repo_id,
        number=number,
        fingerprint=one.fingerprint,
        round_key=str(key),
        said_at=key.head,
        fate="fixed" if result is Result.ADDRESSED else "open",
        fate_note="",
        fate_by="",
        comment_id=number * 10,
        severity=one.severity.value,
        title=one.title,
        body=as_json(one),
        changed_at=at,
    )
    yield OutcomeRow(
        repo_id=repo_id,
        number=number,
        fingerprint=one.fingerprint,
        installation_id=INSTALLATION,
        result=result.value,
        reason="its lines were merged as they were" if result is Result.IGNORED else "",
        commit=_sha(number) if result is Result.ADDRESSED else "",
        path=one.location.path,
        lines=json.dumps([one.anchor_text]),
        reviewer=one.reviewer,
        lens=one.lens,
        category=one.category.value,
        severity=one.severity.value,
        at=at + 3_600,
        proven_by=f"#{number + 7}" if is_proven else "",
        proven_at=at + 9 * DAY if is_proven else None,
    )


def _incident(number: int, reviews: int, incidents: int, now: float, chance: Random) -> IncidentRow:
    culprit = chance.randrange(1, max(2, reviews))
    repo_id, repo = 1_000 + culprit % len(REPOS), RepoName.parse(REPOS[culprit % len(REPOS)])
    opened = now - 365 * DAY * (1 - number / incidents)
    answer = chance.choice((*Answer, Answer.MISSED, Answer.FLAGGED_AND_IGNORED, Answer.FLAGGED_AND_IGNORED))
    is_open = number > incidents - incidents // 50
    told = answer in (Answer.FLAGGED_AND_IGNORED, Answer.FLAGGED_WITHOUT_EFFECT, Answer.HELD_BACK)
    has_cause = not is_open and answer is not Answer.NOT_A_CODE_CAUSE
    evidence = Evidence("f" * 16, chance.choice(WHAT), "src/module_1.py:10-12", result="ignored") if told else None
    record = IncidentRecord(
        key=f"github:{repo_id}:{100_000 + number}",
        name=f"{repo.name}#{100_000 + number}",
        repo_id=repo_id,
        installation_id=INSTALLATION,
        repo=repo,
        title=f"{chance.choice(WHAT)} {chance.choice(WHERE)}",
        opened_at=opened,
        summary="Customers were charged twice for 40 minutes.",
        link=f"https://github.com/{repo}/issues/{100_000 + number}",
        issue=100_000 + number,
        severity=chance.choice(("sev1", "sev2", "sev3")),
        resolved_at=opened + 5_000,
        stand=Stand.WAITING if is_open else Stand.ANSWERED,
        fix=None if is_open else ChangePlace(_sha(culprit + 7), culprit + 7, "it closed the issue"),
        cause=ChangePlace(_sha(culprit), culprit, "wrote all that the fix took away: 3 lines") if has_cause else None,
        answer=None if is_open else answer,
        why=""
        if is_open
        else "it was merged as it was, without a word on it"
        if told
        else "2 other findings were said",
        evidence=(evidence,) if evidence is not None and has_cause else (),
        today=chance.choice(list(Verdict)) if has_cause else None,
        steps=(Step(opened, "reported by an issue"), Step(opened + 6_000, f"cause: #{culprit}")),
    )
    return IncidentRow(
        key=record.key,
        installation_id=INSTALLATION,
        repo_id=repo_id,
        repo=str(repo),
        name=record.name,
        stand=record.stand.value,
        answer=record.answer.value if record.answer else None,
        opened_at=opened,
        due_at=None,
        body=as_json(record),
        changed_at=opened,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database_url")
    parser.add_argument("--reviews", type=int, default=10_000)
    parser.add_argument("--findings", type=int, default=100_000)
    parser.add_argument("--incidents", type=int, default=1_000)
    asked = parser.parse_args()
    transactions = open_transactions(asked.database_url)
    seed(transactions, asked.reviews, asked.findings, asked.incidents, Random(7))
    transactions.close()


if __name__ == "__main__":
    main()
