from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread

import pytest

from reviewbot.domain.pull import PullRef
from reviewbot.domain.repository import RepoName
from reviewbot.errors import StoreError
from reviewbot.store.holds import DEAD_AFTER_SECONDS
from reviewbot.store.live_rows import PullRow
from reviewbot.store.pulls import Fenced, Hold, Pulls
from reviewbot.store.transactions import Transactions
from reviewbot.store.workers import Workers
from tests.store.builders import HEAD, INSTALLATION, OTHER, REF, REPO, REPO_ID, held, silence
from tests.store.conftest import run_sql


@pytest.fixture
def pulls(transactions: Transactions) -> Pulls:
    workers = Workers(transactions)
    workers.beat("w1", "e1")
    workers.beat("w2", "e2")
    return Pulls(transactions)


def want(pulls: Pulls, ref: PullRef = REF, **options) -> int:
    return pulls.want(ref, INSTALLATION, REPO, **options)


def taken(pulls: Pulls, worker: str = "w1", ref: PullRef = REF) -> Hold:
    hold = pulls.take(ref, worker)
    assert hold is not None
    return hold


def in_another_thread(work):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def test_what_is_wanted_is_due_can_be_taken_and_is_handled_when_let_go(pulls: Pulls):
    assert pulls.due(9) == ()
    assert pulls.take(REF, "w1") is None

    assert want(pulls) == 1
    assert pulls.due(9) == (REF,)
    hold = taken(pulls)
    assert (hold.ref, hold.token, hold.wanted, hold.worker) == (REF, 1, 1, "w1")
    assert pulls.due(9) == ()
    assert pulls.release(hold) is False

    assert pulls.due(9) == ()
    assert pulls.take(REF, "w1") is None


def test_a_live_worker_keeps_what_it_has(pulls: Pulls):
    want(pulls)
    hold = taken(pulls)

    assert pulls.take(REF, "w2") is None
    assert pulls.is_mine(hold)


def test_f21_what_is_wanted_during_a_look_is_one_more_look(pulls: Pulls):
    want(pulls)
    hold = taken(pulls)
    assert not pulls.newer_wanted(hold)

    for _ in range(500):
        want(pulls)

    assert pulls.newer_wanted(hold)
    assert pulls.latest_wanted(hold) == 501
    assert pulls.release(hold) is True
    last = taken(pulls, "w2")
    assert last.wanted == 501
    assert pulls.release(last) is False


def test_what_is_wanted_later_is_due_later(pulls: Pulls, transactions):
    want(pulls, delay_seconds=30)
    assert pulls.due(9) == ()

    run_sql(transactions, "UPDATE pull SET due_at = due_at - 31")

    assert pulls.due(9) == (REF,)


def test_due_ones_come_in_the_order_of_their_time_and_not_more_than_asked_for(pulls: Pulls):
    refs = [PullRef(REPO_ID, number) for number in range(1, 6)]
    for seconds, ref in enumerate(reversed(refs)):
        want(pulls, ref, delay_seconds=seconds - 100)

    assert pulls.due(9) == tuple(reversed(refs))
    assert pulls.due(2) == (refs[4], refs[3])


def test_f61_a_worker_that_is_not_heard_for_long_enough_is_pushed_aside_and_can_do_nothing_more(
    pulls: Pulls, transactions
):
    want(pulls)
    lost = taken(pulls, "w1")
    silence(transactions, "w1", DEAD_AFTER_SECONDS - 1)
    assert pulls.take(REF, "w2") is None
    silence(transactions, "w1", 2)
    assert pulls.due(9) == (REF,)

    hold = taken(pulls, "w2")

    assert hold.token == lost.token + 1
    assert not pulls.is_mine(lost)
    assert not pulls.newer_wanted(lost)
    assert pulls.latest_wanted(lost) is None
    for act in (
        lambda: pulls.conclude(lost, HEAD, "complete", ""),
        lambda: pulls.release(lost),
        lambda: pulls.note_review(lost),
    ):
        with pytest.raises(Fenced, match="was taken from worker w1"):
            act()
    work = pulls.work(REF)
    assert work is not None and work.outcome is None and work.worker == "w2"


