from __future__ import annotations

import pytest

from reviewbot.domain.finding import Severity
from reviewbot.domain.review import Outcome, Review
from reviewbot.domain.round import Fate, KnownFinding, Outline, Round
from reviewbot.errors import StoreError
from reviewbot.store.pulls import Fenced, Pulls
from reviewbot.store.rounds import Rounds
from reviewbot.store.transactions import Transactions
from reviewbot.store.workers import Workers
from tests.engine.builders import finding
from tests.store.builders import (
    DOUBLE_CHARGE,
    HEAD,
    INSTALLATION,
    LEAK,
    NEXT_HEAD,
    OTHER,
    REF,
    REPO_ID,
    held,
    key,
    made_round,
    review,
)
from tests.store.conftest import run_sql


@pytest.fixture
def rounds(transactions: Transactions) -> Rounds:
    return Rounds(transactions)


@pytest.fixture
def hold(transactions: Transactions):
    return held(transactions)


def said(rounds: Rounds, hold, *findings, head=HEAD, comments=None, **changes) -> None:
    """A round that was saved and stands at GitHub."""
    rounds.save(hold, key(head), made_round(*findings, head=head, **changes))
    rounds.published(hold, key(head), comments or {})


def test_a_round_is_loaded_as_it_was_made(rounds: Rounds, hold):
    known = KnownFinding(LEAK, HEAD, Fate.IGNORED, "not \0 ours \ud800", 2**40)
    made = made_round(DOUBLE_CHARGE, LEAK, number=3, fixed=(known,), still_open=(known, known))

    round_id = rounds.save(hold, key(), made)

    assert rounds.load(key()) == made
    assert rounds.find(key()) == round_id
    assert (rounds.load(key(NEXT_HEAD)), rounds.find(key(NEXT_HEAD))) == (None, None)


@pytest.mark.parametrize(
    "made",
    [
        Round(Review(Outcome.FAILED, "no reviewer ran"), Outline()),
        made_round(finding(title="NUL \0, half \ud800", path="caf\udce9.py", quote="a\0b")),
        made_round(review=review(costs=(None, "0"))),
    ],
    ids=["nothing", "hostile text", "unknown cost"],
)
def test_any_round_is_loaded_as_it_was_made(rounds: Rounds, hold, made: Round):
    rounds.save(hold, key(), made)

    loaded = rounds.load(key())

    assert loaded == made
    assert [one.fingerprint for one in loaded.to_say] == [one.fingerprint for one in made.to_say]


def test_a_round_is_revised_until_it_is_said_and_says_what_it_was_revised_to(rounds: Rounds, hold):
    rounds.save(hold, key(), made_round(DOUBLE_CHARGE, LEAK))

    rounds.revise(hold, key(), made_round(LEAK))
    rounds.published(hold, key(), {})
    rounds.revise(hold, key(), made_round(DOUBLE_CHARGE))

    assert rounds.load(key()) == made_round(LEAK)
    assert [one.finding for one in rounds.known(REF)] == [LEAK]


def test_its_review_can_be_asked_questions(rounds: Rounds, hold, transactions):
    rounds.save(hold, key(), made_round(DOUBLE_CHARGE))

    found = run_sql(
        transactions,
        "SELECT v.repo, v.outcome, f.title, f.stage, c.model FROM round d JOIN review v ON v.id = d.review_id"
        " JOIN finding f ON f.review_id = v.id JOIN reviewer_run n ON n.review_id = v.id"
        " JOIN model_call c ON c.reviewer_run_id = n.id ORDER BY f.position",
    )

    assert found == [
        ("acme/shop", "partial", "Retry charges twice", None, "m-1"),
        ("acme/shop", "partial", "Unsure", "choose", "m-1"),
    ]


def test_f07_the_first_round_of_a_key_stands(rounds: Rounds, hold, transactions):
    first = rounds.save(hold, key(), made_round(DOUBLE_CHARGE))

    assert rounds.save(hold, key(), made_round(LEAK)) == first
    assert rounds.load(key()) == made_round(DOUBLE_CHARGE)
    assert run_sql(transactions, "SELECT count(*) FROM review") == [(1,)]


def test_f61_a_lost_hold_saves_and_publishes_nothing(rounds: Rounds, hold, transactions):
    rounds.save(hold, key(), made_round(DOUBLE_CHARGE))
    Workers(transactions).bury("w1")

    with pytest.raises(Fenced):
        rounds.save(hold, key(NEXT_HEAD), made_round(LEAK))
    with pytest.raises(Fenced):
        rounds.published(hold, key(), {})

    assert rounds.find(key(NEXT_HEAD)) is None
    assert not rounds.is_published(key())
    assert rounds.known(REF) == ()


def test_only_what_stands_at_github_is_known_and_the_latest(rounds: Rounds, hold):
    rounds.save(hold, key(), made_round(DOUBLE_CHARGE, LEAK, number=1))
    assert (rounds.latest(REF), rounds.known(REF), rounds.is_published(key())) == (None, (), False)

    rounds.published(hold, key(), {LEAK.fingerprint: 11})

    assert rounds.is_published(key())
    latest = rounds.latest(REF)
    assert latest is not None
    assert (latest.key, latest.outline, latest.number) == (key(), made_round().outline, 1)
    assert rounds.known(REF) == (KnownFinding(DOUBLE_CHARGE, HEAD), KnownFinding(LEAK, HEAD, comment_id=11))
    assert rounds.latest(OTHER) is None


