"""`reviewbot incidents import`: from exports of other tools to an incidents file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reviewbot.cli.output import error_line
from reviewbot.domain.repository import RepoName
from reviewbot.errors import InputError
from reviewbot.git.repository import open_repository
from reviewbot.pipelines.mine import mined
from reviewbot.retro.imports.issues import github_issues
from reviewbot.retro.imports.osv import osv
from reviewbot.retro.imports.services import firehydrant, incident_io, pagerduty, rootly, statuspage
from reviewbot.retro.imports.tables import table
from reviewbot.retro.imports.values import Imported, ImportedIncident
from reviewbot.retro.imports.writing import incidents_text

DONE, PARTLY = 0, 3
GIT = "git"
SOURCES: Mapping[str, Callable[[bytes, str], Imported]] = {
    "github": github_issues,
    "osv": osv,
    "pagerduty": pagerduty,
    "incident.io": incident_io,
    "rootly": rootly,
    "firehydrant": firehydrant,
    "statuspage": statuspage,
    "csv": table,
}
_MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What was asked for on the command line."""

    source: str
    files: tuple[Path, ...]
    repo: str | None
    out: Path | None
    since: str | None
    limit: int


def import_incidents(options: ImportOptions) -> int:
    """Writes or prints the file; 3 where records could not be read, which are named. InputError where nothing can."""
    if options.source not in (*SOURCES, GIT):
        raise InputError(f"{options.source!r} is no source; expected one of {', '.join((*SOURCES, GIT))}")
    if options.out is not None and options.out.exists():
        raise InputError(f"{options.out} is there already; name another file, or move this one away")
    repo = _repo(options.repo)
    found = _mined(options, repo) if options.source == GIT else _imported(options)
    for problem in found.problems:
        error_line(problem)
    if not found.incidents:
        raise InputError(f"no incident was found in {', '.join(map(str, options.files)) or 'nothing'}")
    _deliver(incidents_text(found.incidents, repo), options.out)
    _say(found, options.out)
    return PARTLY if found.problems else DONE


def _repo(text: str | None) -> RepoName | None:
    try:
        return RepoName.parse(text) if text is not None else None
    except ValueError as error:
        raise InputError(f"--repo: {error}") from error


def _imported(options: ImportOptions) -> Imported:
    if not options.files:
        raise InputError(f"name the file that {options.source} exported, or a folder of such files")
    incidents: dict[str, ImportedIncident] = {}
    problems: list[str] = []
    for path in _all_files(options.files, ".csv" if options.source == "csv" else ".json"):
        found = SOURCES[options.source](_content(path), str(path))
        problems += found.problems
        for one in found.incidents:
            if one.id in incidents:
                problems.append(f"{path}: {one.id} was left out: another file has it too")
            incidents.setdefault(one.id, one)
    return Imported(tuple(incidents.values()), tuple(problems))


def _all_files(paths: Sequence[Path], suffix: str) -> Iterator[Path]:
    """The files, and of folders all that end so, in the order of their names."""
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob(f"*{suffix}") if each.is_file())
        else:
            yield path


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): name an exported file") from error
    if len(content) > _MAX_BYTES:
        raise InputError(f"{path} is larger than {_MAX_BYTES // 2**20} MB; export it in parts")
    return content


def _mined(options: ImportOptions, repo: RepoName | None) -> Imported:
    if len(options.files) != 1 or repo is None:
        raise InputError("give one repository and its name: reviewbot incidents import git PATH --repo OWNER/NAME")
    with open_repository(options.files[0], repo) as repository:
        return mined(repository, repo, _day(options.since), options.limit)


def _day(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"--since is {text!r}; expected a day such as 2025-01-31") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _deliver(text: str, out: Path | None) -> None:
    if out is None:
        print(text, end="")
        return
    try:
        with out.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise InputError(f"{out} cannot be written ({error.strerror}); name another file") from error


def _say(found: Imported, out: Path | None) -> None:
    linked = sum(bool(one.introduced) for one in found.incidents)
    fixed = sum(bool(one.fixed) and not one.introduced for one in found.incidents)
    rest = len(found.incidents) - linked - fixed
    parts = [f"{linked} with a cause", f"{fixed} with a fix alone", f"{rest} with neither"]
    error_line(f"{len(found.incidents)} incidents: {_listed(parts)}; {len(found.problems)} records left out")
    if out is not None and fixed:
        error_line(f"Next: reviewbot incidents link {out}")


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(part for part in parts if not part.startswith("0 "))
