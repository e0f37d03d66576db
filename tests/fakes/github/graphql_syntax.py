"""As much of GraphQL's grammar as queries of a client need: operations, fragments, variables, literals."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKENS = re.compile(r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\])*"|\.\.\.|-?\d+\.\d+|-?\d+|[_A-Za-z]\w*|[{}()\[\]:,!$=@|]')
_SKIPPED = re.compile(r"#[^\n]*")


class GraphqlError(Exception):
    """An error of the answer; `is_unknown` where the client asked for something that does not exist."""

    def __init__(self, message: str, kind: str, field: str = "", is_unknown: bool = False) -> None:
        super().__init__(message)
        self.kind, self.field, self.is_unknown = kind, field, is_unknown


@dataclass
class Field:
    """One field that was asked for. `on_type` is the type condition of the fragment that it stood in."""

    name: str
    alias: str
    arguments: dict[str, Any] = field(default_factory=dict)
    fields: list[Field] = field(default_factory=list)
    on_type: str = ""


@dataclass
class Operation:
    kind: str
    fields: list[Field]


def parse(query: str, variables: Mapping[str, Any]) -> Operation:
    """The operation of a document; raises GraphqlError."""
    try:
        return _Parser(query, variables).document()
    except IndexError as error:
        raise GraphqlError("Unexpected end of document", "parse", is_unknown=True) from error


class _Parser:
    def __init__(self, query: str, variables: Mapping[str, Any]) -> None:
        self._tokens = [token for token in _TOKENS.findall(_SKIPPED.sub("", query)) if token != ","]
        self._at = 0
        self._variables = dict(variables)
        self._fragments: dict[str, list[Field]] = {}

    def document(self) -> Operation:
        self._find_fragments()
        kind = "query"
        if self._peek() != "{":
            kind = self._next()
            if self._peek() not in ("{", "("):
                self._next()
            if self._peek() == "(":
                self._defaults()
        if kind not in ("query", "mutation"):
            raise GraphqlError(f"Expected a query or a mutation, actual: {kind}", "parse", is_unknown=True)
        return Operation(kind, self._selection(""))

    def _find_fragments(self) -> None:
        while "fragment" in self._tokens:
            start = self._tokens.index("fragment")
            name, on_type = self._tokens[start + 1], self._tokens[start + 3]
            end, depth = start + 4, 0
            while True:
                depth += {"{": 1, "}": -1}.get(self._tokens[end], 0)
                end += 1
                if depth == 0:
                    break
            inner = _Parser("", self._variables)
            inner._tokens, inner._fragments = self._tokens[start + 4 : end], self._fragments
            self._fragments[name] = inner._selection(on_type)
            del self._tokens[start:end]

    def _defaults(self) -> None:
        self._expect("(")
        while self._peek() != ")":
            self._expect("$")
            name = self._next()
            self._expect(":")
            is_required = self._type()
            if self._peek() == "=":
                self._next()
                self._variables.setdefault(name, self._value())
            elif is_required and self._variables.get(name) is None:
                message = f"Variable ${name} was provided invalid value"
                raise GraphqlError(message, "INVALID_VARIABLE", is_unknown=True)
        self._expect(")")

    def _type(self) -> bool:
        token = self._next()
        if token == "[":
            self._type()
            self._expect("]")
        if self._peek() == "!":
            self._next()
            return True
        return False

    def _selection(self, on_type: str) -> list[Field]:
        fields: list[Field] = []
        self._expect("{")
        while self._peek() != "}":
            if self._peek() == "...":
                fields.extend(self._fragment(on_type))
            else:
                fields.append(self._field(on_type))
        self._expect("}")
        return fields

    def _fragment(self, on_type: str) -> list[Field]:
        self._expect("...")
        if self._peek() == "on":
            self._next()
            return self._selection(self._next())
        if self._peek() == "{":
            return self._selection(on_type)
        name = self._next()
        if name not in self._fragments:
            raise GraphqlError(f"Fragment {name} was used, but not defined", "parse", is_unknown=True)
        return self._fragments[name]

    def _field(self, on_type: str) -> Field:
        name = alias = self._next()
        if self._peek() == ":":
            self._next()
            name = self._next()
        made = Field(name, alias, on_type=on_type)
        if self._peek() == "(":
            self._next()
            while self._peek() != ")":
                argument = self._next()
                self._expect(":")
                made.arguments[argument] = self._value()
            self._expect(")")
        if self._peek() == "{":
            made.fields = self._selection("")
        return made

    def _value(self) -> Any:
        token = self._next()
        if token == "$":
            return self._variables.get(self._next())
        if token == "{":
            content = {}
            while self._peek() != "}":
                name = self._next()
                self._expect(":")
                content[name] = self._value()
            self._expect("}")
            return content
        if token == "[":
            items = []
            while self._peek() != "]":
                items.append(self._value())
            self._expect("]")
            return items
        if token.startswith('"""'):
            return token[3:-3]
        if token.startswith('"') or token in ("true", "false", "null") or re.fullmatch(r"-?\d+(\.\d+)?", token):
            return json.loads(token)
        return token

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else "end"

    def _next(self) -> str:
        token: str = self._tokens[self._at]
        self._at += 1
        return token

    def _expect(self, wanted: str) -> None:
        token = self._next()
        if token != wanted:
            raise GraphqlError(f"Expected {wanted}, actual: {token}", "parse", is_unknown=True)
