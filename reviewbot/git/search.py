"""Words in the files of a revision, by one `git grep`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reviewbot.git.command import git_output
from reviewbot.git.repository import Repository
from reviewbot.ports import GrepHit

_MAX_OUTPUT_BYTES = 8 * 1024 * 1024
_MAX_WORDS = 500
_RECORD = re.compile(rb"([^\0]+)\0(\d+)[:\0]([^\n]*)\n")
_OPTIONS = (
    "--line-number",
    "--null",
    "--word-regexp",
    "--fixed-strings",
    "-I",
    "--no-color",
    "--full-name",
    "--no-column",
    "--no-heading",
    "--no-break",
    "--no-textconv",
    "--no-recurse-submodules",
)
# Long texts that are no code, and would fill the limit before it is met; leaving them out halves the time.
_NO_CODE = tuple(
    f":(exclude)*.{ending}"
    for ending in ("rst", "po", "pot", "svg", "map", "snap", "csv", "ipynb", "min.js", "min.css")
)


def grep_hits(repository: Repository, place: Sequence[str], words: Sequence[str], limit: int) -> list[GrepHit]:
    """At most `limit` lines of code or configuration that hold one of the words.

    `place` is a full sha, or options for index or disk.
    """
    sought = [word for word in words if word and "\n" not in word and "\0" not in word][:_MAX_WORDS]
    if not sought or limit <= 0:
        return []
    patterns = [part for word in sought for part in ("-e", word)]
    on_objects = place and not place[0].startswith("--")
    output = git_output(
        ["grep", *_OPTIONS, *patterns, *place, "--", *_NO_CODE],
        git_dir=repository.git_dir,
        work_tree=None if on_objects else repository.work_tree,
        max_output_bytes=_MAX_OUTPUT_BYTES,
        max_output_lines=limit,
        accepted_exit_codes=(0, 1),
    )
    prefix = f"{place[0]}:".encode() if on_objects else b""
    hits = (
        GrepHit(_text(found[1].removeprefix(prefix)), int(found[2]), _text(found[3]))
        for found in _RECORD.finditer(output.content)
    )
    return [hit for hit, _ in zip(hits, range(limit), strict=False)]


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")
