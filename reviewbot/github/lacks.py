"""Which permissions installations have not granted, remembered so that not every token is asked for twice."""

from __future__ import annotations

from dataclasses import dataclass, field

REMEMBERED_SECONDS = 600.0
"""An owner who accepts a permission need not wait longer for it to be used."""
NOTHING: frozenset[str] = frozenset()


@dataclass(slots=True)
class Lacks:
    """Times are seconds of the monotonic clock."""

    _by_installation: dict[int, tuple[float, frozenset[str]]] = field(default_factory=dict)

    def remember(self, installation_id: int, lacking: frozenset[str], now: float) -> None:
        """Notes what was lacking; what is known already keeps its age, so that it is asked for again one day."""
        if not lacking:
            self._by_installation.pop(installation_id, None)
        elif self.lately(installation_id, now) != lacking:
            self._by_installation[installation_id] = (now, lacking)

    def lately(self, installation_id: int, now: float) -> frozenset[str]:
        noted_at, lacking = self._by_installation.get(installation_id, (now, NOTHING))
        return lacking if now - noted_at < REMEMBERED_SECONDS else NOTHING