def test_f61_a_worker_that_wakes_again_does_not_get_its_hold_back(pulls: Pulls, transactions):
    want(pulls)
    lost = taken(pulls, "w1")
    silence(transactions, "w1")
    taken(pulls, "w2")
    Workers(transactions).beat("w1", "e1")

    assert not pulls.is_mine(lost)
    assert pulls.take(REF, "w1") is None


@pytest.mark.parametrize("end", ["leave", "bury"])
def test_what_a_worker_held_is_free_when_it_is_gone(pulls: Pulls, transactions, end: str):
    want(pulls)
    lost = taken(pulls, "w1")

    getattr(Workers(transactions), end)("w1")

    assert pulls.due(9) == (REF,)
    assert not pulls.is_mine(lost)
    for act in (lambda: pulls.conclude(lost, HEAD, "complete", ""), lambda: pulls.release(lost)):
        with pytest.raises(Fenced):
            act()
    assert taken(pulls, "w2").token > lost.token


def test_a_worker_that_has_not_been_heard_yet_is_given_the_time(pulls: Pulls, transactions):
    want(pulls)
    taken(pulls, "w9")
    assert pulls.take(REF, "w2") is None
    assert pulls.due(9) == ()

    run_sql(transactions, "UPDATE pull SET taken_at = taken_at - 21")

    assert pulls.due(9) == (REF,)
    assert taken(pulls, "w2").token == 2


def test_a_worker_pushes_aside_what_it_left_itself_after_a_restart(pulls: Pulls, transactions):
    want(pulls)
    lost = taken(pulls, "w1")

    hold = taken(Pulls(transactions), "w1")

    assert hold.token == lost.token + 1
    assert not pulls.is_mine(lost)


def test_a_thread_pushes_aside_what_it_left_itself(pulls: Pulls):
    want(pulls)
    taken(pulls, "w1")

    assert taken(pulls, "w1").token == 2


def test_threads_of_one_worker_do_not_push_each_other_aside(pulls: Pulls):
    want(pulls)
    hold = taken(pulls, "w1")
    want(pulls)

    assert in_another_thread(lambda: pulls.take(REF, "w1")) is None
    in_another_thread(lambda: pulls.drop(REF, "w1", due_in=0))
    assert pulls.is_mine(hold)


def test_what_a_thread_has_left_behind_by_ending_is_free_for_the_others(pulls: Pulls):
    want(pulls)
    lost: list[Hold] = []
    thread = Thread(target=lambda: lost.append(taken(pulls, "w1")))
    thread.start()
    thread.join()

    assert pulls.due(9) == (REF,)
    assert taken(pulls, "w1").token == lost[0].token + 1


def test_a_look_that_is_to_be_tried_again_is_due_then_and_not_handled(pulls: Pulls, transactions):
    want(pulls, trigger="opened")
    assert pulls.release(taken(pulls), due_in=60) is False
    assert pulls.due(9) == ()
    work = pulls.work(REF)
    assert work is not None
    assert (work.wanted, work.handled, work.attempts, work.deaths) == (1, 0, 1, 0)
    assert work.triggers == {"opened"}

    run_sql(transactions, "UPDATE pull SET due_at = due_at - 61")
    assert pulls.due(9) == (REF,)

    with transactions.reading() as session:
        soon = transactions.now(session) - 1
    assert pulls.release(taken(pulls), due_at=soon) is False
    assert pulls.due(9) == (REF,)


def test_what_is_wanted_meanwhile_does_not_wait_for_what_is_tried_again(pulls: Pulls):
    want(pulls)
    hold = taken(pulls)
    want(pulls)

    assert pulls.release(hold, due_in=600) is True

    assert pulls.due(9) == (REF,)


def test_f65_takes_that_end_without_letting_go_are_counted_as_deaths(pulls: Pulls, transactions):
    want(pulls)
    for deaths in (1, 2, 3):
        taken(pulls, "w1")
        work = pulls.work(REF)
        assert work is not None and (work.attempts, work.deaths) == (deaths, deaths)
        Workers(transactions).bury("w1")

    pulls.release(taken(pulls, "w2"), due_in=0)
    work = pulls.work(REF)
    assert work is not None and (work.attempts, work.deaths) == (4, 0)

    want(pulls)
    work = pulls.work(REF)
    assert work is not None and (work.attempts, work.deaths) == (0, 0)


