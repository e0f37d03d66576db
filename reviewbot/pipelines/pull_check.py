"""The check run of a head: begun when work on it begins, completed with what came of it, never left hanging."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reviewbot.domain.repository import Sha
from reviewbot.github.answers import CheckRun, PostedAnnotation
from reviewbot.github.check_run import Annotation, CheckReport
from reviewbot.github.failures import Forbidden
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.live import CHECK_NAME, Live
from reviewbot.pipelines.outgoing import Delivered, Request, Result, Write, deliver
from reviewbot.store.outbox import Outgoing, SendState
from reviewbot.store.pulls import Hold

log = logging.getLogger(__name__)

_BATCH = 50
"""GitHub takes so many annotations in a request, and appends those of the next."""
_TRIES = 6
"""A check run is the one thing that each head must have: what is refused for less than five minutes is written."""
_MAY_STAND = (SendState.SENT, SendState.UNKNOWN, SendState.SENDING)
CREATED = "check"


@dataclass(frozen=True)
class HeadCheck:
    """The check run of one head of one pull request."""

    live: Live
    client: RepositoryClient
    hold: Hold
    head: Sha

    @property
    def key(self) -> str:
        return self.live.head_key(self.hold.ref, self.head)

    def begin(self) -> Result:
        """Creates it, in progress; what is there already is left as it is."""
        started = self.live.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        request = {"name": CHECK_NAME, "head_sha": self.head, "external_id": self.key, "started_at": started}
        write = Write(self.key, CREATED, request, self._created, self._found, tries=_TRIES)
        return deliver(self.live, self.hold, write)

    def restart(self, name: str) -> Result:
        """Shows that a head which has a result is being looked at again; nothing happens where it has none."""
        begun = self.live.outbox.find(self.key, CREATED)
        if begun is None or begun.remote_id is None or self.is_open():
            return Delivered("")
        request = {"id": int(begun.remote_id), "status": "in_progress"}
        return self._update(f"restart:{name}:0", request)

    def complete(self, report: CheckReport, name: str) -> Result:
        """Ends it with a report; completing it twice under one name is completing it once."""
        begun = self.begin()
        if not isinstance(begun, Delivered):
            return begun
        check_id = int(begun.remote_id)
        annotations, before = self._annotations_left(check_id, report, name)
        result: Result = begun
        for number, request in enumerate(_updates(report, annotations, check_id, before)):
            result = self._update(f"{name}:{number}", request)
            if not isinstance(result, Delivered):
                return result
        return result

    def name_of(self, report: CheckReport, name: str, anew: str) -> str:
        """Under which name a report is to be completed: the one that it has where the check run shows just that."""
        rows = [row for row in self.live.outbox.of(self.key) if row.part != CREATED]
        named = [row for row in rows if _is_named(_report_of(row), name)]
        if not named:
            return name
        return _report_of(rows[-1]) if rows[-1] in named and _shows(rows[-1].request, report) else anew

    def is_open(self) -> bool:
        """Whether it was begun, by us, and not completed since."""
        rows = [row for row in self.live.outbox.of(self.key) if row.state is SendState.SENT]
        return bool(rows) and rows[-1].request.get("status") != "completed"

    def may_be_open(self) -> bool:
        """The same, and where it is not known what became of the last word on it."""
        rows = [row for row in self.live.outbox.of(self.key) if _may_have_arrived(row)]
        is_ended = rows and rows[-1].state is SendState.SENT and rows[-1].request.get("status") == "completed"
        return bool(rows) and not is_ended

    def stands_all_the_same(self) -> bool:
        """Whether it was begun although GitHub's answer was a refusal, and not tried again since."""
        begun = self.live.outbox.find(self.key, CREATED)
        is_doubtful = begun is not None and begun.state is SendState.PLANNED and begun.attempts > 0
        return is_doubtful and self._found({}) is not None

    def change(self, part: str, request: Request) -> Write:
        """A change to it: to its end, or back to being looked at."""
        repeatable = not request.get("output", {}).get("annotations")
        return Write(self.key, part, request, self._updated, self._is_updated, False, repeatable, _TRIES)

    def _update(self, part: str, request: Request) -> Result:
        return deliver(self.live, self.hold, self.change(part, request))

    def _annotations_left(self, check_id: int, report: CheckReport, name: str) -> tuple[list[dict[str, Any]], int]:
        """The annotations that do not stand there yet, and how many do: GitHub appends, and takes none away (F47).

        What was sent stands in the outbox, after a crash the first count too. A check run that this look has not
        created may hold more: a database that was restored has forgotten what it sent (F67).
        """
        sent = [row for row in self.live.outbox.of(self.key) if row.part != CREATED and row.state in _MAY_STAND]
        others = _annotations_in(row for row in sent if _report_of(row) != name)
        left = [one for one in map(_annotation, report.annotations) if one not in others]
        if not left or self._is_fresh():
            return left, 0
        own = {_posted(one) for one in _annotations_in(row for row in sent if _report_of(row) == name)}
        foreign = [one for one in self.client.annotations(check_id) if one not in own]
        return [one for one in left if _posted(one) not in foreign], len(foreign)

    def _is_fresh(self) -> bool:
        """Whether it was created under this hold."""
        begun = self.live.outbox.find(self.key, CREATED)
        return begun is not None and begun.token == self.hold.token

    def _created(self, request: Request) -> str:
        check = self.client.create_check(status="in_progress", **request)
        return str(check.id)

    def _found(self, _request: Request) -> str | None:
        try:
            checks = self.client.checks(self.head, CHECK_NAME)
        except Forbidden:
            # Without the permission none of ours can be there. That it is lacking is for the write to meet (F30).
            return None
        ours = [check for check in checks if check.external_id == self.key]
        return str(min(check.id for check in ours)) if ours else None

    def _updated(self, request: Request) -> str:
        fields = {name: value for name, value in request.items() if name not in ("id", "annotations_before")}
        return str(self.client.update_check(request["id"], **fields).id)

    def _is_updated(self, request: Request) -> str | None:
        """Whether an update has arrived; annotations are appended, so that sending one twice would show (F47)."""
        check = self.client.check(request["id"])
        return str(check.id) if _has_arrived(check, request) else None


