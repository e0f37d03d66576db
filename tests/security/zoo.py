"""Repositories made to hurt whoever reads them, by real git or of objects that git itself would refuse."""

from __future__ import annotations

import hashlib
import os
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FLAW = b"first = 1\nsecond = 'BUG-high-total'\nthird = 3\n"
Entry = tuple[str, bytes, str]
"""Mode, name and sha of one entry of a tree."""


@dataclass(frozen=True)
class Cage:
    """A bare repository on the server's side, its default branch, and a file that nobody may touch."""

    path: Path
    base: str
    canary: Path

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        facts = {"NAME": "Eve", "EMAIL": "eve@example.org", "DATE": "1700009999 +0000"}
        who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in facts.items()}
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", **who}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env=environment,
            input=stdin,
            capture_output=True,
            timeout=120,
            check=True,
        )
        return done.stdout.decode().strip()

    def write(self, kind: str, raw: bytes) -> str:
        """A loose object as it is, whatever git thinks of it."""
        content = f"{kind} {len(raw)}\0".encode() + raw
        sha = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        target = self.path / "objects" / sha[:2] / sha[2:]
        target.parent.mkdir(exist_ok=True)
        if not target.exists():
            target.write_bytes(zlib.compress(content, 1))
        return sha

    def blob(self, content: bytes) -> str:
        return self.write("blob", content)

    def tree(self, *entries: Entry, has_flaw: bool = True) -> str:
        """A tree of these entries in this order, and the file with the flaw."""
        listed = [*entries, ("100644", b"app.py", self.blob(FLAW))] if has_flaw else list(entries)
        listed.sort(key=lambda entry: entry[1] + (b"/" if entry[0] == "40000" else b""))
        return self.write(
            "tree", b"".join(f"{mode} ".encode() + name + b"\0" + bytes.fromhex(sha) for mode, name, sha in listed)
        )

    def commit(
        self, tree: str, message: bytes = b"A change", headers: bytes = b"", parents: tuple[str, ...] = ()
    ) -> str:
        who = b"Eve <eve@example.org> 1700009999 +0000"
        lines = [f"tree {tree}".encode(), *(f"parent {one}".encode() for one in parents or (self.base,))]
        return self.write(
            "commit", b"\n".join([*lines, b"author " + who, b"committer " + who]) + headers + b"\n\n" + message
        )

    def of_files(self, *files: tuple[str, bytes, bytes]) -> str:
        """A commit of mode, name and content of files at the top."""
        return self.commit(self.tree(*((mode, name, self.blob(content)) for mode, name, content in files)))


@dataclass(frozen=True)
class Animal:
    """One kind: how it is made, and whether its change is `reviewed`, or `refused` in words on the check run."""

    name: str
    head: Callable[[Cage], str]
    ends: str = "reviewed"


def _below(cage: Cage, *names: bytes, content: bytes = b"[core]\n\tfsmonitor = touch canary\n") -> str:
    """A commit of a file in folders of these names."""
    sha, mode = cage.blob(content), "100644"
    for name in reversed(names[1:]):
        sha, mode = cage.tree((mode, name, sha), has_flaw=False), "40000"
    return cage.commit(cage.tree((mode, names[0], sha)))


def _deep(cage: Cage, depth: int) -> str:
    sha = cage.tree(("100644", b"leaf", cage.blob(b"x\n")), has_flaw=False)
    for _ in range(depth):
        sha = cage.tree(("40000", b"d", sha), has_flaw=False)
    return cage.commit(cage.tree(("40000", b"deep", sha)))


def _bomb(cage: Cage) -> str:
    """Ten billion files in ten objects."""
    sha, mode = cage.blob(b"boom\n"), "100644"
    for _ in range(10):
        sha = cage.tree(*((mode, f"d{number}".encode(), sha) for number in range(10)), has_flaw=False)
        mode = "40000"
    return cage.commit(cage.tree((mode, b"bomb", sha)))


def _many_refs(cage: Cage) -> str:
    lines = "".join(f"{cage.base} refs/heads/flood/{number}\n" for number in range(300_000))
    (cage.path / "packed-refs").write_text(f"# pack-refs with: peeled fully-peeled sorted \n{lines}")
    return cage.of_files()


def _octopus(cage: Cage) -> str:
    parents = tuple(cage.commit(cage.tree(), b"%d" % number) for number in range(60))
    return cage.commit(cage.tree(), parents=(cage.base, *parents))


