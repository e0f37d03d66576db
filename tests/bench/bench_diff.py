"""How long a diff of 5 MB and 600 files takes to read, and how much memory one of a million lines takes at its peak."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from reviewbot.domain.diff_text import parse_diff, render_diff

FILES = 600
LINES = 1_000_000


def main() -> None:
    # First, while this process is small: a child's peak begins at what its parent held when it was started.
    for files in (250, 1):
        _review(files)
    many_files = b"".join(_file(number) for number in range(FILES))
    start = time.perf_counter()
    diff = parse_diff(many_files)
    parsed = time.perf_counter()
    text = render_diff(diff)
    rendered = time.perf_counter()
    print(f"{len(many_files) / 1e6:.1f} MB, {len(diff.files)} files, all kept: {text == many_files}")
    print(f"read in {parsed - start:.2f} s (target 0.50), written in {rendered - parsed:.2f} s")
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


def _review(files: int) -> None:
    """Reviews a million lines in a process of its own, away from any checkout."""
    with tempfile.TemporaryDirectory() as folder:
        diff = Path(folder) / "large.diff"
        with diff.open("wb") as stream:
            for number in range(files):
                stream.writelines(_pieces(number, LINES // 2 // files))
        command = [sys.executable, "-m", "reviewbot", "review", "--diff", str(diff), "--reviewer", "static"]
        start = time.perf_counter()
        with subprocess.Popen(
            [*command, "--format", "json"],
            cwd=folder,
            env={"PATH": os.defpath, "HOME": folder, "LANG": "C.UTF-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdout is not None
            said = process.stdout.read()
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = 0
        seconds = time.perf_counter() - start
    # RUSAGE_CHILDREN would mix the rounds: wait4 gives the figures of this child alone.
    print(
        f"review of {LINES:,} lines in {files} files: {json.loads(said)['outcome']} in {seconds:.1f} s, "
        f"peak {usage.ru_maxrss / 1024:.0f} MB (target 512)"
    )


def _file(number: int, pairs: int = 140) -> bytes:
    return b"".join(_pieces(number, pairs))


def _pieces(number: int, pairs: int) -> Iterator[bytes]:
    """A file in which every second line is new, piece by piece."""
    path = b"src/module_%d.py" % number
    yield b"diff --git a/%s b/%s\nindex 1..2 100644\n--- a/%s\n+++ b/%s\n" % (path, path, path, path)
    yield b"@@ -1,%d +1,%d @@\n" % (pairs, 2 * pairs)
    for line in range(pairs):
        yield b"     value = compute(%d)\n+    checked = check(value, %d)\n" % (line, line + 1_000)


if __name__ == "__main__":
    main()
