"""The only place that starts git: no shell, a bare environment, nothing that a configuration could bend.

Everything is read from the object store, with two exceptions: with a `work_tree`, the index and the files
on disk count too. Of the environment that reviewbot runs in nothing reaches git; a fetch alone is told of a proxy and
of the certificates that are trusted.
"""

from __future__ import annotations

import functools
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from reviewbot.config import way_out
from reviewbot.errors import GitError, InputError
from reviewbot.git.pipes import Conversation, end_group

OLDEST_GIT = (2, 30)
DEFAULT_TIMEOUT_SECONDS = 60.0
DEFAULT_OUTPUT_BYTES = 64 * 1024 * 1024
MAX_MEMORY_BYTES = 2 * 1024**3

_NOWHERE = "/nonexistent"
# As GIT_ALLOW_PROTOCOL: unlike protocol.allow no repository's configuration can extend it.
_NO_TRANSPORT = "none"
_ENVIRONMENT = {
    "HOME": _NOWHERE,
    "XDG_CONFIG_HOME": _NOWHERE,
    "LANG": "C",
    "LC_ALL": "C",
    "TZ": "UTC",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    # Replaced objects and grafts would show another history than the one that was reviewed.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_PAGER": "cat",
}
_CONFIGURATION = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.quotePath=true",
    "core.bigFileThreshold=512m",
    "core.precomposeUnicode=false",
    "protocol.allow=never",
    "safe.directory=*",
    "credential.helper=",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "color.ui=false",
    "diff.noprefix=false",
    "diff.mnemonicPrefix=false",
    "diff.algorithm=default",
    "diff.suppressBlankEmpty=false",
    "i18n.logOutputEncoding=UTF-8",
    "log.showSignature=false",
)
# A value that is no tree counts as the empty tree, so this holds for SHA-256 repositories too (git 2.43 and later).
_NO_ATTRIBUTES = "attr.tree=4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_OUT_OF_MEMORY = re.compile(r"out of memory|cannot allocate memory|malloc failed|mmap failed", re.I)
_LACKING_OBJECTS = re.compile(r"missing|unable to read|could not read|promisor|bad object|lazy fetch|shallow", re.I)


@dataclass(frozen=True, slots=True)
class GitOutput:
    """What git wrote; `is_cut` means that it was stopped at a limit and would have written more."""

    content: bytes
    exit_code: int
    is_cut: bool = False


def run_git(
    arguments: Sequence[str],
    *,
    git_dir: Path,
    work_tree: Path | None = None,
    stdin: bytes = b"",
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    max_output_bytes: int = DEFAULT_OUTPUT_BYTES,
) -> bytes:
    """The standard output of one git command; a GitError for failure, for slowness and for too much output."""
    output = git_output(
        arguments,
        git_dir=git_dir,
        work_tree=work_tree,
        stdin=stdin,
        timeout_seconds=timeout_seconds,
        max_output_bytes=max_output_bytes,
    )
    if output.is_cut:
        raise GitError(
            f"git {arguments[0]} in {git_dir} wrote more than {max_output_bytes} bytes; "
            "the repository is larger than reviewbot reads"
        )
    return output.content


def git_output(
    arguments: Sequence[str],
    *,
    git_dir: Path,
    work_tree: Path | None = None,
    index_file: Path | None = None,
    object_directory: Path | None = None,
    settings: Sequence[str] = (),
    secret_settings: Sequence[tuple[str, str]] = (),
    transports: str = _NO_TRANSPORT,
    stdin: bytes = b"",
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    max_output_bytes: int = DEFAULT_OUTPUT_BYTES,
    max_output_lines: int | None = None,
    accepted_exit_codes: Sequence[int] = (0,),
) -> GitOutput:
    """The output of one git command, up to a limit in bytes or lines at which git is ended.

    `settings` are more `name=value` for git's `-c`; `secret_settings` are names and values that only the environment
    holds, where no list of processes shows them (git 2.31 and later); `index_file` is read in place of the
    repository's index, `object_directory` before its objects; `transports` are those that git may fetch over, joined
    by colons.
    """
    process = _started(
        arguments,
        git_dir,
        work_tree,
        index_file,
        settings,
        subprocess.PIPE,
        transports,
        secret_settings,
        object_directory,
    )
    deadline = time.monotonic() + timeout_seconds
    conversation = Conversation(process, stdin, deadline, max_output_bytes, max_output_lines)
    try:
        conversation.hold()
    finally:
        end_group(process)
        conversation.close()
    if conversation.is_late:
        raise GitError(
            f"git {arguments[0]} in {git_dir} did not finish within {timeout_seconds:g} seconds; "
            "try again on a machine with less to do, or run `git gc` in the repository"
        )
    content = bytes(conversation.stdout)
    if conversation.is_cut:
        return GitOutput(content, 0, is_cut=True)
    if process.returncode not in accepted_exit_codes:
        raise git_failure(arguments[0], git_dir, bytes(conversation.stderr), process.returncode)
    return GitOutput(content, process.returncode)