def _replaced(cage: Cage) -> str:
    head = cage.of_files()
    harmless = cage.commit(cage.tree(has_flaw=False))
    cage.git("update-ref", f"refs/replace/{head}", harmless)
    (cage.path / "info").mkdir(exist_ok=True)
    (cage.path / "info" / "grafts").write_text(f"{head}\n")
    return head


def _server_hooks(cage: Cage) -> str:
    """What stands in the server's repository is the server's affair; its settings are not ours."""
    cage.git("config", "core.fsmonitor", f"touch {cage.canary}")
    cage.git("config", "uploadpack.packObjectsHook", "false")
    return cage.of_files()


def _packed_lie(cage: Cage) -> str:
    """An object whose header lies about its size."""
    content = b"blob 9999999999\0short"
    sha = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    target = cage.path / "objects" / sha[:2] / sha[2:]
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(zlib.compress(content))
    return cage.commit(cage.tree(("100644", b"liar.py", sha)))


TOOLS = (
    b"setup.py",
    b"conftest.py",
    b"noxfile.py",
    b"tox.ini",
    b".rubocop.yml",
    b".eslintrc.js",
    b"eslint.config.js",
    b"ruff.toml",
    b"pyproject.toml",
    b"sgconfig.yml",
    b"Makefile",
    b"Rakefile",
    b"gulpfile.js",
    b"Gruntfile.js",
    b"package.json",
    b".pre-commit-config.yaml",
    b"build.gradle",
    b"webpack.config.js",
    b".golangci.yml",
    b"phpstan.neon",
    b".semgrep.yml",
    b"zizmor.yml",
    b".flake8",
    b"mypy.ini",
    b"Jenkinsfile",
    b".envrc",
    b".npmrc",
    b"sitecustomize.py",
)


def _tool_files(cage: Cage) -> str:
    """Settings of twenty-eight tools, each of which would make the canary's end if the tool were run on them."""
    harm = f"__import__('os').system('rm -f {cage.canary}')".encode()
    texts = {
        b".toml": b"extend = '/etc/x'\nplugins = ['./evil']\n",
        b".json": b'{"scripts": {"preinstall": "%s"}}' % harm,
    }
    return cage.of_files(
        *(("100755", name, texts.get(os.path.splitext(name)[1], harm + b"\n")) for name in TOOLS)  # noqa: PTH122
    )


