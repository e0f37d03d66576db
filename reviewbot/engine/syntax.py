"""The syntax tree of one file: which function a line stands in, what is defined, imported and named where."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property, lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from reviewbot.engine.languages import Language, language_of
from reviewbot.engine.symbols import Symbol, line_range, nested_symbols, node_text

if TYPE_CHECKING:
    import tree_sitter

MAX_SOURCE_BYTES = 1_500_000
_MAX_DEPTH = 400
_MAX_BROKEN_NODES = 1000
_MAX_ERROR_CHILDREN = 8000
_CHUNK_BYTES = 512
_ENCLOSING = frozenset({"function", "method", "class", "interface", "impl", "enum", "type", "macro"})
_UNLISTED = frozenset({"impl", "scope", "namespace"})


def parse_source(path: str, source: bytes) -> SyntaxTree | None:
    """The tree of a file in a known language; None for any other, for binary files and for very large ones.

    Broken code gives a tree as well: whatever could be made out of it.
    """
    if len(source) > MAX_SOURCE_BYTES or b"\0" in source[:8000]:
        return None
    language = language_of(path, source)
    root = _parsed(language, source) if language is not None and has_grammar(language) else None
    return SyntaxTree(language, root) if language is not None and root is not None else None


class SyntaxTree:
    """What one file's syntax says; made by `parse_source`."""

    def __init__(self, language: Language, root: tree_sitter.Node) -> None:
        self.language = language
        self._root = root

    def definitions(self) -> list[Symbol]:
        """Functions, methods, types and top-level constants, in the order of their lines."""
        return [symbol for symbol in self._symbols if symbol.kind not in _UNLISTED]

    def enclosing(self, line: int) -> Symbol | None:
        """The innermost function, method or type that contains a line; None at the top level of the file."""
        begun = bisect_right(self._enclosing, line, key=lambda symbol: symbol.first_line)
        return next((symbol for symbol in reversed(self._enclosing[:begun]) if symbol.contains(line)), None)

    def imports(self) -> list[tuple[int, int]]:
        """First and last lines of the import statements, in order."""
        return sorted({line_range(node) for node in self._captures.get("imp", ())})

    def identifiers(self, lines: Iterable[int]) -> set[str]:
        """All names that stand on these lines, in code (not in comments or strings)."""
        import tree_sitter

        cursor = tree_sitter.QueryCursor(_query(self.language, self.language.identifiers))
        cursor.set_max_start_depth(_MAX_DEPTH)
        names = set[str]()
        for first, last in line_runs(lines):
            cursor.set_point_range((first - 1, 0), (last, 0))
            for node in cursor.captures(self._root).get("name", ()):
                if first <= node.start_point.row + 1 <= last:
                    names.add(node_text(node))
        return names

    @cached_property
    def _captures(self) -> dict[str, list[tree_sitter.Node]]:
        import tree_sitter

        cursor = tree_sitter.QueryCursor(_query(self.language, self.language.definitions))
        cursor.set_max_start_depth(_MAX_DEPTH)
        return cursor.captures(self._root)

    @cached_property
    def _enclosing(self) -> list[Symbol]:
        """Symbols that code stands in; of two that begin on one line the inner one comes last."""
        found = [symbol for symbol in self._symbols if symbol.kind in _ENCLOSING]
        return sorted(found, key=lambda symbol: (symbol.first_line, -symbol.last_line))

    @cached_property
    def _symbols(self) -> list[Symbol]:
        return nested_symbols(self.language, self._captures)


def line_runs(lines: Iterable[int]) -> list[tuple[int, int]]:
    """Line numbers as ranges of neighbours: {1, 2, 5} is [(1, 2), (5, 5)]."""
    runs: list[tuple[int, int]] = []
    for line in sorted(set(lines)):
        if runs and runs[-1][1] == line - 1:
            runs[-1] = (runs[-1][0], line)
        else:
            runs.append((line, line))
    return runs


def _parsed(language: Language, source: bytes) -> tree_sitter.Node | None:
    """The root of the tree; None where the grammar makes too much work of the source.

    Hostile text (`a<a<a<...` in C++) takes time quadratic in its length; ordinary and broken code stays far below
    the limit of steps. A flat run of errors parses fast but takes quadratic time to query.
    """
    import tree_sitter

    steps_left = 1000 + len(source) // 20

    def exceeds_limit(_offset: int, _has_error: bool) -> bool:
        nonlocal steps_left
        steps_left -= 1
        return steps_left < 0

    parser = tree_sitter.Parser(_grammar(language.grammar, language.entry))
    try:
        tree = parser.parse(lambda offset, _: source[offset : offset + _CHUNK_BYTES], progress_callback=exceeds_limit)
    except ValueError:
        return None
    return None if _has_flat_error(tree.root_node) else tree.root_node


def _has_flat_error(root: tree_sitter.Node) -> bool:
    broken, visited = [root], 0
    while broken and visited < _MAX_BROKEN_NODES:
        node, visited = broken.pop(), visited + 1
        if node.is_error and node.child_count > _MAX_ERROR_CHILDREN:
            return True
        if node.has_error and node.descendant_count > _MAX_ERROR_CHILDREN:
            broken.extend(child for child in node.children if child.has_error)
    return False


def has_grammar(language: Language) -> bool:
    """Whether the grammar is installed; those of C, C++, Java, Ruby and Rust come with the extra `languages`."""
    return _is_installed(language.grammar)


@lru_cache(maxsize=32)
def _is_installed(module: str) -> bool:
    return find_spec(module) is not None


@lru_cache(maxsize=16)
def _grammar(module: str, entry: str) -> tree_sitter.Language:
    import tree_sitter

    return tree_sitter.Language(getattr(import_module(module), entry)())


@lru_cache(maxsize=32)
def _compiled(module: str, entry: str, text: str) -> tree_sitter.Query:
    import tree_sitter

    return tree_sitter.Query(_grammar(module, entry), text)


def _query(language: Language, text: str) -> tree_sitter.Query:
    return _compiled(language.grammar, language.entry, text)
