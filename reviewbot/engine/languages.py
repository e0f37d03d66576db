"""The table of programming languages that a change is read in: what their syntax trees call things.

Node names are those of the official tree-sitter grammars. A capture named `def` is a definition, `wrap` a node
around one that belongs to it (decorators, `export`), `lead` one that stands before it (attributes), `imp` an import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from reviewbot.engine import common_words


@dataclass(frozen=True, slots=True)
class Language:
    """How one language is parsed and what is worth knowing of its trees.

    `family` joins languages that call each other by the same names. `kinds` maps node types to the kind of symbol,
    `stop_words` are names so common that looking them up tells nothing.
    """

    name: str
    family: str
    grammar: str
    entry: str
    definitions: str
    identifiers: str
    kinds: Mapping[str, str]
    stop_words: frozenset[str] = frozenset()


_PYTHON = Language(
    name="python",
    family="python",
    grammar="tree_sitter_python",
    entry="language",
    definitions="""
      [(function_definition) (class_definition) (type_alias_statement)] @def
      (module (expression_statement (assignment left: (identifier)) @def))
      (class_definition body: (block (expression_statement (assignment left: (identifier)) @def)))
      (decorated_definition) @wrap
      [(import_statement) (import_from_statement) (future_import_statement)] @imp
    """,
    identifiers="(identifier) @name",
    kinds={
        "function_definition": "function",
        "class_definition": "class",
        "assignment": "constant",
        "type_alias_statement": "type",
    },
    stop_words=common_words.PYTHON,
)

_JS_KINDS = {
    "function_declaration": "function",
    "generator_function_declaration": "function",
    "function_signature": "function",
    "class_declaration": "class",
    "class": "class",
    "method_definition": "method",
    "variable_declarator": "function",
    "assignment_expression": "function",
    "pair": "function",
    "field_definition": "method",
    "public_field_definition": "method",
    "abstract_class_declaration": "class",
    "abstract_method_signature": "method",
    "method_signature": "method",
    "interface_declaration": "interface",
    "type_alias_declaration": "type",
    "enum_declaration": "enum",
    "internal_module": "namespace",
}
_JS_FUNCTIONS = "[(arrow_function) (function_expression) (generator_function)]"
_JS_DEFINITIONS = f"""
  [(function_declaration) (generator_function_declaration) (class_declaration) (method_definition)] @def
  (variable_declarator name: (identifier) value: {_JS_FUNCTIONS}) @def
  (assignment_expression right: {_JS_FUNCTIONS}) @def
  (pair value: {_JS_FUNCTIONS}) @def
  (program (lexical_declaration (variable_declarator name: (identifier)) @const))
  (program (export_statement (lexical_declaration (variable_declarator name: (identifier)) @const)))
  (program (variable_declaration (variable_declarator name: (identifier)) @const))
  (decorator) @lead
  (export_statement declaration: (_)) @wrap
  (export_statement source: (_)) @imp
  (import_statement) @imp
  ((lexical_declaration (variable_declarator value: (call_expression function: (identifier) @_fn))) @imp
   (#eq? @_fn "require"))
  ((variable_declaration (variable_declarator value: (call_expression function: (identifier) @_fn))) @imp
   (#eq? @_fn "require"))
"""
_TS_DEFINITIONS = f"""
  {_JS_DEFINITIONS}
  (public_field_definition value: {_JS_FUNCTIONS}) @def
  [(abstract_class_declaration) (abstract_method_signature) (interface_declaration) (type_alias_declaration)
   (enum_declaration) (function_signature) (internal_module)] @def
"""
_JS_IDENTIFIERS = (
    "[(identifier) (property_identifier) (shorthand_property_identifier) (shorthand_property_identifier_pattern) "
    "(private_property_identifier)] @name"
)


def _script(name: str, grammar: str, entry: str, definitions: str, identifiers: str) -> Language:
    return Language(name, "javascript", grammar, entry, definitions, identifiers, _JS_KINDS, common_words.JAVASCRIPT)


_JAVASCRIPT = _script(
    "javascript",
    "tree_sitter_javascript",
    "language",
    _JS_DEFINITIONS + f"(field_definition value: {_JS_FUNCTIONS}) @def",
    _JS_IDENTIFIERS,
)
_TS_IDENTIFIERS = _JS_IDENTIFIERS.replace("[", "[(type_identifier) ", 1)
_TYPESCRIPT = _script("typescript", "tree_sitter_typescript", "language_typescript", _TS_DEFINITIONS, _TS_IDENTIFIERS)
_TSX = _script("tsx", "tree_sitter_typescript", "language_tsx", _TS_DEFINITIONS, _TS_IDENTIFIERS)

_GO = Language(
    name="go",
    family="go",
    grammar="tree_sitter_go",
    entry="language",
    definitions="""
      [(function_declaration) (method_declaration) (type_spec) (type_alias) (const_spec) (method_elem)] @def
      (source_file (var_declaration (var_spec) @def))
      (source_file (var_declaration (var_spec_list (var_spec) @def)))
      (import_declaration) @imp
    """,
    identifiers="[(identifier) (field_identifier) (type_identifier)] @name",
    kinds={
        "function_declaration": "function",
        "method_declaration": "method",
        "method_elem": "method",
        "type_spec": "type",
        "type_alias": "type",
        "const_spec": "constant",
        "var_spec": "constant",
    },
    stop_words=common_words.GO,
)

_JAVA = Language(
    name="java",
    family="java",
    grammar="tree_sitter_java",
    entry="language",
    definitions="""
      [(class_declaration) (interface_declaration) (enum_declaration) (record_declaration)
       (annotation_type_declaration) (method_declaration) (constructor_declaration)
       (compact_constructor_declaration) (field_declaration)] @def
      [(import_declaration) (package_declaration)] @imp
    """,
    identifiers="[(identifier) (type_identifier)] @name",
    kinds={
        "class_declaration": "class",
        "interface_declaration": "interface",
        "enum_declaration": "enum",
        "record_declaration": "class",
        "annotation_type_declaration": "interface",
        "method_declaration": "method",
        "constructor_declaration": "method",
        "compact_constructor_declaration": "method",
        "field_declaration": "constant",
    },
    stop_words=common_words.JAVA,
)

_C_DEFINITIONS = """
  [(function_definition) (preproc_def) (preproc_function_def) (type_definition)] @def
  (struct_specifier name: (_) body: (_)) @def
  (union_specifier name: (_) body: (_)) @def
  (enum_specifier name: (_) body: (_)) @def
  (translation_unit (declaration declarator: (init_declarator)) @def)
  (preproc_include) @imp
"""
_C_KINDS = {
    "function_definition": "function",
    "preproc_def": "macro",
    "preproc_function_def": "macro",
    "type_definition": "type",
    "struct_specifier": "class",
    "union_specifier": "class",
    "enum_specifier": "enum",
    "declaration": "constant",
    "class_specifier": "class",
    "namespace_definition": "namespace",
    "alias_declaration": "type",
    "concept_definition": "type",
}
_C_IDENTIFIERS = "[(identifier) (field_identifier) (type_identifier)] @name"
_C = Language("c", "c", "tree_sitter_c", "language", _C_DEFINITIONS, _C_IDENTIFIERS, _C_KINDS, common_words.C)
_CPP = Language(
    "cpp",
    "c",
    "tree_sitter_cpp",
    "language",
    _C_DEFINITIONS
    + """
      (class_specifier name: (_) body: (_)) @def
      [(namespace_definition) (alias_declaration) (concept_definition)] @def
      (template_declaration) @wrap
      (using_declaration) @imp
    """,
    _C_IDENTIFIERS.replace("[", "[(namespace_identifier) ", 1),
    _C_KINDS,
    common_words.C,
)

_RUBY = Language(
    name="ruby",
    family="ruby",
    grammar="tree_sitter_ruby",
    entry="language",
    definitions="""
      [(method) (singleton_method) (class) (module) (singleton_class)] @def
      (assignment left: (constant)) @def
      ((call method: (identifier) @_fn) @imp
       (#any-of? @_fn "require" "require_relative" "load" "autoload" "include" "extend" "prepend"))
    """,
    identifiers="[(identifier) (constant) (instance_variable) (class_variable) (global_variable)] @name",
    kinds={
        "method": "function",
        "singleton_method": "method",
        "class": "class",
        "module": "module",
        "singleton_class": "scope",
        "assignment": "constant",
    },
    stop_words=common_words.RUBY,
)

_RUST = Language(
    name="rust",
    family="rust",
    grammar="tree_sitter_rust",
    entry="language",
    definitions="""
      [(function_item) (function_signature_item) (struct_item) (enum_item) (union_item) (trait_item) (impl_item)
       (mod_item) (type_item) (const_item) (static_item) (macro_definition)] @def
      (attribute_item) @lead
      [(use_declaration) (extern_crate_declaration)] @imp
    """,
    identifiers="[(identifier) (field_identifier) (type_identifier) (shorthand_field_identifier)] @name",
    kinds={
        "function_item": "function",
        "function_signature_item": "function",
        "struct_item": "class",
        "enum_item": "enum",
        "union_item": "class",
        "trait_item": "interface",
        "impl_item": "impl",
        "mod_item": "module",
        "type_item": "type",
        "const_item": "constant",
        "static_item": "constant",
        "macro_definition": "macro",
    },
    stop_words=common_words.RUST,
)

_BY_SUFFIX: dict[str, Language] = {
    **dict.fromkeys((".py", ".pyi", ".pyw"), _PYTHON),
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), _JAVASCRIPT),
    **dict.fromkeys((".ts", ".mts", ".cts"), _TYPESCRIPT),
    ".tsx": _TSX,
    ".go": _GO,
    ".java": _JAVA,
    **dict.fromkeys((".c", ".h"), _C),
    **dict.fromkeys((".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".inl", ".ipp"), _CPP),
    **dict.fromkeys((".rb", ".rake", ".gemspec", ".ru"), _RUBY),
    ".rs": _RUST,
}
_BY_NAME = {"Rakefile": _RUBY, "Gemfile": _RUBY, "SConstruct": _PYTHON}
_CPP_HEADER = re.compile(rb"^\s*(?:class\s+\w+|namespace\s+\w+|template\s*<|using\s+\w+|(?:public|private)\s*:)", re.M)


def language_of(path: str, source: bytes = b"") -> Language | None:
    """The language of a file by its name; a `.h` is C++ where `source` shows it to be."""
    name = PurePosixPath(path)
    language = _BY_SUFFIX.get(name.suffix.lower()) or _BY_NAME.get(name.name)
    if name.suffix.lower() == ".h" and _CPP_HEADER.search(source):
        return _CPP
    return language
