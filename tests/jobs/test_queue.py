from __future__ import annotations

from pathlib import Path

import pytest

from reviewbot.domain.pull import PullRef
from reviewbot.errors import StoreError
from reviewbot.jobs.file_lock import FileLock
from reviewbot.jobs.pacing import Pacing
from reviewbot.jobs.queue import CommentJob, DeliveryJob, PullJob, job_id, next_attempt
from reviewbot.jobs.rhythm import Rhythm


def test_equal_jobs_have_equal_names_and_others_have_others():
    jobs = [
        DeliveryJob(1),
        DeliveryJob(11),
        CommentJob(1, 2),
        PullJob(PullRef(1, 2), 3, 4),
        PullJob(PullRef(1, 2), 4, 4),
        PullJob(PullRef(1, 23), 4, 4),
        next_attempt(PullJob(PullRef(1, 2), 3, 4)),
    ]

    assert len({job_id(job) for job in jobs}) == len(jobs)
    assert job_id(PullJob(PullRef(1, 2), 3, installation_id=9)) == job_id(PullJob(PullRef(1, 2), 3, installation_id=8))


def test_f65_pauses_between_tries_grow_up_to_a_limit():
    seconds = [Rhythm(first_retry=15, last_retry=900).retry_after(failures) for failures in (1, 2, 3, 7, 1000)]

    assert seconds == [15, 30, 60, 900, 900]


def test_what_has_been_tried_waits_for_its_pause_and_what_is_gone_is_forgotten():
    now = [0.0]
    pacing = Pacing(Rhythm(first_retry=10), clock=lambda: now[0])
    pacing.tried("a")
    pacing.tried("b")
    before = pacing.may("a")
    now[0] = 10.0
    after = pacing.may("a")
    pacing.tried("a")
    now[0] = 29.0
    second = pacing.may("a")
    pacing.keep_only(["b"])

    assert (before, after, second, pacing.may("a")) == (False, True, False, True)


def test_one_at_a_time_holds_a_file_and_the_other_is_told_who_and_what_to_do(tmp_path: Path):
    first, second = FileLock(tmp_path / "reviewbot.db.lock"), FileLock(tmp_path / "reviewbot.db.lock")
    first.take()

    with pytest.raises(StoreError, match=r"reviewbot.db.*postgresql"):
        second.take(patience_seconds=0.1)
    first.free()
    second.take()
    second.free()


def test_a_lock_in_a_folder_that_is_not_there_is_an_error_with_its_remedy(tmp_path: Path):
    with pytest.raises(StoreError, match="REVIEWBOT_DATABASE_URL"):
        FileLock(tmp_path / "missing" / "reviewbot.db.lock").take()
