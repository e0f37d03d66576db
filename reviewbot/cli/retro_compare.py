"""Holding a run against an earlier one: `reviewbot retro compare`, and the gate `--fail-if-worse-than`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reviewbot.cli.output import error_line, line
from reviewbot.domain.scorecard import Pairing
from reviewbot.errors import InputError
from reviewbot.pipelines.judge.labelling import with_labels
from reviewbot.report.comparison import comparison_json, comparison_text
from reviewbot.retro.compare import Side, paired_arms, pairing, sides
from reviewbot.retro.labels import labels_file, load_labels
from reviewbot.retro.log import RunLog


def compare(first: Path, second: Path, as_json: bool) -> None:
    """Prints how the arms of the second run differ from those of the first."""
    pairings = pairings_of(first, second)
    if as_json:
        print(comparison_json(pairings), end="")
        return
    for number, one in enumerate(pairings):
        line(("\n" if number else "") + comparison_text(one, first.name, second.name))


def worse_than(earlier: Path, run: Path) -> list[str]:
    """A sentence for each arm that does worse than in the earlier run on the same cases; shows all comparisons."""
    said = []
    for one in pairings_of(earlier, run):
        line("\n" + comparison_text(one, earlier.name, run.name))
        if one.is_worse:
            said.append(f"{one.b} does worse than {one.a} in {earlier}")
    return said


def pairings_of(first: Path, second: Path) -> list[Pairing]:
    """Each pair of arms of two runs; InputError for folders that hold no judged run, or nothing in common."""
    return [pairing(a, b) for a, b in paired_arms(sides_of(first), sides_of(second))]


def check_run(folder: Path) -> None:
    """Raises InputError where a folder holds no run to be compared with; asked before anything is spent."""
    sides_of(folder)


def sides_of(folder: Path) -> Sequence[Side]:
    """The arms of a judged run, with people's labels; InputError for a folder that holds none."""
    log = RunLog(folder)
    settings = log.settings()
    if settings is None:
        raise InputError(f"{folder} holds no run; name the folder that an earlier `reviewbot retro --out` made")
    verdicts = log.verdicts()
    if not verdicts:
        raise InputError(f"{folder} holds no verdicts; judge it first with reviewbot retro judge --out {folder}")
    if settings.judge is None:
        error_line(f"{folder} was not judged: nothing in it is called caught.")
    labels = load_labels(labels_file(Path(settings.incidents_file)))
    return sides(settings.arms, log.replays(), with_labels(verdicts, labels))
