"""Path patterns of an operator: what they mean, and that no pattern takes long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.engine.globs import glob_matches


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        ("*.sql", ["a.sql", "db/x/a.sql", ".sql"], ["a.sql.bak", "a.SQL", "sql/a"]),
        ("src/*.py", ["src/a.py", "src/.py"], ["src/a/b.py", "lib/src/a.py", "src/a.pyc"]),
        ("/src/*.py", ["src/a.py"], ["lib/src/a.py"]),
        ("docs/**", ["docs/a", "docs/a/b/c.md"], ["docs2/a", "x/docs/a", "docs"]),
        ("docs/", ["docs/a", "docs/a/b.md", "x/docs/a"], ["docs2/a", "docs"]),
        ("/docs/", ["docs/a/b.md"], ["x/docs/a"]),
        ("./docs/*", ["docs/a"], ["x/docs/a"]),
        ("**/legacy/**", ["legacy/a", "src/legacy/a/b.py"], ["src/legacy.py", "src/legacyx/a"]),
        ("a/**/b.py", ["a/b.py", "a/x/b.py", "a/x/y/b.py"], ["a/xb.py", "b.py", "a/b.py/c"]),
        ("**", ["a", "a/b/c"], []),
        ("**/*.min.js", ["a.min.js", "x/y/a.min.js"], ["a.min.jsx", "a.js"]),
        ("a?c", ["abc", "x/a?c"], ["ac", "a/c", "abbc"]),
        ("a*b*c", ["abc", "a--b--c", "abcbc"], ["acb", "a/b/c"]),
        ("[ab].py", ["[ab].py"], ["a.py"]),
        ("(a+)+$", ["(a+)+$"], ["aaaa"]),
        ("caf\u00e9/*", ["caf\u00e9/x"], ["cafe/x"]),
        ("x\udcff*", ["x\udcffy"], ["xy"]),
    ],
)
def test_a_pattern_fits_these_paths_and_no_others(pattern: str, fitting: list[str], others: list[str]) -> None:
    assert [path for path in fitting if not glob_matches(pattern, path)] == []
    assert [path for path in others if glob_matches(pattern, path)] == []


@pytest.mark.parametrize("pattern", ["", "/", "//", "./"])
def test_an_empty_pattern_fits_nothing(pattern: str) -> None:
    assert not glob_matches(pattern, "a.py")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [("*a" * 100 + "b", "a" * 2_000), ("**/a/" * 100 + "b", "a/" * 1_000 + "c"), ("*" * 2_000 + "b", "a" * 2_000)],
)
def test_no_pattern_takes_long(pattern: str, path: str) -> None:
    started = time.perf_counter()

    assert not glob_matches(pattern, path)

    assert time.perf_counter() - started < 1


@given(st.lists(st.text("ab.*?", min_size=1, max_size=4), min_size=1, max_size=4))
def test_every_path_fits_itself_its_folders_and_its_ending(names: list[str]) -> None:
    path = "/".join(name.replace("*", "x").replace("?", "y") for name in names)

    assert glob_matches("/" + path, path)
    assert glob_matches("**/" + path, path)
    assert glob_matches("/".join("*" for _ in names), path)
    assert not glob_matches("/" + "/".join(["*"] * (len(names) + 1)), path)