def test_f65_a_look_that_crashed_is_let_go_of_for_later_and_stays_counted(pulls: Pulls):
    want(pulls)
    hold = taken(pulls)

    pulls.drop(REF, "w2", due_in=0)
    assert pulls.is_mine(hold)
    pulls.drop(REF, "w1", due_in=60)

    assert not pulls.is_mine(hold)
    assert pulls.due(9) == ()
    work = pulls.work(REF)
    assert work is not None and work.deaths == 1 and work.due_at is not None
    pulls.drop(OTHER, "w1", due_in=60)


def test_f64_what_could_not_be_let_go_of_is_found_due_by_the_same_process(pulls: Pulls, transactions):
    want(pulls)
    taken(pulls)
    run_sql(transactions, "ALTER TABLE pull RENAME TO pull_away")
    try:
        with pytest.raises(StoreError):
            pulls.drop(REF, "w1", due_in=60)
    finally:
        run_sql(transactions, "ALTER TABLE pull_away RENAME TO pull")

    assert pulls.due(9) == (REF,)
    assert in_another_thread(lambda: taken(pulls, "w1")).token == 2


def test_letting_go_twice_is_letting_go_once(pulls: Pulls):
    want(pulls)
    hold = taken(pulls)
    want(pulls)

    assert pulls.release(hold) is True
    assert pulls.release(hold) is True
    taken(pulls, "w2")

    with pytest.raises(Fenced):
        pulls.release(hold)


def test_triggers_last_until_their_look_is_done(pulls: Pulls):
    want(pulls, trigger="opened")
    want(pulls, trigger="pushed")
    hold = taken(pulls)
    want(pulls, trigger="pushed")
    want(pulls, trigger="command")

    pulls.release(hold)

    work = pulls.work(REF)
    assert work is not None and work.triggers == {"pushed", "command"}


def test_only_another_review_that_is_asked_for_raises_the_request(pulls: Pulls):
    want(pulls)
    want(pulls, another=True)
    want(pulls)

    work = pulls.work(REF)
    assert work is not None and (work.request, work.wanted) == (1, 3)


def test_the_outcome_of_a_head_is_remembered_in_readable_text(pulls: Pulls):
    want(pulls)
    hold = taken(pulls)

    pulls.conclude(hold, HEAD, "partial", "not read: \0 \ud800.bin")

    work = pulls.work(REF)
    assert work is not None
    assert (work.head, work.outcome, work.reason) == (HEAD, "partial", "not read: \ufffd \ufffd.bin")
    assert pulls.numbers_at(REPO_ID, HEAD) == (REF.number,)
    assert pulls.numbers_at(REPO_ID, "b" * 40) == ()


def test_a_pull_request_is_paused_renamed_and_moved_by_its_numbers(pulls: Pulls):
    want(pulls)
    pulls.pause(REF, True)
    pulls.rename(REPO_ID, RepoName("new", "home"))

    work = pulls.work(REF)
    assert work is not None and work.is_paused and work.repo == RepoName("new", "home")

    pulls.want(REF, 4, RepoName("third", "place"))
    work = pulls.work(REF)
    assert work is not None and work.is_paused and work.repo == RepoName("third", "place")
    assert pulls.installation_of(REF) == 4
    assert pulls.installation_of(OTHER) is None


def test_f28_what_is_wanted_of_a_removed_installation_or_repository_is_cancelled(pulls: Pulls):
    elsewhere = PullRef(6, 1)
    want(pulls)
    want(pulls, elsewhere)
    pulls.want(PullRef(7, 1), 555, REPO)

    pulls.forget_repositories(INSTALLATION, [6, 7])
    assert set(pulls.due(9)) == {REF, PullRef(7, 1)}

    hold = taken(pulls)
    pulls.forget_installation(INSTALLATION)
    assert pulls.due(9) == (PullRef(7, 1),)
    assert pulls.release(hold, due_in=0) is False
    assert pulls.due(9) == (PullRef(7, 1),)

    want(pulls)
    assert REF in pulls.due(9)