def started_git(arguments: Sequence[str], *, git_dir: Path, stderr: IO[bytes]) -> subprocess.Popen[bytes]:
    """A git process that stays, with pipes for its input and output; the caller ends it with `end_group`."""
    return _started(arguments, git_dir, None, None, (), stderr)


def _started(
    arguments: Sequence[str],
    git_dir: Path,
    work_tree: Path | None,
    index_file: Path | None,
    settings: Sequence[str],
    stderr: int | IO[bytes],
    transports: str = _NO_TRANSPORT,
    secret_settings: Sequence[tuple[str, str]] = (),
    object_directory: Path | None = None,
) -> subprocess.Popen[bytes]:
    program = git_program()
    path = f"{Path(program).parent}{os.pathsep}{os.defpath}"
    environment = {**_ENVIRONMENT, "PATH": path, "GIT_ALLOW_PROTOCOL": transports}
    if transports != _NO_TRANSPORT:
        way = way_out()
        environment |= way.proxies | ({"GIT_SSL_CAINFO": way.certificates} if way.certificates else {})
    if object_directory is not None:
        environment["GIT_OBJECT_DIRECTORY"] = str(object_directory.absolute())
    if secret_settings:
        environment["GIT_CONFIG_COUNT"] = str(len(secret_settings))
        for number, (name, value) in enumerate(secret_settings):
            environment |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    if work_tree is None:
        # Without an index and with an empty place as work tree no attribute of any checkout applies.
        index_file = git_dir / "reviewbot-reads-no-index"
        settings = (_NO_ATTRIBUTES, *settings)
    if index_file is not None:
        environment["GIT_INDEX_FILE"] = str(index_file)
    place = work_tree or git_dir
    options = [part for setting in (*_CONFIGURATION, *settings) for part in ("-c", setting)]
    command = [program, "--no-pager", f"--git-dir={git_dir}", f"--work-tree={place}", *options, *arguments]
    try:
        process = subprocess.Popen(
            command,
            cwd=place,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise GitError(f"git could not be started in {place}: {error}; check that the directory can be read") from error
    _limit_memory(process.pid)
    return process


def _limit_memory(pid: int) -> None:
    """Bounds what git and its children keep of their own: a tree of ten objects can stand for ten billion files.

    Packs that are mapped into memory do not count. Only Linux can set a limit from outside.
    """
    if sys.platform == "linux":
        with suppress(ProcessLookupError, PermissionError, ValueError):
            resource.prlimit(pid, resource.RLIMIT_DATA, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


def git_program() -> str:
    """The full path of git; an InputError where there is none or only one older than 2.30."""
    program = shutil.which("git")
    if program is None:
        raise InputError("git was not found on PATH; install git 2.30 or later")
    program = str(Path(program).absolute())
    version = _version_of(program)
    if version < OLDEST_GIT:
        found = ".".join(map(str, version)) if version else "of an unknown version"
        raise InputError(f"git {found} at {program} is too old; install git 2.30 or later")
    return program


def git_version() -> tuple[int, ...]:
    """The version of the git that is used; an InputError where there is none that will do."""
    return _version_of(git_program())


@functools.cache
def _version_of(program: str) -> tuple[int, ...]:
    environment = {**_ENVIRONMENT, "PATH": os.defpath}
    try:
        answer = subprocess.run(
            [program, "--version"], env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"git at {program} cannot be run: {error}; install git 2.30 or later") from error
    numbers = re.match(rb"git version (\d+)\.(\d+)(?:\.(\d+))?", answer.stdout)
    return tuple(int(number) for number in numbers.groups(default=b"0")) if numbers else ()


def git_failure(subcommand: str, git_dir: Path, stderr: bytes, exit_code: int) -> GitError:
    """The error for a git command that failed: git's own words, the repository, the remedy."""
    lines = [line for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    said = next((line for line in lines if line.startswith("fatal:")), lines[0] if lines else "")
    if any(_OUT_OF_MEMORY.search(line) for line in lines):
        return GitError(
            f"git {subcommand} in {git_dir} needed more than {MAX_MEMORY_BYTES} bytes of memory; "
            "the repository is larger than reviewbot reads"
        )
    words = said[:500] or f"ended with exit code {exit_code} and no message"
    if any(_LACKING_OBJECTS.search(line) for line in lines):
        remedy = "objects are missing (a partial or shallow clone, or damage): fetch them, or use a full clone"
    else:
        remedy = f"check the repository with `git --git-dir={git_dir} fsck`"
    return GitError(f"git {subcommand} in {git_dir}: {words}; {remedy}")
