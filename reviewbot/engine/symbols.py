"""The symbols of a syntax tree: what is defined, under which qualified name, from which line to which."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.engine.languages import Language

if TYPE_CHECKING:
    import tree_sitter

_MAX_QUALIFIERS = 6
_OWNERS = frozenset({"class", "interface", "impl", "enum", "scope"})
_FUNCTIONS = frozenset({"function", "method"})
_GENERICS = re.compile(r"<[^<>]*>")
_RECEIVER = re.compile(r"(\w+)\s*(?:\[[^]]*\])?\s*\)\s*\Z")
_JS_PREFIX = re.compile(r"\A(?:module\.)?(?:exports|this|window|globalThis)\.")


@dataclass(frozen=True, slots=True, order=True)
class Symbol:
    """A named piece of a file; lines count from 1 and include decorators and attributes before it.

    `name` is qualified (`Class.method`); `signature_last_line` is where its head ends and its body begins.
    """

    first_line: int
    last_line: int
    name: str
    kind: str
    signature_last_line: int

    @property
    def word(self) -> str:
        """The last part of the name: what a caller writes."""
        return self.name.rpartition(".")[2]

    @property
    def is_function(self) -> bool:
        return self.kind in _FUNCTIONS

    def contains(self, line: int) -> bool:
        return self.first_line <= line <= self.last_line


def nested_symbols(language: Language, captures: dict[str, list[tree_sitter.Node]]) -> list[Symbol]:
    """Symbols with the names of what they stand in; nodes are walked by their position, so depth costs no stack."""
    marked = [(node, mark) for mark in ("wrap", "lead", "def", "const") for node in captures.get(mark, ())]
    marked.sort(key=lambda pair: (pair[0].start_byte, -pair[0].end_byte, pair[1] != "wrap", pair[1] == "const"))
    symbols: list[Symbol] = []
    around: list[tuple[int, str, str]] = []
    wrap: tree_sitter.Node | None = None
    lead_first = lead_last = seen = -1
    for node, mark in marked:
        first, last = line_range(node)
        if mark == "wrap":
            wrap = node
        elif mark == "lead":
            lead_first = lead_first if lead_last in (first - 1, first) else first
            lead_last = last
        elif node.id != seen and (name := _name(node)):
            seen = node.id
            if lead_last in (first - 1, first):
                first = min(first, lead_first)
            lead_last = -1
            if wrap is not None and wrap.start_byte <= node.start_byte and 0 <= wrap.end_byte - node.end_byte <= 2:
                first = min(first, wrap.start_point.row + 1)
            wrap = None
            while around and around[-1][0] <= node.start_byte:
                around.pop()
            kind = "constant" if mark == "const" else _kind(language, node, name, around[-1][2] if around else "")
            qualifiers = [outer for _, outer, _ in around[-_MAX_QUALIFIERS:] if outer]
            qualified = ".".join([*qualifiers, name])
            symbols.append(Symbol(first, last, qualified, kind, _signature_last_line(node, first, last)))
            if kind != "constant" and node.type != "type_definition":
                around.append((node.end_byte, "" if kind == "scope" else name, kind))
    return symbols


def _kind(language: Language, node: tree_sitter.Node, name: str, outer_kind: str) -> str:
    kind = language.kinds[node.type]
    is_member = outer_kind in _OWNERS or (outer_kind == "module" and language.name == "ruby")
    is_qualified = language.family == "c" and "." in name
    return "method" if kind == "function" and (is_member or is_qualified) else kind


def line_range(node: tree_sitter.Node) -> tuple[int, int]:
    """A node that ends with a line feed ends on the line before it."""
    first, end = node.start_point.row + 1, node.end_point
    return first, max(first, end.row if end.column == 0 else end.row + 1)


def _signature_last_line(node: tree_sitter.Node, first: int, last: int) -> int:
    holder = node.child_by_field_name("value") or node.child_by_field_name("right") or node
    body = holder.child_by_field_name("body")
    if body is None:
        return first
    line = body.start_point.row + 1
    opens_block = body.type.endswith(("_block", "_statement", "_list", "_body", "block")) and _opens(body)
    return max(first, min(last, line if opens_block else line - 1))


def _opens(body: tree_sitter.Node) -> bool:
    return body.child_count > 0 and body.child(0).type == "{"


def _name(node: tree_sitter.Node) -> str:
    """The name that a definition gives, with its receiver or scope where the definition itself states one."""
    if node.type == "singleton_class":
        return "<<self"
    named = node.child_by_field_name("name") or node.child_by_field_name("property") or node.child_by_field_name("key")
    if node.type == "impl_item":
        named = node.child_by_field_name("type")
    elif node.type in ("assignment", "assignment_expression"):
        named = node.child_by_field_name("left")
    name = _plain_name(node_text(named)) if named is not None else _declared_name(node)
    receiver = node.child_by_field_name("receiver") if node.type == "method_declaration" else None
    if receiver is not None and (found := _RECEIVER.search(node_text(receiver))):
        return f"{found.group(1)}.{name}"
    return name


def _declared_name(node: tree_sitter.Node) -> str:
    """The name inside a C declarator such as `*(*table[3])(int)`."""
    inner: tree_sitter.Node | None = node
    declared = None
    while inner is not None:
        declared, inner = inner, inner.child_by_field_name("declarator")
        if inner is None and declared.type == "parenthesized_declarator" and declared.named_child_count:
            inner = declared.named_child(declared.named_child_count - 1)
        if inner is None and declared.type == "variable_declarator":
            inner = declared.child_by_field_name("name")
        if inner is None and declared.type == "reference_declarator" and declared.named_child_count:
            inner = declared.named_child(0)
    return _plain_name(node_text(declared)) if declared is not None and declared is not node else ""


def _plain_name(text: str) -> str:
    if text.startswith("operator"):
        return text
    text = _JS_PREFIX.sub("", _GENERICS.sub("", text.strip("'\"`"))).replace(".prototype.", ".")
    text = ".".join(part.strip() for part in text.replace("::", ".").split(".") if part.strip())
    return text if len(text) <= 120 and "\n" not in text else ""


def node_text(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
