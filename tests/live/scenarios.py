"""What may happen to a pull request, as small plays: what went before, what happens, and what is true in the end."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from reviewbot.domain.pull import PullRef
from reviewbot.domain.review import Usage
from reviewbot.domain.round import Fate
from reviewbot.ports import Completion, Prompt
from tests.fakes.github import Pull, Repository, World
from tests.fakes.github.state import ReviewComment
from tests.live.troubled import TroubledService

BEFORE = "first = 1\nsecond = 2\nthird = 3\n"
CLEAN = "first = 1\nsecond = 22\nthird = 3\n"
FLAWED = "first = 1\nsecond = 2  # BUG-high-second\nthird = 3\n"
TWICE = "first = 1  # BUG-high-first\nsecond = 2  # BUG-high-second\nthird = 3\n"
NEW = "x = 1  # BUG-high-new\ny = 2  # BUG-low-minor\n"
_FINDING_ID = re.compile(r"Finding `([0-9a-f]{8})`")


class Talker:
    """A model that has one answer for everybody who replies to a finding."""

    name = "scripted"

    def complete(self, prompt: Prompt) -> Completion:
        return Completion(json.dumps({"stands": "yes", "answer": "Every order runs it."}), self.name, Usage())


@dataclass
class Stage:
    """Where a scenario is played: one world, one pull request, one service.

    `may_fall_short` says that GitHub has refused something for good, as far as anybody could tell: what could not be
    said where it belongs then has to stand on the check run. `is_disturbed` says that people did more to the pull
    request than the scenario knows of.
    """

    world: World
    shop: Repository
    service: TroubledService
    pull: Pull
    may_fall_short: bool = False
    is_disturbed: bool = False

    @property
    def ref(self) -> PullRef:
        return PullRef(self.shop.id, self.pull.number)

    @property
    def roots(self) -> list[ReviewComment]:
        return [comment for comment in self.pull.inline_comments if comment.in_reply_to is None]

    def replies_to(self, word: str) -> list[ReviewComment]:
        """What we have said in the thread of the finding of this name."""
        named = {comment.id for comment in self.roots if f"{word} fails" in comment.body}
        return [comment for comment in self.pull.inline_comments if comment.in_reply_to in named]

    def silent_heads(self) -> frozenset[str]:
        """The head, where GitHub refused its check run for good and that is on record."""
        work = self.service.live.pulls.work(self.ref)
        is_on_record = work is not None and "check run could not be written" in work.reason
        return frozenset({self.pull.head}) if self.may_fall_short and is_on_record else frozenset()

    def reads(self) -> int:
        return len(self.service.factory.reviewers[0].reads)

    def hears(self, *words: str, author: str = "ada") -> None:
        self.service.receive(*(self.pull.comment(author, word) for word in words))


@dataclass(frozen=True)
class Scenario:
    """One play; the base of all says that a flawed pull request is opened."""

    name: str = "opened with a finding"
    files: dict[str, str] = field(default_factory=lambda: {"app.py": FLAWED})
    is_draft: bool = False

    def prepare(self, stage: Stage) -> None:
        """What went before, undisturbed."""

    def happen(self, stage: Stage) -> None:
        stage.service.receive(stage.pull.opened)
        stage.service.settle()

    def said(self, stage: Stage) -> frozenset[str]:
        """The names of all findings that are said in the end."""
        return frozenset({"second"})

    def open(self, stage: Stage) -> frozenset[str]:
        """Those of them that stand in the end."""
        return self.said(stage)

    def untruths(self, stage: Stage) -> Iterator[str]:
        """What is wrong with the end, beyond what is wrong with any end."""
        return iter(())


class OpenedClean(Scenario):
    def said(self, stage: Stage) -> frozenset[str]:
        return frozenset()


class SecondPush(Scenario):
    """One finding is fixed, one stays, one is new, and one more is not worth a word in a later round."""

    def prepare(self, stage: Stage) -> None:
        super().happen(stage)

    def happen(self, stage: Stage) -> None:
        stage.service.receive(stage.pull.push(files={"app.py": FLAWED, "new.py": NEW}))
        stage.service.settle()

    def said(self, stage: Stage) -> frozenset[str]:
        return frozenset({"first", "second", "new"})

    def open(self, stage: Stage) -> frozenset[str]:
        return frozenset({"second", "new"})

    def untruths(self, stage: Stage) -> Iterator[str]:
        if not stage.pull.state.is_open:
            return
        replies = stage.replies_to("first")
        fates = {known.finding.title: known.fate for known in stage.service.live.rounds.known(stage.ref)}
        if fates.get("first fails") is not Fate.FIXED and not stage.may_fall_short:
            yield f"the fixed finding is {fates.get('first fails')}"
        if len(replies) != 1 and not (stage.may_fall_short and not replies):
            yield f"{len(replies)} replies in the thread of what was fixed"
        threads = {thread.root_id: thread.is_resolved for thread in stage.pull.state.threads.values()}
        is_resolved = [threads[root.id] for root in stage.roots if "first fails" in root.body]
        if is_resolved != [True] and not stage.may_fall_short:
            yield "the thread of what was fixed is not resolved"


class ForcePushed(Scenario):
    """The pull request gets another head while its first one is being read."""

    def prepare(self, stage: Stage) -> None:
        def force_push(_task: object) -> None:
            stage.service.factory.reviewers[0].during = None
            stage.service.receive(stage.pull.force_push(files={"app.py": TWICE}))

        stage.service.factory.reviewers[0].during = force_push

    def said(self, stage: Stage) -> frozenset[str]:
        return frozenset({"first", "second"})


class ClosedMeanwhile(Scenario):
    """The pull request is closed while it is being read."""

    def prepare(self, stage: Stage) -> None:
        def close(_task: object) -> None:
            stage.service.factory.reviewers[0].during = None
            stage.service.receive(stage.pull.close())

        stage.service.factory.reviewers[0].during = close

    def said(self, stage: Stage) -> frozenset[str]:
        return frozenset()

    def untruths(self, stage: Stage) -> Iterator[str]:
        if stage.pull.inline_comments or stage.pull.reviews:
            yield "something was said on a pull request that had been closed"


class Talked(Scenario):
    """Somebody has a finding ignored, somebody asks for help, somebody replies."""

    def prepare(self, stage: Stage) -> None:
        stage.service.factory.answerer = Talker()
        super().happen(stage)

    def happen(self, stage: Stage) -> None:
        (root,) = [root for root in stage.roots if "first fails" in root.body]
        (other,) = [root for root in stage.roots if "second fails" in root.body]
        found = _FINDING_ID.search(root.body)
        assert found is not None
        stage.hears(f"@reviewbot ignore {found[1]} because it is meant so", "@reviewbot help")
        stage.service.receive(stage.pull.reply("ada", other.id, "When would that happen?"))
        stage.service.settle()

    def said(self, stage: Stage) -> frozenset[str]:
        return frozenset({"first", "second"})

    def open(self, stage: Stage) -> frozenset[str]:
        return frozenset({"second"})

    def untruths(self, stage: Stage) -> Iterator[str]:
        fates = {known.finding.title: known.fate for known in stage.service.live.rounds.known(stage.ref)}
        if fates.get("first fails") is not Fate.IGNORED and not stage.may_fall_short:
            yield f"the ignored finding is {fates.get('first fails')}"
        said = {"answers": len(stage.pull.answers), "replies": len(stage.replies_to("second"))}
        for what, count, wanted in (("answers", said["answers"], 2), ("replies", said["replies"], 1)):
            if count > wanted or (count < wanted and not stage.may_fall_short and not stage.is_disturbed):
                yield f"{count} {what} in the place of {wanted}"


class DraftThenReady(Scenario):
    def happen(self, stage: Stage) -> None:
        super().happen(stage)
        stage.service.receive(stage.pull.ready())
        stage.service.settle()


class Missed(Scenario):
    """No event about the pull request has ever arrived: the sweep finds it."""

    def happen(self, stage: Stage) -> None:
        for _ in range(2):
            stage.service.reconcile()
            stage.service.settle()
            stage.world.clock.advance(3600.0)


SCENARIOS = (
    Scenario(),
    OpenedClean("opened clean", {"app.py": CLEAN}),
    SecondPush("a second push", {"app.py": TWICE}),
    ForcePushed("a force-push during the review"),
    ClosedMeanwhile("closed during the review"),
    Talked("commands and a reply", {"app.py": TWICE}),
    DraftThenReady("a draft that becomes ready", is_draft=True),
    Missed("an event that never came"),
)
