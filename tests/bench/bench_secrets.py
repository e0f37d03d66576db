"""How many of our own samples the search for secrets finds, by kind, and how fast.

`python -m tests.bench.bench_secrets` prints it.
The samples were written beside the patterns, so that this says what is covered, and nothing of secrets elsewhere.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from reviewbot.domain.secret_text import hidden
from tests.security.secret_samples import NEGATIVES, POSITIVES

SOURCES = Path(__file__).parents[2] / "reviewbot"


def main() -> None:
    every, found = Counter[str](), Counter[str]()
    for sample in POSITIVES:
        every[sample.kind] += 1
        found[sample.kind] += sample.secret not in hidden(sample.text).text
    for kind in every:
        print(f"secrets: {kind:<24} {found[kind]:>3} of {every[kind]:>3}")
    wrong = sum(bool(hidden(sample.text).secrets) for sample in NEGATIVES)
    print(f"secrets: all {found.total()} of {every.total()}; taken for one and is none: {wrong} of {len(NEGATIVES)}")
    texts = [path.read_text() for path in SOURCES.rglob("*.py")]
    started = time.perf_counter()
    hits = sum(len(hidden(text).secrets) for text in texts)
    seconds, size = time.perf_counter() - started, sum(map(len, texts))
    print(
        f"secrets: {size / seconds / 1e6:.2f} MB/s over our own {size / 1e6:.1f} MB of Python, {hits} taken for secrets"
    )


if __name__ == "__main__":
    main()
