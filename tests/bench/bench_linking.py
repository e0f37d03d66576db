"""How often the linker finds the cause of a fix, and how fast: `python -m tests.bench.bench_linking --repos DIR`.

Twice over the labelled pairs of ../shared/szz: as it is, and by blame alone, deaf to what messages say.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median

from reviewbot.domain.repository import RepoName
from reviewbot.git.repository import Repository, find_repository
from reviewbot.pipelines import link
from reviewbot.pipelines.link import Linked, linked
from reviewbot.retro.answers import AnswerKey, ChangeRef

PAIRS = Path("../shared/szz/dev_pairs.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=Path, default=PAIRS)
    parser.add_argument("--repos", type=Path, required=True, help="clones, as DIR/owner/name[.git]")
    options = parser.parse_args()
    pairs = json.loads(options.pairs.read_text())
    opened: dict[RepoName, Repository] = {}

    def find(name: RepoName) -> Repository:
        return opened.setdefault(name, find_repository(options.repos, name))

    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        quick = link.prepared(map(_incident, pairs), find, Path(folder))
        print(f"graphs of the histories: {time.perf_counter() - started:.1f} s")
        _measure("with what messages say", pairs, quick)
        link.named_causes = lambda text: ()  # type: ignore[assignment]
        _measure("by blame alone", pairs, quick)


def _measure(label: str, pairs: list[dict[str, object]], find: Callable[[RepoName], Repository]) -> None:
    seconds, first, among = [], 0, 0
    tiers: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for pair in pairs:
        started = time.perf_counter()
        found = linked(_incident(pair), find)
        seconds.append(time.perf_counter() - started)
        ranks = _ranks(found, pair)
        tier = found.candidates[0].candidate.tier.value if found.candidates else "none"
        tiers[tier] += 1
        right[tier] += bool(ranks[:1] and ranks[0])
        first += bool(ranks[:1] and ranks[0])
        among += any(ranks)
    by_tier = ", ".join(f"{tier} {right[tier]}/{count} ({right[tier] / count:.2f})" for tier, count in tiers.items())
    print(
        f"{label}: {len(pairs)} fixes, first {first / len(pairs):.3f}, among three {among / len(pairs):.3f}; {by_tier}"
    )
    print(f"  seconds a fix: median {median(seconds):.3f}, longest {max(seconds):.2f}")


def _incident(pair: dict[str, object]) -> AnswerKey:
    repo = RepoName.parse(str(pair["repo_name"]))
    return AnswerKey(id=str(pair["id"]), repo=repo, fixed=(ChangeRef(repo, str(pair["fix_commit_hash"])),))


def _ranks(found: Linked, pair: dict[str, object]) -> list[bool]:
    causes = pair["bug_commit_hash"]
    assert isinstance(causes, list)
    return [any(one.candidate.commit.startswith(cause) for cause in causes) for one in found.candidates]


if __name__ == "__main__":
    main()