EVIL = b"touch canary #"
ANIMALS: tuple[Animal, ...] = (
    Animal("a link to a file of the system", lambda c: c.of_files(("120000", b"passwd.py", b"/etc/passwd"))),
    Animal("a link to the canary", lambda c: c.of_files(("120000", b"out.py", os.fsencode(c.canary)))),
    Animal("a link that leads to itself", lambda c: c.of_files(("120000", b"loop", b"loop"))),
    Animal(
        "a link beside a folder of its name",
        lambda c: c.commit(
            c.tree(
                ("120000", b"way", c.blob(os.fsencode(c.canary.parent))),
                ("40000", b"way", c.tree(("100644", b"canary", c.blob(b"gone\n")), has_flaw=False)),
            )
        ),
        "refused",
    ),
    Animal(
        "a submodule with a command for an address",
        lambda c: c.commit(
            c.tree(
                ("160000", b"sub", "a" * 40),
                (
                    "100644",
                    b".gitmodules",
                    c.blob(b'[submodule "s"]\n\tpath = sub\n\turl = ext::sh -c touch%20canary\n'),
                ),
            )
        ),
    ),
    Animal(
        "a submodule whose name leads out",
        lambda c: c.commit(
            c.tree(
                ("160000", b"sub", "b" * 40),
                ("100644", b".gitmodules", c.blob(b'[submodule "../../x"]\n\tpath = sub\n\turl = --upload-pack=x\n')),
            )
        ),
        "refused",
    ),
    Animal("a .gitmodules that is a link", lambda c: c.of_files(("120000", b".gitmodules", b"/etc/passwd")), "refused"),
    Animal(
        "attributes with filters and programs",
        lambda c: c.of_files(
            (
                "100644",
                b".gitattributes",
                b"* filter=evil diff=evil merge=evil text eol=crlf working-tree-encoding=UTF-16\n",
            ),
            ("100644", b".gitconfig", b'[diff "evil"]\n\ttextconv = ' + EVIL),
        ),
    ),
    Animal("attributes that hide all lines", lambda c: c.of_files(("100644", b".gitattributes", b"* -diff binary\n"))),
    Animal(
        "a server of large files of its own",
        lambda c: c.of_files(
            ("100644", b".lfsconfig", b"[lfs]\n\turl = http://169.254.169.254/latest\n"),
            (
                "100644",
                b"big.bin",
                b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 99999999999\n",
            ),
        ),
    ),
    Animal("hooks", lambda c: _below(c, b"hooks", b"post-checkout", content=b"#!/bin/sh\n" + EVIL)),
    Animal("a .git folder", lambda c: _below(c, b".git", b"config"), "refused"),
    Animal("a .GIT folder", lambda c: _below(c, b".GIT", b"config"), "refused"),
    Animal("a short name of .git", lambda c: _below(c, b"git~1", b"config"), "refused"),
    Animal("a .git with a sign nobody sees", lambda c: _below(c, ".g\u200cit".encode(), b"config"), "refused"),
    Animal("a .git folder further down", lambda c: _below(c, b"a", b"b", b".git", b"hooks", b"pre-commit"), "refused"),
    Animal("a name that leads up", lambda c: _below(c, b"..", b"..", b"canary"), "refused"),
    Animal("a name that is the folder itself", lambda c: _below(c, b".", b"x"), "refused"),
    Animal("a slash within a name", lambda c: c.of_files(("100644", b"../canary", b"gone\n")), "refused"),
    Animal("an empty name", lambda c: c.of_files(("100644", b"", b"x\n")), "refused"),
    Animal(
        "line ends and quotes in names",
        lambda c: c.of_files(
            ("100644", b"a\nb.py", b"x = 1\n"),
            ("100644", b'q"uo\\te\t.py', b"x = 1\n"),
            ("100644", b"\x1b[2J.py", b"x\n"),
        ),
    ),
    Animal(
        "names like options",
        lambda c: c.of_files(
            ("100644", b"--upload-pack=touch canary", b"x\n"),
            ("100644", b"-rf", b"x\n"),
            ("100644", b"--config.py", b"x\n"),
        ),
    ),
    Animal("names that are no UTF-8", lambda c: c.of_files(("100644", b"\xff\xfe\x80.py", b"x = 1\n"))),
    Animal(
        "names that differ in case alone",
        lambda c: c.of_files(
            ("100644", b"Read.py", b"x = 1\n"), ("100644", b"rEAD.py", b"x = 2\n"), ("100644", b"NUL", b"x\n")
        ),
    ),
    Animal(
        "one name twice",
        lambda c: c.of_files(("100644", b"twin.py", b"a\n"), ("100644", b"twin.py", b"b\n")),
        "refused",
    ),
    Animal("a mode that does not exist", lambda c: c.of_files(("170777", b"odd.py", b"x\n")), "either"),
    Animal("a file of 60 MB in one line", lambda c: c.of_files(("100644", b"line.js", b"x" * 60_000_000)), "either"),
    Animal("300 MB of noughts", lambda c: c.of_files(("100644", b"noughts.txt", b"0\n" * 150_000_000)), "either"),
    Animal("ten billion files", _bomb, "either"),
    Animal("folders two thousand deep", lambda c: _deep(c, 2_000), "either"),
    Animal(
        "ten thousand files",
        lambda c: c.of_files(
            *(("100644", b"f%05d.py" % number, b"x = %d\n" % (number % 7)) for number in range(10_000))
        ),
        "either",
    ),
    Animal("300,000 branches", _many_refs),
    Animal("sixty parents", _octopus, "either"),
    Animal("a history that was replaced", _replaced),
    Animal("settings of the server's repository", _server_hooks),
    Animal("a message of five megabytes", lambda c: c.commit(c.tree(), b"\x1b]0;x\x07 @everyone fixes #1 " * 180_000)),
    Animal("a commit with odd headers", lambda c: c.commit(c.tree(), headers=b"\nencoding UTF-16\ngpgsig " + EVIL)),
    Animal("a tree that is not there", lambda c: c.commit("c" * 40), "refused"),
    Animal("a file that is not there", lambda c: c.commit(c.tree(("100644", b"lost.py", "d" * 40))), "refused"),
    Animal("an object that lies about its size", _packed_lie, "refused"),
    Animal("the settings of twenty-eight tools", _tool_files),
)
