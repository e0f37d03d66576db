"""Prints the figures: `python -m tests.bench [--incidents FILE --repos DIR]`. Measures, asserts nothing."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.bench import bench_diff, bench_replay, bench_startup, bench_webhook


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=Path, default=Path("../shared/incidents/public.yaml"))
    parser.add_argument("--repos", type=Path, help="clones of the repositories of --incidents, as DIR/owner/name[.git]")
    options = parser.parse_args()
    bench_startup.main()
    bench_diff.main()
    bench_webhook.main()
    if options.repos is None or not options.incidents.exists():
        print("replay: not measured; give --incidents and --repos")
        return
    bench_replay.main(options.incidents, options.repos)


if __name__ == "__main__":
    main()
