"""Whatever git writes is read without loss, and whatever else comes in ends in a value or a refusal."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reviewbot.domain.diff import Diff, LineKind
from reviewbot.domain.diff_text import parse_diff, render_diff
from reviewbot.errors import InputError
from tests.fakes.repositories import RepositoryBuilder

File = tuple[bytes, bytes]
"""Mode and content."""

LINES = [
    *(
        b"",
        b"a",
        b"b",
        b"}",
        b" indented",
        b"\t",
        b"a\rb",
        b"a\r",
        b"\x0c",
        b"\xc2\x85",
        b"\xe2\x80\xa8",
        b"\xff\xfe",
        b"caf\xc3\xa9",
    ),
    *(b"-- a", b"++ b", b"-- a/x", b"++ b/x", b"@@ -1 +1 @@", b"\\ No newline at end of file", b"diff --git a/x b/x"),
]
WORDS = [b"a", b"b", b" b", b" ", b"\t", b"\n", b'"', b"\\", b"\xc3\xa9", b"\xff", b"x.py", b"-", b"--- ", b"=>", b"{"]
OPTIONS: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    ((), ()),
    ((), ("--no-prefix",)),
    ((), ("--src-prefix=old/", "--dst-prefix=new/")),
    ((), ("--unified=0",)),
    ((), ("--find-renames=30%", "--find-copies-harder")),
    ((), ("--binary",)),
    ((), ("--no-renames", "--full-index", "--function-context")),
    (("-c", "diff.mnemonicPrefix=true"), ()),
    (("-c", "core.quotePath=false"), ()),
    (("-c", "diff.suppressBlankEmpty=true"), ()),
]

contents = st.builds(
    lambda lines, ends: b"\n".join(lines) + (b"\n" if lines and ends else b""),
    st.lists(st.sampled_from(LINES), max_size=14),
    st.booleans(),
)
texts = st.one_of(contents, contents, contents, contents.map(lambda content: content + b"\0"))
files = st.none() | st.tuples(st.sampled_from([b"100644", b"100644", b"100755", b"120000"]), texts)
folders = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(b"".join)
paths = st.lists(folders, min_size=1, max_size=3).map(b"/".join)


def of_one_type(pair: tuple[File | None, File | None]) -> tuple[File | None, File | None]:
    """No file that became a symlink, and no NUL in a symlink: of those, the totals of git know less than its diff."""
    old, new = pair
    if any(file is not None and b"\0" in file[1] for file in pair):
        return old and (b"100644", old[1]), new and (b"100644", new[1])
    if any(file is not None and file[0] == b"120000" for file in pair):
        return old and (b"120000", old[1]), new and (b"120000", new[1])
    return pair


pairs = st.dictionaries(paths, st.tuples(files, files).map(of_one_type), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> RepositoryBuilder:
    return RepositoryBuilder(tmp_path_factory.mktemp("round-trip"))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pairs=pairs, options=st.sampled_from(OPTIONS))
def test_a_diff_of_git_comes_back_byte_for_byte_with_its_names_and_totals(
    repository: RepositoryBuilder,
    pairs: dict[bytes, tuple[File | None, File | None]],
    options: tuple[tuple[str, ...], tuple[str, ...]],
) -> None:
    commit_both(repository, without_clashes(pairs))
    before, after = options
    raw = repository.git(*before, "diff", *after, "refs/heads/old", "refs/heads/new").encode("utf-8", "surrogateescape")
    renames = [option for option in after if "renames" in option or "copies" in option]
    counted = repository.git(*before, "diff", *renames, "--numstat", "-z", "refs/heads/old", "refs/heads/new")

    diff = parse_diff(raw)

    assert render_diff(diff) == raw
    assert totals(diff) == totals_of_git(counted)


def without_clashes(
    pairs: dict[bytes, tuple[File | None, File | None]],
) -> dict[bytes, tuple[File | None, File | None]]:
    """Without names that would have to be a file and a folder at once."""
    return {path: pair for path, pair in pairs.items() if not any(other.startswith(path + b"/") for other in pairs)}


def commit_both(repository: RepositoryBuilder, pairs: dict[bytes, tuple[File | None, File | None]]) -> None:
    """The branches `old` and `new`, each of one commit, in one process."""
    stream = []
    for side, branch in enumerate((b"old", b"new")):
        stream.append(b"commit refs/heads/%s\ncommitter A <a@example.org> 1 +0000\ndata 0\ndeleteall\n" % branch)
        for path, pair in pairs.items():
            if (file := pair[side]) is not None:
                quoted = b"".join(b"\\%03o" % byte for byte in path)
                stream.append(b'M %s inline "%s"\ndata %d\n%s\n' % (file[0], quoted, len(file[1]), file[1]))
    repository.git("fast-import", "--quiet", "--force", stdin=b"".join(stream))


def totals(diff: Diff) -> Counter[tuple[str, str]]:
    """Lines added and removed by path; files without any do not count."""
    found: Counter[tuple[str, str]] = Counter()
    for file in diff.files:
        assert file.path in (file.old_path, file.new_path)
        found[file.path, "files"] = 1
        for hunk in file.hunks:
            for line in hunk.changed_lines:
                found[file.path, "added" if line.kind is LineKind.ADDED else "removed"] += 1
    return found


def totals_of_git(counted: str) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    fields = counted.split("\0")[:-1]
    while fields:
        added, removed, path = fields.pop(0).split("\t", 2)
        if not path:
            _, path = fields.pop(0), fields.pop(0)
        found[path, "files"] = 1
        for kind, number in (("added", added), ("removed", removed)):
            if number not in ("-", "0"):
                found[path, kind] += int(number)
    return found


PIECES = [
    *(
        b"diff --git a/x b/x\n",
        b"diff --git ",
        b"diff --cc x\n",
        b"--- a/x\n",
        b"+++ b/x\n",
        b'--- "a/\\',
        b"--- /dev/null\n",
    ),
    *(
        b"@@ -1 +1 @@\n",
        b"@@ -1,2 +0,0 @@ f\n",
        b"@@ -0,0 +1,3 @@\n",
        b"@@ ",
        b"@@ -99999999999 +1 @@\n",
        b"@@@ -1 -1 +1 @@@\n",
    ),
    *(
        b"+a\n",
        b"-b\n",
        b" c\n",
        b"\n",
        b"+",
        b"\\ No newline at end of file\n",
        b"\r\n",
        b"\0",
        b"\xff",
        b"-- \n2.40\n",
    ),
    *(
        b"rename from a\n",
        b"rename to \n",
        b"copy to b\n",
        b"old mode 100644\n",
        b"index 1..2 160000\n",
        b"GIT binary patch\n",
    ),
]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(PIECES), max_size=20).map(b"".join)))
def test_any_bytes_end_in_a_diff_or_an_input_error(raw: bytes) -> None:
    try:
        diff = parse_diff(raw, max_lines=8, max_file_lines=5)
    except InputError as error:
        assert "diff" in str(error)
        return

    for file in diff.files:
        assert file.path
        assert sum(len(hunk.lines) for hunk in file.hunks) <= 5
    assert parse_diff(render_diff(diff)).files or not diff.files
