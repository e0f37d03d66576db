"""Builds the example repository acme/shop out of the patches in examples/shop.

    python examples/build_shop.py DIRECTORY     the bare repository DIRECTORY/acme/shop
    python examples/build_shop.py --list        the sha of every commit, without building

The shas are the same on every machine: names, dates and contents all come from the patches. Standard library only.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_string
from email.utils import parsedate_to_datetime
from pathlib import Path

PATCHES = Path(__file__).resolve().parent / "shop"
BRANCH = "refs/heads/main"
DEFAULT_MODE = "100644"
HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")

Tree = dict[str, tuple[str, bytes]]  # path -> mode and content


@dataclass(frozen=True)
class Commit:
    slug: str
    sha: str
    person: str  # "Name <mail> seconds zone", as git writes it
    message: str
    changed: Tree
    deleted: tuple[str, ...]


def build(directory: Path) -> Path:
    """Make DIRECTORY/acme/shop, or leave it alone when it is there already; returns its path."""
    target = directory / "acme" / "shop"
    commits = list(read_commits())
    if head_of(target) == commits[-1].sha:
        return target
    if target.exists() and not (target / "HEAD").is_file():
        raise SystemExit(f"{target} is there and is no bare repository: remove it or name another directory")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        fresh = Path(folder) / "shop"
        run_git("init", "--quiet", "--bare", "--template=", "--object-format=sha1", str(fresh))
        run_git(f"--git-dir={fresh}", "symbolic-ref", "HEAD", BRANCH)
        run_git(f"--git-dir={fresh}", "fast-import", "--quiet", stdin=stream_of(commits))
        if head_of(fresh) != commits[-1].sha:
            raise SystemExit(f"git made {head_of(fresh)} and not {commits[-1].sha}: is a filter or hook at work?")
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    return target


def read_commits(patches: Path = PATCHES) -> Iterator[Commit]:
    """The history, oldest first; shas are computed here, so nothing has to be built to know them."""
    tree: Tree = {}
    parent = ""
    for path in sorted(patches.glob("*.patch")):
        person, message, diff = read_patch(path)
        before = dict(tree)
        for name, mode, hunks in files_of(diff):
            apply(tree, name, mode, hunks, path.name)
        changed = {name: entry for name, entry in tree.items() if before.get(name) != entry}
        deleted = tuple(name for name in before if name not in tree)
        parent_line = f"parent {parent}\n" if parent else ""
        text = f"tree {tree_sha(tree)}\n{parent_line}author {person}\ncommitter {person}\n\n{message}"
        parent = object_sha("commit", text.encode())
        yield Commit(path.stem.partition("-")[2], parent, person, message, changed, deleted)


def read_patch(path: Path) -> tuple[str, str, str]:
    """Author with date, message, and diff of one patch."""
    mail = message_from_string(path.read_text(encoding="utf-8"))
    body, _, diff = str(mail.get_payload()).partition("\ndiff --git ")
    date = parsedate_to_datetime(mail["Date"])
    person = f"{mail['From']} {int(date.timestamp())} {date:%z}"
    # Git folds long subjects; the body ends with the dashes that part it from the diff.
    subject = re.sub(r"\n[ \t]", " ", mail["Subject"])
    text = body.strip().removesuffix("---").strip()
    return person, f"{subject}\n\n{text}\n" if text else f"{subject}\n", f"diff --git {diff}"


def files_of(diff: str) -> Iterator[tuple[str, str | None, list[str]]]:
    """Path, mode (None: unchanged) and hunk lines of each file; a deleted file has the mode 000000."""
    for section in re.split(r"^diff --git ", diff, flags=re.MULTILINE)[1:]:
        lines = section.split("\n")[:-1]
        name = lines[0].rpartition(" b/")[2]
        first_hunk = next((number for number, line in enumerate(lines) if line.startswith("@@ ")), len(lines))
        mode = None
        for line in lines[1:first_hunk]:
            if line.startswith(("new file mode ", "new mode ")):
                mode = line.rpartition(" ")[2]
            elif line.startswith("deleted file mode "):
                mode = "000000"
        yield name, mode, lines[first_hunk:]


def apply(tree: Tree, name: str, mode: str | None, hunks: list[str], patch: str) -> None:
    """Change the file in the tree; a line that is not where the patch expects it ends the build."""
    if mode == "000000":
        del tree[name]
        return
    old_mode, content = tree.get(name, (DEFAULT_MODE, b""))
    old = content.decode().split("\n")[:-1]
    new: list[str] = []
    position = 0
    for line in hunks:
        if found := HUNK.match(line):
            first, count = int(found[1]), found[2]
            start = first if count == "0" else first - 1
            new += old[position:start]
            position = start
        elif line.startswith("+"):
            new.append(line[1:])
        elif position < len(old) and old[position] == line[1:]:
            if line.startswith(" "):
                new.append(line[1:])
            position += 1
        else:
            raise SystemExit(f"{patch}: {name} has no line {line[1:]!r} at {position + 1}")
    new += old[position:]
    tree[name] = (mode or old_mode, "".join(f"{line}\n" for line in new).encode())


def tree_sha(tree: Tree) -> str:
    """The sha of a tree of files, folders first resolved to theirs."""
    files: dict[str, tuple[str, str]] = {}
    folders: dict[str, Tree] = {}
    for name, (mode, content) in tree.items():
        folder, slash, rest = name.partition("/")
        if slash:
            folders.setdefault(folder, {})[rest] = (mode, content)
        else:
            files[name] = (mode, object_sha("blob", content))
    for folder, inside in folders.items():
        files[f"{folder}/"] = ("40000", tree_sha(inside))
    # The trailing slash is git's order: a folder sorts as if its name ended in one.
    rows = (f"{mode} {name.rstrip('/')}\0".encode() + bytes.fromhex(sha) for name, (mode, sha) in sorted(files.items()))
    return object_sha("tree", b"".join(rows))


def object_sha(kind: str, content: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()


def stream_of(commits: list[Commit]) -> bytes:
    """All commits as one input of git fast-import."""
    parts: list[bytes] = []
    for commit in commits:
        parts.append(f"commit {BRANCH}\nauthor {commit.person}\ncommitter {commit.person}\n".encode())
        parts.append(counted(commit.message.encode()))
        parts.extend(f"D {name}\n".encode() for name in commit.deleted)
        for name, (mode, content) in sorted(commit.changed.items()):
            parts.append(f"M {mode} inline {name}\n".encode() + counted(content))
    return b"".join(parts) + b"done\n"


def counted(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"


def head_of(repository: Path) -> str:
    """The sha of the branch; empty when there is no such repository or branch."""
    if not (repository / "HEAD").is_file():
        return ""
    return run_git(f"--git-dir={repository}", "for-each-ref", "--format=%(objectname)", BRANCH).strip()


def run_git(*arguments: str, stdin: bytes = b"") -> str:
    git = shutil.which("git")
    if git is None:
        raise SystemExit("git is not on the PATH")
    # Nobody's settings: neither hooks, templates nor filters may change what is built.
    settings = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(
        [git, *arguments], input=stdin, env=settings, check=True, stdout=subprocess.PIPE
    ).stdout.decode()


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Build the example repository acme/shop.")
    parser.add_argument("directory", type=Path, nargs="?", help="where acme/shop is made")
    parser.add_argument("--list", action="store_true", help="print the sha of every commit instead")
    options = parser.parse_args(arguments)
    if options.list:
        for commit in read_commits():
            print(commit.sha, commit.slug)
    elif options.directory is None:
        parser.error("name a directory, or --list")
    else:
        print(build(options.directory))


if __name__ == "__main__":
    main(sys.argv[1:])
