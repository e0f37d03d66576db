"""`reviewbot retro label`: a person labels findings at the keyboard, without knowing what the judges said."""

from __future__ import annotations

import getpass
import shutil
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import typer

from reviewbot.cli.output import line
from reviewbot.domain.replay import Label
from reviewbot.domain.text import revealed
from reviewbot.errors import InputError
from reviewbot.pipelines.judge.labelling import Question, questions
from reviewbot.retro.labels import HumanLabel, add_label, labels_file, load_labels
from reviewbot.retro.log import RunLog

_WIDTH = 100
_KEYS: dict[str, Literal[Label.HIT, Label.PARTIAL, Label.MISS]] = {
    "h": Label.HIT,
    "p": Label.PARTIAL,
    "m": Label.MISS,
}
_ASK = "h hit   p partial   m miss   s skip   b back   ? rules   q quit "
_RULES = """\
hit      the same place in the code or path of the data, the same mechanism from trigger to failure, and the
         incident's consequence or what leads to it: who repairs what the remark says would have prevented it
partial  the right danger or precondition, but another mechanism or place, or it stops short of the failure
miss     everything else: another mechanism in the same file, or a warning that would fit many defects
"""


def label(out: Path, incidents: Path | None, by: str | None) -> None:
    """Asks about one finding after another; each answer is kept at once. Raises InputError for a bad folder or file."""
    log = RunLog(out)
    settings = log.settings()
    if settings is None:
        raise InputError(f"{out} holds no run; name the folder that `reviewbot retro --out` made")
    file = incidents or Path(settings.incidents_file)
    path = labels_file(file)
    known = load_labels(path)
    asked = questions(log.verdicts(), file)
    left = [one for one in asked if one.key not in known]
    line(f"{len(asked)} findings to label, {len(asked) - len(left)} of them labelled before. Labels go to {path}.")
    done = _ask_all(left, path, by or getpass.getuser())
    line(f"\n{done} labelled now, {len(left) - done} left. Next: reviewbot retro report --out {out}")


def _ask_all(left: Sequence[Question], path: Path, by: str) -> int:
    given: dict[tuple[str, str], None] = {}
    at = 0
    while at < len(left):
        line(_card(left[at], at + 1, len(left)))
        answer = _key()
        if answer == "q":
            break
        if answer == "b":
            at = max(0, at - 1)
            continue
        if answer in _KEYS:
            question = left[at]
            now = datetime.now(UTC).isoformat(timespec="seconds")
            case, digest = question.key
            add_label(path, HumanLabel(case, digest, _KEYS[answer], by, now, question.finding.title))
            given[question.key] = None
        at += 1
    return len(given)


def _key() -> str:
    """The next key that means something; the end of the input is `q`."""
    line(_ASK)
    while True:
        try:
            pressed = typer.getchar().lower()
        except (EOFError, KeyboardInterrupt, OSError):
            return "q"
        if pressed in ("", "\x03", "\x04"):
            return "q"
        if pressed == "?":
            line(f"{_RULES}{_ASK}")
        elif pressed in _KEYS or pressed in "sbq":
            return pressed


def _card(question: Question, number: int, total: int) -> str:
    """One finding beside its incident, as wide as the terminal allows."""
    answer, finding = question.answer, question.finding
    width = min(_WIDTH, shutil.get_terminal_size().columns - 2)
    parts = [
        "─" * width,
        f"{number} of {total}",
        _block("Incident", answer.summary, width),
        _block("Root cause", answer.root_cause or "not written down", width),
        _block("Remark", f"{finding.title}\n{finding.explanation}", width),
        _block("At", str(finding.location or "no place"), width),
        _block("Quoted", "\n".join(finding.evidence), width),
    ]
    return "\n".join(part for part in parts if part)


def _block(label: str, text: str, width: int) -> str:
    lines = [
        wrapped
        for each in revealed(text).splitlines()
        for wrapped in textwrap.wrap(each, max(20, width - 12), drop_whitespace=False) or [""]
    ]
    if not lines:
        return ""
    return "\n".join(f"{label if index == 0 else '':<11} {each}".rstrip() for index, each in enumerate(lines))
