"""Makes the incident file of the quality tables: 20 incidents and 10 controls of the public set, picked by a rule.

`python -m tests.bench.quality_cases ../shared/incidents/public.yaml OUT.yaml`. The rule is the order of the digests of
the ids, so that nobody has chosen the cases, and a larger number only adds some.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

INCIDENTS, CONTROLS = 20, 10


def picked(document: Mapping[str, Any], incidents: int = INCIDENTS, controls: int = CONTROLS) -> dict[str, Any]:
    """The document with so many of its cases."""
    listed = document.get("controls") or {}
    kept = _first(listed.get("include") or (), controls, "commit")
    return {
        **document,
        "incidents": _first(document["incidents"], incidents, "id"),
        "controls": {**{key: value for key, value in listed.items() if key != "auto"}, "include": kept},
    }


def _first(cases: Sequence[Mapping[str, Any]], count: int, key: str) -> list[Mapping[str, Any]]:
    return sorted(cases, key=lambda case: hashlib.sha256(str(case[key]).encode()).hexdigest())[:count]


def main() -> None:
    source, target = map(Path, sys.argv[1:3])
    target.write_text(yaml.safe_dump(picked(yaml.safe_load(source.read_text())), sort_keys=False, allow_unicode=True))


if __name__ == "__main__":
    main()
