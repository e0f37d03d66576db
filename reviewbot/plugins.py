"""Reviewers that other packages bring, found by the entry point group `reviewbot.reviewers`."""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint, entry_points

from reviewbot.errors import InputError
from reviewbot.ports import Reviewer

GROUP = "reviewbot.reviewers"
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}\Z")


def plugin_reviewers() -> dict[str, EntryPoint]:
    """The installed plug-ins by name, none of them loaded; two packages with one name are an InputError."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        other = found.setdefault(point.name, point)
        if other.value != point.value:
            raise InputError(
                f"reviewer {point.name!r} is brought by two packages: {_origin(other)} and {_origin(point)}; remove one"
            )
    return found


def load_plugin_reviewer(name: str) -> Reviewer:
    """The reviewer of this name: what the entry point names is called without arguments, if it is no reviewer yet.

    Whatever a plug-in raises while it is loaded becomes an InputError that names the package.
    """
    point = plugin_reviewers().get(name)
    if point is None:
        known = ", ".join(sorted(plugin_reviewers())) or "none"
        raise InputError(f"no package brings a reviewer {name!r}; installed plug-in reviewers: {known}")
    if not _NAME.match(name):
        raise InputError(f"{_origin(point)}: {name!r} is no name for a reviewer; expected lower-case a-z, 0-9, . _ -")
    reviewer = _built(point)
    if not isinstance(reviewer, Reviewer) or isinstance(reviewer, type):
        raise InputError(
            f"{_origin(point)}: {point.value} gave {type(reviewer).__name__}, which is no reviewer; "
            "expected an object with a name and review(task), see reviewbot.ports.Reviewer"
        )
    if not isinstance(reviewer.name, str) or not reviewer.name:
        raise InputError(f"{_origin(point)}: {point.value}: its name is {reviewer.name!r}; expected text")
    return reviewer


def _built(point: EntryPoint) -> object:
    try:
        named = point.load()
        return named() if isinstance(named, type) or not isinstance(named, Reviewer) else named
    except (
        ImportError,
        AttributeError,
        TypeError,
        ValueError,
        LookupError,
        OSError,
        RuntimeError,
        SyntaxError,
    ) as error:
        raise InputError(
            f"{_origin(point)}: {point.value} cannot be loaded: {type(error).__name__}: {error}"
        ) from error


def _origin(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else f"entry point {point.name}"
