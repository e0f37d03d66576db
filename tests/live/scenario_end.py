"""What must be true of a scenario once all is quiet, whatever went wrong in it."""

from __future__ import annotations

from collections.abc import Iterator

from reviewbot.store.outbox import SendState
from tests.fakes.github.state import Check
from tests.live.scenarios import Scenario, Stage


def untruths(scenario: Scenario, stage: Stage) -> Iterator[str]:
    """What is not as it should be once all is quiet, whatever went wrong before."""
    yield from _of_the_check(scenario, stage)
    yield from _of_the_words(scenario, stage)
    yield from _of_the_store(stage)
    yield from scenario.untruths(stage)


def _of_the_check(scenario: Scenario, stage: Stage) -> Iterator[str]:
    if not stage.pull.state.is_open or (not stage.pull.checks and stage.silent_heads()):
        return
    if len(stage.pull.checks) != 1:
        yield f"{len(stage.pull.checks)} checks on the head"
        return
    (check,) = stage.pull.checks
    wanted = "neutral" if scenario.open(stage) else "success"
    if check.conclusion != wanted and not (stage.may_fall_short and check.conclusion in ("neutral", "skipped")):
        yield f"the check says {check.conclusion}, not {wanted}: {check.title}"
    elif not stage.may_fall_short and (check.title or "").split(":")[0] in ("Failed", "Skipped", "Superseded"):
        yield f"the check says {check.title}"


def _of_the_words(scenario: Scenario, stage: Stage) -> Iterator[str]:
    """Each finding is said once, or stands on the check run where GitHub refused to take it."""
    said = [root.body for root in stage.roots] + [review.body for review in stage.pull.reviews]
    wanted = scenario.said(stage)
    for name in sorted(wanted | {"minor"}):
        count = sum(f"{name} fails" in body for body in said)
        if count > 1 or (count == 1 and name not in wanted):
            yield f"{name} was said {count} times"
        if count == 0 and name in wanted and stage.pull.state.is_open and not _is_told(stage, name):
            yield f"{name} was never said"


def _is_told(stage: Stage, name: str) -> bool:
    """On the check run, which may also say that the whole review has failed."""
    checks: list[Check] = stage.shop.checks
    words = [(check.title or "", check.summary or "") for check in checks]
    return stage.may_fall_short and any("Failed" in title or f"{name} fails" in said for title, said in words)


def _of_the_store(stage: Stage) -> Iterator[str]:
    """What we believe is what GitHub has, and nothing is left to be done."""
    live = stage.service.live
    work = live.pulls.work(stage.ref)
    if work is None or work.outcome is None or work.wanted > work.handled:
        yield f"the work is not done: {work}"
    elif stage.pull.state.is_open and work.head != stage.pull.head:
        yield "the head that was handled last is not the pull request's"
    for row in live.outbox.starting(""):
        if row.state in (SendState.SENDING, SendState.UNKNOWN) and _makes_something(row.part):
            yield f"nobody knows what became of {row.part}"
    places = {root.id: root.body for root in stage.roots}
    for known in live.rounds.known(stage.ref):
        if not stage.may_fall_short and known.finding.title not in places.get(known.comment_id or 0, ""):
            yield f"the comment of {known.finding.title!r} is not known"


def _makes_something(part: str) -> bool:
    """What only changes something, or adds a thumb, is of no consequence once all is as it should be."""
    return not part.startswith(("resolve:", "eyes", "report:", "skipped:", "superseded:", "restart:"))
