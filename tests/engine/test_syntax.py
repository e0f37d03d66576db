"""The rules of reading one file's syntax, language by language and on odd input."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.engine.syntax import MAX_SOURCE_BYTES, SyntaxTree, line_runs, parse_source

PYTHON = """\
import os
from a import (
    b,
)
LIMIT = 3
@register
class Store:
    size: int = 1

    @cached
    async def load(self, key):
        def inner():
            return 1
        return fetch(key.name)
"""
JAVASCRIPT = """\
const fs = require("fs")
import x from "y"
const load = async (key) => {
  return fetchAll(key.name)
}
class Store {
  get(key) { return 1 }
}
Store.prototype.put = function (key) {
  return 2
}
"""
TYPESCRIPT = """\
import { a } from "b"
export interface Shape { area: number }
export type Name = string
@Injectable()
export class Store {
  load = (key: Name) => {
    return fetchAll(key)
  }
}
export const open = (s: Shape) => s.area
"""
TSX = """\
import React from "react"
export function Page(props: Props) {
  return <Card title={props.title} onClick={() => save(props)} />
}
"""
GO = """\
package a
import (
	"fmt"
)
const Limit = 3
type Store[T any] struct { size int }
func (s *Store[T]) Load(key string) error {
	return fetch(s.size)
}
func Open() {}
"""
JAVA = """\
import java.util.List;
@Entity
class Store {
  static final int LIMIT = 3;
  Store(int size) { }
  @Override
  public int load(String key) {
    return fetch(key);
  }
}
"""
C = """\
#include <stdio.h>
#define LIMIT 3
typedef struct store { int size; } Store;
static char *load(Store *s) {
    return fetch(s->size);
}
int (*pick(int which))(int) { return 0; }
"""
CPP = """\
#include <string>
namespace shop {
class Store { void close() {} };
}
int Store::load(int key) {
  return fetch(key);
}
template <typename T>
T first(T t) { return t; }
Store::~Store() {}
"""
RUBY = """\
require "set"
module Shop
  class Store
    LIMIT = 3
    def self.open(path)
      new(path)
    end
    def load(key)
      fetch(key).name
    end
  end
