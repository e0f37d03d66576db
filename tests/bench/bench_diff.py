"""How long a diff of 5 MB and 600 files takes to read, and how much memory one of a million lines takes at its peak."""

from __future__ import annotations

import resource
import time

from reviewbot.domain.diff_text import parse_diff, render_diff

FILES = 600
LINES = 1_000_000


def main() -> None:
    many_files = b"".join(_file(number) for number in range(FILES))
    start = time.perf_counter()
    diff = parse_diff(many_files)
    parsed = time.perf_counter()
    text = render_diff(diff)
    rendered = time.perf_counter()
    print(f"{len(many_files) / 1e6:.1f} MB, {len(diff.files)} files, all kept: {text == many_files}")
    print(f"read in {parsed - start:.2f} s, written in {rendered - parsed:.2f} s")
    del diff, text, many_files
    for title, raw, limit in (
        ("one file, usual limits", _file(0, LINES // 2), 20_000),
        ("one file, all of 1,000,000 lines allowed", _file(0, LINES // 2), LINES),
    ):
        start = time.perf_counter()
        parse_diff(raw, max_lines=LINES, max_file_lines=limit)
        seconds = time.perf_counter() - start
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{LINES:,} lines, {title}: {seconds:.2f} s, peak of the process {peak_mb:.0f} MB")


def _file(number: int, pairs: int = 140) -> bytes:
    """A file in which every second line is new."""
    path = b"src/module_%d.py" % number
    head = b"diff --git a/%s b/%s\nindex 1..2 100644\n--- a/%s\n+++ b/%s\n" % (path, path, path, path)
    lines = b"".join(
        b"     value = compute(%d)\n+    checked = check(value, %d)\n" % (line, line + 1_000) for line in range(pairs)
    )
    return head + b"@@ -1,%d +1,%d @@\n" % (pairs, 2 * pairs) + lines


if __name__ == "__main__":
    main()
