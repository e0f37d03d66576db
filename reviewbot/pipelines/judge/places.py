"""How near findings come to the recorded cause of an incident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reviewbot.domain.diff import Diff, Side
from reviewbot.domain.finding import Location
from reviewbot.domain.incident import LocationClass
from reviewbot.engine.syntax import SyntaxTree, parse_source
from reviewbot.git.snapshot import RevisionSnapshot

NEARNESS = (
    LocationClass.EXACT,
    LocationClass.SAME_FUNCTION,
    LocationClass.SAME_FILE,
    LocationClass.ELSEWHERE,
    LocationClass.UNKNOWN,
)


class Places:
    """Where the recorded cause stands, to say how near a finding comes to it."""

    def __init__(self, recorded: Sequence[Location], snapshots: Mapping[Side, RevisionSnapshot]) -> None:
        self._recorded = recorded
        self._snapshots = snapshots
        self._parsed: dict[tuple[Side, str], SyntaxTree | None] = {}

    def class_of(self, location: Location | None) -> LocationClass:
        """EXACT: a shared line. SAME_FUNCTION: the innermost function around both is one. UNKNOWN: nothing recorded."""
        if not self._recorded:
            return LocationClass.UNKNOWN
        if location is None:
            return LocationClass.ELSEWHERE
        if any(location.overlaps(place) for place in self._recorded):
            return LocationClass.EXACT
        same_file = [place for place in self._recorded if place.path == location.path]
        if any(place.side is location.side and self._share_function(place, location) for place in same_file):
            return LocationClass.SAME_FUNCTION
        return LocationClass.SAME_FILE if same_file else LocationClass.ELSEWHERE

    def chance_in(self, diff: Diff) -> float:
        """The share of the changed lines of a diff that are as near as SAME_FUNCTION; 0 where nothing is recorded."""
        lines = [
            Location(file.path if side is Side.RIGHT else file.old_path or file.path, number, number, side)
            for file in diff.files
            for hunk in file.hunks
            for line in hunk.changed_lines
            for side in (Side.RIGHT if line.new_number is not None else Side.LEFT,)
            if (number := line.number(side)) is not None
        ]
        near = sum(self.class_of(one) in NEARNESS[:2] for one in lines)
        return near / len(lines) if lines else 0.0

    def _share_function(self, one: Location, other: Location) -> bool:
        tree = self._tree(one)
        if tree is None:
            return False
        function = tree.enclosing(one.first_line)
        return function is not None and function == tree.enclosing(other.first_line)

    def _tree(self, place: Location) -> SyntaxTree | None:
        key = (place.side, place.path)
        if key not in self._parsed:
            content = self._snapshots[place.side].read_file(place.path)
            self._parsed[key] = parse_source(place.path, content) if content is not None else None
        return self._parsed[key]