def test_f27_what_was_put_off_is_due_at_once_when_its_installation_is_back(pulls: Pulls):
    want(pulls, delay_seconds=3_600)
    pulls.want(PullRef(7, 1), 555, REPO, delay_seconds=3_600)
    want(pulls, OTHER)
    pulls.release(taken(pulls, ref=OTHER))

    pulls.wake(INSTALLATION)

    assert pulls.due(9) == (REF,)


def test_f22_reviews_of_a_pull_request_are_counted_once_per_take(pulls: Pulls, transactions):
    for _ in range(3):
        want(pulls)
        hold = taken(pulls)
        pulls.note_review(hold)
        pulls.note_review(hold)
        pulls.release(hold)

    assert pulls.reviews_since(REF, 60) == 3
    assert pulls.reviews_since(OTHER, 60) == 0
    run_sql(transactions, "UPDATE pull_review SET at = at - 61 WHERE token < 3")
    assert pulls.reviews_since(REF, 60) == 1


def test_f19_the_sweep_knows_what_it_saw(pulls: Pulls):
    assert pulls.etag(REPO_ID) is None
    pulls.remember_etag(REPO_ID, 'W/"1"')
    pulls.remember_etag(REPO_ID, 'W/"2"')
    assert pulls.etag(REPO_ID) == 'W/"2"'
    pulls.remember_etag(REPO_ID, None)
    assert pulls.etag(REPO_ID) is None


def test_all_open_work_is_listed_the_most_urgent_first(pulls: Pulls):
    refs = [PullRef(REPO_ID, number) for number in range(1, 4)]
    for seconds, ref in zip((30, 10, 20), refs, strict=True):
        want(pulls, ref, delay_seconds=seconds)

    assert [work.ref.number for work in pulls.open_work()] == [2, 3, 1]


def test_open_work_is_read_in_pages_without_losing_any_of_the_same_moment(pulls: Pulls, transactions):
    want(pulls, PullRef(REPO_ID, 1))
    columns = [column.name for column in PullRow.__table__.c]
    run_sql(
        transactions,
        f"INSERT INTO pull ({', '.join(columns)})"
        " WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1202)"
        f" SELECT {', '.join('n.i' if name == 'number' else name for name in columns)} FROM pull, n",
    )

    assert [work.ref.number for work in pulls.open_work()] == list(range(1, 1_203))


def test_wanting_can_be_part_of_another_transaction(pulls: Pulls, transactions):
    with pytest.raises(ZeroDivisionError), transactions.writing() as session:
        assert want(pulls, session=session) == 1
        assert want(pulls, session=session) == 2
        1 / 0  # noqa: B018

    assert pulls.work(REF) is None


def test_f05_of_many_that_want_and_take_at_once_none_is_lost_and_one_gets_it(pulls: Pulls):
    start = Barrier(12)

    def act(number: int) -> tuple[int, Hold | None]:
        start.wait()
        return want(pulls), pulls.take(REF, f"w{number % 2 + 1}")

    with ThreadPoolExecutor(12) as pool:
        results = list(pool.map(act, range(12)))

    assert sorted(count for count, _ in results) == list(range(1, 13))
    holds = [hold for _, hold in results if hold is not None]
    assert len(holds) == 1
    assert pulls.is_mine(holds[0])


def test_f61_a_take_waits_for_a_change_that_is_being_made_under_the_old_hold(transactions: Transactions):
    hold = held(transactions)
    silence(transactions, "w1")
    pulls, began, order = Pulls(transactions), Event(), list[str]()

    def take() -> None:
        began.wait()
        pulls.take(REF, "w2")
        order.append("taken")

    thread = Thread(target=take)
    thread.start()
    with transactions.writing() as session:
        from reviewbot.store.holds import guarded

        guarded(session, hold)
        began.set()
        thread.join(0.15)
        order.append("changed")
    thread.join()

    assert order == ["changed", "taken"]


def test_a_hold_of_another_pull_request_is_worth_nothing(pulls: Pulls):
    want(pulls)
    hold = taken(pulls)

    with pytest.raises(Fenced):
        pulls.conclude(dataclasses.replace(hold, ref=OTHER), HEAD, "complete", "")