end
"""
RUST = """\
use std::fmt;
const LIMIT: u32 = 3;
#[derive(Debug)]
struct Store { size: u32 }
impl fmt::Display for Store {
    #[inline]
    fn load(&self) -> u32 {
        fetch(self.size)
    }
}
trait Shape { fn area(&self); }
"""


@dataclass(frozen=True)
class Sample:
    path: str
    source: str
    line: int
    enclosing: tuple[str, str, int, int]
    defined: tuple[str, ...]
    imports: list[tuple[int, int]]
    names: tuple[str, ...]


SAMPLES = [
    Sample(
        "a.py",
        PYTHON,
        14,
        ("Store.load", "method", 10, 14),
        ("LIMIT", "Store", "Store.size", "Store.load", "Store.load.inner"),
        [(1, 1), (2, 4)],
        ("fetch", "key", "name"),
    ),
    Sample(
        "a.jsx", JAVASCRIPT, 4, ("load", "function", 3, 5), ("load", "Store", "Store.get", "Store.put"),
        [(1, 1), (2, 2)], ("fetchAll", "key", "name"),
    ),
    Sample(
        "a.ts", TYPESCRIPT, 7, ("Store.load", "method", 6, 8), ("Shape", "Name", "Store", "Store.load", "open"),
        [(1, 1)], ("fetchAll", "key"),
    ),
    Sample("a.tsx", TSX, 3, ("Page", "function", 2, 4), ("Page",), [(1, 1)], ("Card", "title", "save", "props")),
    Sample(
        "a.go", GO, 8, ("Store.Load", "method", 7, 9), ("Limit", "Store", "Store.Load", "Open"),
        [(2, 4)], ("fetch", "s", "size"),
    ),
    Sample(
        "A.java", JAVA, 8, ("Store.load", "method", 6, 9), ("Store", "Store.LIMIT", "Store.Store", "Store.load"),
        [(1, 1)], ("fetch", "key"),
    ),
    Sample("a.c", C, 5, ("load", "function", 4, 6), ("LIMIT", "Store", "load", "pick"), [(1, 1)], ("fetch", "size")),
    Sample(
        "a.cpp", CPP, 6, ("Store.load", "method", 5, 7),
        ("shop.Store", "shop.Store.close", "Store.load", "first", "Store.~Store"), [(1, 1)], ("fetch", "key"),
    ),
    Sample(
        "a.rb", RUBY, 9, ("Shop.Store.load", "method", 8, 10),
        ("Shop", "Shop.Store", "Shop.Store.LIMIT", "Shop.Store.open", "Shop.Store.load"),
        [(1, 1)], ("fetch", "key", "name"),
    ),
    Sample(
        "a.rs", RUST, 8, ("Store.load", "method", 6, 9), ("LIMIT", "Store", "Store.load", "Shape", "Shape.area"),
        [(1, 1)], ("fetch", "size"),
    ),
]  # fmt: skip


def parsed(path: str, source: str | bytes) -> SyntaxTree:
    tree = parse_source(path, source.encode() if isinstance(source, str) else source)
    assert tree is not None
    return tree


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.path)
def test_a_line_knows_the_function_it_stands_in(sample: Sample) -> None:
    symbol = parsed(sample.path, sample.source).enclosing(sample.line)
    assert symbol is not None
    assert (symbol.name, symbol.kind, symbol.first_line, symbol.last_line) == sample.enclosing


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.path)
def test_what_a_file_defines_is_listed_under_qualified_names(sample: Sample) -> None:
    names = [symbol.name for symbol in parsed(sample.path, sample.source).definitions()]
    assert set(sample.defined) <= set(names)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.path)
def test_imports_are_found_with_all_their_lines(sample: Sample) -> None:
    assert parsed(sample.path, sample.source).imports() == sample.imports


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.path)
def test_names_used_on_a_line_are_found_and_no_others(sample: Sample) -> None:
    names = parsed(sample.path, sample.source).identifiers([sample.line])
    assert set(sample.names) <= names
    assert "LIMIT" not in names


def test_names_in_comments_and_strings_are_not_names_of_code() -> None:
    assert parsed("a.py", 'x = "one two"  # three\n').identifiers([1]) == {"x"}


def test_a_line_outside_of_any_function_has_no_enclosing_symbol() -> None:
    assert parsed("a.py", PYTHON).enclosing(5) is None


@pytest.mark.parametrize("path", ["a.txt", "Makefile", "a.yaml", "a"])
def test_other_languages_have_no_tree(path: str) -> None:
    assert parse_source(path, b"x = 1\n") is None


def test_binary_and_very_large_files_are_not_parsed() -> None:
    assert parse_source("a.py", b"x = 1\0") is None
    assert parse_source("a.py", b"#" * (MAX_SOURCE_BYTES + 1)) is None


def test_broken_code_still_names_the_functions_that_are_whole() -> None:
    tree = parsed("a.py", "def whole():\n    return 1\n\ndef broken(:\n    return ((\n")
    symbol = tree.enclosing(2)
    assert symbol is not None and symbol.name == "whole"


def test_carriage_returns_a_byte_order_mark_and_foreign_bytes_do_not_shift_lines() -> None:
    source = b"\xef\xbb\xbf# caf\xe9\r\n\r\ndef load(key):\r\n    return fetch(key)\r\n"
    symbol = parsed("a.py", source).enclosing(4)
    assert symbol is not None and (symbol.name, symbol.first_line, symbol.last_line) == ("load", 3, 4)


def test_a_header_with_classes_is_read_as_cpp() -> None:
    symbol = parsed("a.h", "class Store {\n  int load() { return 1; }\n};\n").enclosing(2)
    assert symbol is not None and symbol.name == "Store.load"


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.js", b"function a(){" * 5000 + b"}" * 5000),
        ("a.py", b"(" * 50_000),
        ("a.cpp", b"a<" * 20_000),
        ("a.c", b"int f() {" + b"if (a) {" * 20_000),
        ("a.rs", b"#[a]\nfn f() {}\n" * 5000),
    ],
)
def test_hostile_nesting_is_answered_and_not_recursed_into(path: str, source: bytes) -> None:
    tree = parse_source(path, source)
    if tree is not None:
        tree.definitions()
        tree.identifiers([1])
        symbol = tree.enclosing(1)
        assert symbol is None or symbol.contains(1)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([sample.path for sample in SAMPLES]), st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(path: str, source: bytes) -> None:
    tree = parse_source(path, source)
    last_line = source.count(b"\n") + 1
    for symbol in tree.definitions() if tree is not None else ():
        assert 1 <= symbol.first_line <= symbol.last_line <= last_line


@given(st.sets(st.integers(1, 60)))
def test_runs_hold_exactly_the_lines_they_were_made_of(lines: set[int]) -> None:
    runs = line_runs(lines)
    assert {line for first, last in runs for line in range(first, last + 1)} == lines
    assert all(before[1] + 1 < after[0] for before, after in pairwise(runs))


def test_importing_the_module_loads_no_grammar() -> None:
    code = "import sys, reviewbot.engine.syntax; print([m for m in sys.modules if m.startswith('tree_sitter')])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