def test_the_round_that_was_said_last_is_the_latest(rounds: Rounds, hold):
    said(rounds, hold, DOUBLE_CHARGE, number=1)
    said(rounds, hold, LEAK, head=NEXT_HEAD, number=2)
    rounds.save(hold, key(NEXT_HEAD, request=1), made_round(head=NEXT_HEAD, number=3))

    latest = rounds.latest(REF)

    assert latest is not None and (latest.key, latest.number) == (key(NEXT_HEAD), 2)


def test_publishing_twice_keeps_what_people_said_in_between(rounds: Rounds, hold):
    said(rounds, hold, DOUBLE_CHARGE, LEAK, comments={LEAK.fingerprint: 11})
    rounds.settle(REF, LEAK.fingerprint, Fate.RESOLVED, "its thread was resolved", "ann")

    rounds.published(hold, key(), {DOUBLE_CHARGE.fingerprint: 12, LEAK.fingerprint: 99})

    assert rounds.known(REF) == (
        KnownFinding(DOUBLE_CHARGE, HEAD, comment_id=12),
        KnownFinding(LEAK, HEAD, Fate.RESOLVED, "its thread was resolved", 11),
    )


def test_what_is_fixed_is_so_at_once_unless_its_thread_has_to_be_told(rounds: Rounds, hold):
    said(rounds, hold, DOUBLE_CHARGE, LEAK, comments={LEAK.fingerprint: 11})

    said(rounds, hold, head=NEXT_HEAD, fixed=rounds.known(REF))

    assert rounds.known(REF) == (
        KnownFinding(DOUBLE_CHARGE, HEAD, Fate.FIXED, NEXT_HEAD),
        KnownFinding(LEAK, HEAD, comment_id=11),
    )


def test_what_is_said_again_is_open_again_with_its_new_weight(rounds: Rounds, hold):
    mild = finding(title="Retry charges twice", severity=Severity.LOW)
    assert mild.fingerprint == DOUBLE_CHARGE.fingerprint
    said(rounds, hold, mild, comments={mild.fingerprint: 11})
    rounds.settle(REF, mild.fingerprint, Fate.FIXED, HEAD, "")

    said(rounds, hold, DOUBLE_CHARGE, head=NEXT_HEAD, comments={mild.fingerprint: 12})

    assert rounds.known(REF) == (KnownFinding(DOUBLE_CHARGE, NEXT_HEAD, comment_id=12),)


def test_a_round_that_was_never_saved_cannot_have_been_said(rounds: Rounds, hold):
    with pytest.raises(StoreError, match="no round was saved for 77:5000000000:7:"):
        rounds.published(hold, key(), {})


def test_findings_are_found_by_comment_and_by_the_beginning_of_their_fingerprint(rounds: Rounds, hold):
    said(rounds, hold, DOUBLE_CHARGE, LEAK, comments={LEAK.fingerprint: 2**40})

    by_comment = rounds.by_comment(REF, 2**40)
    assert by_comment is not None and by_comment.finding == LEAK
    assert rounds.by_comment(REF, 0) is None
    assert rounds.by_comment(OTHER, 2**40) is None
    for name in (LEAK.fingerprint, LEAK.fingerprint[:6], LEAK.fingerprint[:8].upper()):
        assert [one.finding for one in rounds.match(REF, name)] == [LEAK]
    assert rounds.match(REF, LEAK.fingerprint[:5]) == ()
    assert rounds.match(REF, "______") == ()
    assert rounds.match(OTHER, LEAK.fingerprint) == ()


def test_what_became_of_a_finding_is_kept_in_readable_text(rounds: Rounds, hold):
    said(rounds, hold, LEAK)

    rounds.settle(REF, LEAK.fingerprint, Fate.IGNORED, "closed \0 elsewhere", "ann")
    rounds.settle(REF, "0" * 16, Fate.FIXED, "never said", "ann")

    assert [(one.fate, one.fate_note) for one in rounds.known(REF)] == [(Fate.IGNORED, "closed \ufffd elsewhere")]


def test_what_is_ignored_holds_for_the_repository_with_the_latest_reason(rounds: Rounds, hold, transactions):
    said(rounds, hold, LEAK)
    rounds.ignore(REPO_ID, LEAK.fingerprint, "first", "ann")
    rounds.ignore(REPO_ID, "f" * 16, "never said", "bob")
    run_sql(transactions, "UPDATE ignored_finding SET at = at - 1 WHERE fingerprint = :it", it=LEAK.fingerprint)

    first, second = rounds.ignored(REPO_ID)
    assert (first.fingerprint, first.reason, first.by, first.title) == (LEAK.fingerprint, "first", "ann", LEAK.title)
    assert (second.fingerprint, second.reason, second.by, second.title) == ("f" * 16, "never said", "bob", "")
    assert rounds.ignored(REPO_ID + 1) == ()

    rounds.ignore(REPO_ID, LEAK.fingerprint, "second", "eve")
    assert {one.reason for one in rounds.ignored(REPO_ID)} == {"never said", "second"}


def test_a_round_is_part_of_the_work_that_its_pull_request_belongs_to(rounds: Rounds, hold, transactions):
    rounds.save(hold, key(), made_round())

    assert Pulls(transactions).installation_of(REF) == INSTALLATION
    assert run_sql(transactions, "SELECT installation_id, head FROM round") == [(INSTALLATION, HEAD)]
