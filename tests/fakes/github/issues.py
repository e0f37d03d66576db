"""Issues as tests move them: every step gives the webhook that GitHub would send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.github.events import Event, issue_event
from tests.fakes.github.state import Comment, IssueState

if TYPE_CHECKING:
    from tests.fakes.github.pulls import Pull
    from tests.fakes.github.repositories import Repository


class Issue:
    """An issue in a test's hand; `state` is what the fake knows of it, `opened` its first event."""

    opened: Event

    def __init__(self, repository: Repository, state: IssueState) -> None:
        self.repository, self.state, self.world = repository, state, repository.world

    @property
    def number(self) -> int:
        return self.state.number

    @property
    def answers(self) -> list[Comment]:
        """Comments of the App."""
        return [one for one in self.state.comments.values() if one.by_app and not one.is_deleted]

    def label(self, name: str) -> Event:
        self.state.labels.append(name)
        return self._event("labeled", label={"name": name})

    def unlabel(self, name: str) -> Event:
        self.state.labels.remove(name)
        return self._event("unlabeled", label={"name": name})

    def edit(self, body: str) -> Event:
        self.state.body = body
        return self._event("edited", changes={"body": {"from": ""}})

    def link(self, pull: Pull) -> None:
        """A pull request says that it closes the issue."""
        self.state.closers.append(pull.number)

    def close(self, by: Pull | None = None) -> Event:
        """Somebody closes it, or a pull request does when it is merged."""
        if by is not None and by.number not in self.state.closers:
            self.link(by)
        self.state.is_open, self.state.closed_at = False, self.world.clock.now()
        return self._event("closed")

    def delete(self) -> Event:
        self.state.is_deleted = True
        return self._event("deleted")

    def _event(self, action: str, **more: object) -> Event:
        self.state.updated_at = self.world.clock.now()
        return issue_event(self.world, self.repository.state, self.state, action, **more)
