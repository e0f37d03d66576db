from __future__ import annotations

from reviewbot.store.feedback import Feedback
from reviewbot.store.transactions import Transactions
from tests.store.builders import OTHER, REF


def test_each_piece_of_feedback_is_kept_once(transactions: Transactions):
    feedback = Feedback(transactions)

    assert feedback.record(REF, "f" * 16, "+1", 5, "comment-1") is True
    assert feedback.record(REF, "f" * 16, "+1", 5, "comment-1") is False
    assert feedback.record(REF, "f" * 16, "-1", 5, "comment-1") is True
    assert feedback.record(REF, "f" * 16, "+1", 6, "comment-1") is True
    assert feedback.record(REF, None, "reply", 2**40, "comment-2") is True

    assert [(one.fingerprint, one.kind, one.by_id) for one in feedback.of(REF)] == [
        ("f" * 16, "+1", 5),
        ("f" * 16, "-1", 5),
        ("f" * 16, "+1", 6),
        (None, "reply", 2**40),
    ]
    assert feedback.of(OTHER) == ()
