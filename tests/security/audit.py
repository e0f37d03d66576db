"""What this process starts and writes, as the interpreter itself reports it: no code can keep it from saying so."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Seen:
    """Programs, their arguments and environments (None: all of ours); files opened to be written, made, or renamed."""

    started: list[list[str]] = field(default_factory=list)
    environments: list[dict[str, str] | None] = field(default_factory=list)
    written: list[str] = field(default_factory=list)


_watchers: list[Seen] = []
_MAKING = {"os.mkdir": 0, "os.rename": 1, "os.link": 1, "os.symlink": 1, "os.remove": 0, "os.chmod": 0}


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if not _watchers:
        return
    if event == "subprocess.Popen":
        command = arguments[1]
        words = command if isinstance(command, list | tuple) else [command]
        for seen in _watchers:
            seen.started.append([os.fsdecode(word) if isinstance(word, bytes) else str(word) for word in words])
            given = arguments[3]
            seen.environments.append({str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else None)
    elif event == "open" and isinstance(arguments[0], str | bytes):
        mode, flags = str(arguments[1] or ""), arguments[2]
        if set(mode) & set("wax+") or (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
            _note(arguments[0])
    elif event in _MAKING and isinstance(arguments[_MAKING[event]], str | bytes):
        _note(arguments[_MAKING[event]])
    elif event in ("os.system", "os.exec", "os.posix_spawn", "os.fork"):
        for seen in _watchers:
            seen.started.append([event, *map(str, arguments[:1])])


def _note(path: object) -> None:
    for seen in _watchers:
        seen.written.append(os.fsdecode(path))  # type: ignore[arg-type]


sys.addaudithook(_hook)


@contextmanager
def watched() -> Iterator[Seen]:
    """Everything of this kind that any thread does while the block lasts."""
    seen = Seen()
    _watchers.append(seen)
    try:
        yield seen
    finally:
        _watchers.remove(seen)
