"""Hostile repositories through the whole service: nothing outside is touched, limits hold, and each has its end."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reviewbot.domain.pull import PullRef
from reviewbot.domain.review import Outcome
from reviewbot.engine.reviewers.command import CommandReviewer
from reviewbot.engine.reviewers.static import StaticReviewer
from reviewbot.pipelines.live import Panel
from tests.fakes.github import Pull, Repository, World, diffs
from tests.live.reviewers import MarkReader
from tests.live.service import Service
from tests.live.test_reviews import only_check
from tests.live.watched import text_of
from tests.security.audit import Seen, watched
from tests.security.zoo import ANIMALS, FLAW, TOOLS, Animal, Cage

PROGRAMS = {"git", "ruff", "ast-grep", "zizmor", "python", Path(sys.executable).name}
MOST_CACHED_BYTES = 700_000_000
LISTER = """
import json, os, sys
seen = [os.path.join(folder, name) for folder, _, names in os.walk(".") for name in names]
assert not any(os.path.islink(path) or "/.git/" in path for path in seen), seen
print(json.dumps({"findings": []}))
"""


@dataclass
class Keepers:
    """A reader of marks, our rules, and a program that is given the exported tree."""

    reviewers: tuple[Any, ...] = field(default_factory=tuple)

    def panel(self, policy: object, budget_usd: Decimal | None, tell_cost: object) -> Panel:
        return Panel(self.reviewers, None, tuple(one.name for one in self.reviewers))

    def model(self, tell_cost: object) -> None:
        return None


@pytest.fixture
def cage(shop: Repository, tmp_path: Path) -> Cage:
    canary = tmp_path / "outside" / "canary"
    canary.parent.mkdir()
    canary.write_text("sings")
    return Cage(shop.state.store.path, shop.head, canary)


def visited(service: Service, shop: Repository, head: str, tmp_path: Path) -> tuple[Pull, Seen]:
    """The pull request of an animal after all work on it, and what was started and written for it."""
    lister = tmp_path / "lister.py"
    lister.write_text(LISTER)
    command = CommandReviewer(f"{sys.executable} {lister}", environment={"PATH": "/usr/bin:/bin"})
    service.factory = Keepers((MarkReader(), StaticReviewer(), command))  # type: ignore[assignment]
    service.start()
    # What the fake takes for the change: it would read all of it, without the limits that are tested here.
    flawed = shop.state.store.commit({"app.py": FLAW}, (shop.head,))
    shop.state.store._trees[head] = shop.state.store.files(flawed)
    diffs._known[shop.head, head] = diffs.diff_between(shop.state.store, shop.head, flawed)
    shop.state.store.parents[head] = (shop.head,)
    pull = shop.pull(head=head, author="eve")
    with watched() as seen:
        service.receive(pull.opened)
        service.settle()
    return pull, seen


def test_the_zoo_has_at_least_twenty_five_kinds_that_all_differ():
    assert len(ANIMALS) >= 25
    assert len({animal.name for animal in ANIMALS}) == len(ANIMALS)
    assert len(TOOLS) >= 20


@pytest.mark.parametrize("animal", ANIMALS, ids=lambda animal: animal.name)
def test_s01_s22_s23_s24_a_hostile_repository_touches_nothing_and_has_a_stated_end(
    service: Service, shop: Repository, world: World, cage: Cage, tmp_path: Path, animal: Animal
):
    head = animal.head(cage)
    beside = sorted(path.name for path in tmp_path.iterdir())

    pull, seen = visited(service, shop, head, tmp_path)

    assert cage.canary.read_text() == "sings"
    assert list(cage.canary.parent.iterdir()) == [cage.canary]
    new = {path.name for path in tmp_path.iterdir()} - set(beside)
    assert new <= {"cache", "lister.py", "reviewbot.db-wal", "reviewbot.db-shm", "reviewbot.db"}
    assert unexpected_programs(seen) == []
    assert not any(str(cage.canary.parent) in path for path in seen.written)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_symlink() or path.name == "index"]
    cached = sum(path.stat().st_size for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert cached < MOST_CACHED_BYTES
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2_500_000
    ended_as_told(service, shop, pull, animal)


def unexpected_programs(seen: Seen) -> list[list[str]]:
    """Programs that a review does not start, and arguments of git that are no words of ours, shas or paths of ours."""
    wrong = []
    for words in seen.started:
        if Path(words[0]).name not in PROGRAMS:
            wrong.append(words)
        if Path(words[0]).name == "git" and any(
            word in ("checkout", "submodule", "lfs", "clone", "pull") for word in words
        ):
            wrong.append(words)
        if any("touch" in word or "upload-pack=" in word or "x-access-token" in word for word in words[1:]):
            wrong.append(words)
    return wrong


def ended_as_told(service: Service, shop: Repository, pull: Pull, animal: Animal) -> None:
    """Read as any change; or refused by git and read through GitHub's API, which is never a whole review; or either."""
    check, work = only_check(pull), service.live.pulls.work(PullRef(shop.id, pull.number))
    assert work is not None and check.status == "completed"
    is_found = any("total fails" in one.body for one in (*pull.inline_comments, *pull.reviews))
    words = text_of(pull)
    match animal.ends:
        case "reviewed":
            assert is_found and "could not be fetched" not in words, words
        case "refused":
            assert "could not be fetched" in words and check.conclusion != "success", words
            assert work.outcome == Outcome.PARTIAL
        case _:
            assert is_found or check.conclusion != "success", words
            assert work.outcome is not None