def _may_have_arrived(row: Outgoing) -> bool:
    """A change that was being sent is planned again after a death: it does no harm twice, and may have arrived once."""
    return row.state in _MAY_STAND or (row.state is SendState.PLANNED and row.attempts > 0 and row.part != CREATED)


def _report_of(row: Outgoing) -> str:
    return row.part.rpartition(":")[0]


def _is_named(report: str, name: str) -> bool:
    return report == name or report.startswith(f"{name}:")


def _shows(request: Request, report: CheckReport) -> bool:
    output = {"title": report.title, "summary": report.summary, "text": report.text}
    shown = {name: text for name, text in request.get("output", {}).items() if name in output}
    return shown == output and request.get("conclusion", report.conclusion) == report.conclusion


def _annotations_in(rows: Iterable[Outgoing]) -> list[dict[str, Any]]:
    return [one for row in rows for one in row.request.get("output", {}).get("annotations", ())]


def _posted(one: Mapping[str, Any]) -> PostedAnnotation:
    return PostedAnnotation(one["path"], one["start_line"], one["end_line"], one["title"], one["message"])


def _has_arrived(check: CheckRun, request: Request) -> bool:
    sent = len(request.get("output", {}).get("annotations", ()))
    if sent:
        return check.annotations_count >= int(request["annotations_before"]) + sent
    return check.status == "completed" and check.title == str(request["output"]["title"])


def _updates(
    report: CheckReport, annotations: Sequence[Mapping[str, Any]], check_id: int, before: int
) -> Iterator[Mapping[str, Any]]:
    """One request for each fifty annotations; the last one completes the check run."""
    batches = [annotations[at : at + _BATCH] for at in range(0, len(annotations), _BATCH)] or [()]
    for number, batch in enumerate(batches):
        output: dict[str, Any] = {"title": report.title, "summary": report.summary, "text": report.text}
        if batch:
            output["annotations"] = list(batch)
        is_last = number == len(batches) - 1
        ending = {"status": "completed", "conclusion": report.conclusion} if is_last else {"status": "in_progress"}
        yield {"id": check_id, "annotations_before": before + number * _BATCH, "output": output, **ending}


def _annotation(one: Annotation) -> dict[str, Any]:
    fields = asdict(one)
    fields["annotation_level"] = fields.pop("level")
    return fields
