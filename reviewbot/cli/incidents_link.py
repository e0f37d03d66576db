"""`reviewbot incidents link`: proposes causes, asks, and writes what was accepted into the file."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from reviewbot.bootstrap import repository_finder
from reviewbot.cli.output import error_line, line
from reviewbot.config import Settings, load_settings
from reviewbot.domain.text import shortened
from reviewbot.errors import InputError
from reviewbot.pipelines.link import AskGitHub, FindRepository, Linked, LinkedCommit, linked, loaded_incidents, prepared
from reviewbot.retro.answers import AnswerKey
from reviewbot.retro.incident_edit import cause_entry, with_cause
from reviewbot.retro.incident_keys import Confidence
from reviewbot.retro.linking import Tier

_AT_ONCE = 4
_BYTE_ORDER_MARK = "\ufeff"


class _Answer(StrEnum):
    SKIP = "s"
    QUIT = "q"


@dataclass
class _Tally:
    """What became of the incidents that had a fix and no cause."""

    confirmed: int = 0
    accepted: int = 0
    left: int = 0
    without: int = 0


def link(file: Path, repos: Path | None, accept: Tier | None, as_json: bool) -> None:
    """Links the incidents of a file; raises InputError for a bad file."""
    incidents, places = loaded_incidents(file)
    finder = repository_finder(repos or load_settings().repos, places)
    if as_json:
        found = _all_linked(incidents, finder)
        print(json.dumps([_row(one) for one in found], indent=2))
        return
    open_ones = [one for one in incidents if one.fixed and not one.introduced]
    if not open_ones:
        line(f"{file}: every incident with a fix has a cause: nothing to link")
        return
    _linked_one_by_one(file, open_ones, finder, accept)


def _linked_one_by_one(file: Path, incidents: Sequence[AnswerKey], finder: FindRepository, accept: Tier | None) -> None:
    tally = _Tally()
    for number, found in enumerate(_all_linked(incidents, finder), start=1):
        _show(found, number, len(incidents))
        if not found.candidates:
            tally.without += 1
            continue
        best = found.candidates[0]
        if accept is not None:
            if best.candidate.tier is Tier.NAMED or best.candidate.tier is accept:
                _write(file, found.incident, best, Confidence.LIKELY)
                line(f"  accepted: {best.candidate.commit.short}, {best.candidate.tier}")
                tally.accepted += 1
            else:
                tally.left += 1
            continue
        answer = _asked(len(found.candidates))
        if answer is _Answer.QUIT:
            tally.left += len(incidents) - number + 1
            break
        if answer is _Answer.SKIP:
            tally.left += 1
        else:
            assert isinstance(answer, int)
            _write(file, found.incident, found.candidates[answer - 1], Confidence.CONFIRMED)
            tally.confirmed += 1
    line(_summary(file, tally))


def _all_linked(incidents: Sequence[AnswerKey], finder: FindRepository) -> Iterator[Linked]:
    """In the order of the file; the next ones are looked up while somebody reads the first."""
    with (
        tempfile.TemporaryDirectory(prefix="reviewbot-link-") as folder,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):
        ask_github = _github(load_settings())
        quick = prepared(incidents, finder, Path(folder))
        try:
            yield from pool.map(lambda one: linked(one, quick, ask_github), incidents)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _github(settings: Settings) -> AskGitHub | None:
    """GitHub as the App, where its id and key are set."""
    if settings.github_app_id is None or settings.github_private_key is None:
        return None
    from reviewbot.bootstrap_live import open_github
    from reviewbot.pipelines.installed import InstalledRepositories
    from reviewbot.store.transactions import open_transactions

    return InstalledRepositories(open_github(settings, open_transactions(settings.database_url))).pull_of


def _show(found: Linked, number: int, total: int) -> None:
    incident = found.incident
    line(f"\n{incident.id}  {shortened(incident.name or incident.summary, 80)}  ({number} of {total})")
    for fix in found.fixes:
        line(f"  fixed by {fix.sha.short}  {fix.committer_date.date()}  {shortened(fix.subject, 70)}")
    for note in found.notes:
        line(f"  note: {note}")
    if not found.candidates:
        line("  no candidate")
    for place, one in enumerate(found.candidates, start=1):
        pull = f" (#{one.pull})" if one.pull is not None and f"(#{one.pull})" not in one.record.subject else ""
        date = one.record.committer_date.date()
        line(f"  {place}  {one.candidate.commit.short}  {date}  {shortened(one.record.subject, 70)}{pull}")
        line(f"     {one.candidate.tier}: {one.candidate.evidence}")


def _asked(count: int) -> int | _Answer:
    """The number of a candidate; the end of the input is a stop."""
    choice = "1" if count == 1 else f"1-{count}"
    while True:
        sys.stdout.write(f"  Which one caused it? [{choice}, s to skip, q to stop] ")
        sys.stdout.flush()
        said = sys.stdin.readline()
        if not said:
            line("")
            return _Answer.QUIT
        text = said.strip().lower()
        if text in (_Answer.SKIP, _Answer.QUIT):
            return _Answer(text)
        if text.isdecimal() and 1 <= int(text) <= count:
            return int(text)
        error_line(f"  {text!r} is not one of them")


def _write(file: Path, incident: AnswerKey, cause: LinkedCommit, confidence: Confidence) -> None:
    """At once, so that nothing that was accepted is lost; the file is replaced whole."""
    by_hand = confidence is Confidence.CONFIRMED
    source = "human" if by_hand else "message" if cause.candidate.tier is Tier.NAMED else "blame"
    repo = None if cause.repo == incident.repo else cause.repo
    entry = cause_entry(cause.candidate.commit, cause.pull, source, confidence, repo)
    raw = file.read_bytes().decode("utf-8")
    mark = _BYTE_ORDER_MARK if raw.startswith(_BYTE_ORDER_MARK) else ""
    text = mark + with_cause(raw.removeprefix(mark), str(file), incident.id, entry)
    _replaced(file, text.encode("utf-8"))


def _replaced(file: Path, content: bytes) -> None:
    target = file.resolve()
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as part:
            part.write(content)
        Path(part.name).chmod(target.stat().st_mode)
        Path(part.name).replace(target)
    except OSError as error:
        raise InputError(f"{file} cannot be written ({error.strerror}); make its folder writable") from error


def _summary(file: Path, tally: _Tally) -> str:
    parts = [
        f"{count} {words}"
        for count, words in (
            (tally.confirmed, "confirmed by you"),
            (tally.accepted, "accepted in bulk and marked as likely"),
            (tally.left, "left as they were"),
            (tally.without, "without a candidate"),
        )
        if count
    ]
    return f"\n{file}: {', '.join(parts)}"


def _row(found: Linked) -> dict[str, object]:
    return {
        "id": found.incident.id,
        "candidates": [
            {
                "commit": one.candidate.commit,
                "pr": one.pull,
                "tier": one.candidate.tier.value,
                "evidence": one.candidate.evidence,
            }
            for one in found.candidates
        ],
        **({"notes": list(found.notes)} if found.notes else {}),
    }
