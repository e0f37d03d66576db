"""The words of a change that are worth looking up in the rest of the repository."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from reviewbot.engine.file_kinds import is_prose, is_test
from reviewbot.engine.languages import Language
from reviewbot.engine.sources import ChangedFile, SourceFile
from reviewbot.engine.symbols import Symbol

_MAX_WORDS = 40
_MAX_SYMBOLS = 14
_MAX_KEYS = 8
_SHORTEST_WORD = 3
_MAX_USED = 18
_LEAST_SCORE = 5.0
_QUALIFIER = re.compile(r"(\w+)\.")
_CALL = re.compile(r"(\w+)\s*(?:::<[^>]*>)?\(")
_ENVIRONMENT_NAME = re.compile(r"(?<!\w)[A-Z][A-Z0-9]*_[A-Z0-9_]+(?!\w)")
_STRING_KEY = re.compile(r"""["'`]([A-Za-z][\w.-]*[_.-][\w.-]*\w)["'`]""")
_CONFIG_KEY = re.compile(r"""^\s*(?:-\s+)?["']?([A-Za-z_][\w.-]*)["']?\s*[:=]""")
_SQL_WORD = re.compile(r"(?<!\w)[a-z][a-z0-9]*_[a-z0-9_]+(?!\w)")
_CONFIG_SUFFIXES = frozenset(
    ".yaml .yml .json .toml .ini .cfg .conf .env .properties .tf .hcl .proto .xml .graphql .json5".split()
)
_COMMON_KEYS = frozenset(
    "name type version description default value values key keys path paths true false null enabled title id url "
    "items properties required license author scripts main files dependencies steps uses run with env utf-8".split()
)


@dataclass(frozen=True, slots=True)
class ChangedSymbol:
    """A symbol that the change defines, modifies or removes."""

    path: str
    symbol: Symbol
    is_removed: bool
    weight: int
    language: Language

    @property
    def word(self) -> str:
        """What its users write: the class for a constructor."""
        parts = self.symbol.name.split(".")
        is_constructor = parts[-1] in ("__init__", "__new__", "constructor", "initialize", "new") and len(parts) > 1
        return parts[-2] if is_constructor else parts[-1]


@dataclass(frozen=True, slots=True)
class UsedWord:
    """A name that stands on a changed line of `file`."""

    word: str
    file: ChangedFile
    score: float

    @property
    def is_local(self) -> bool:
        """Whether its own file defines it, so that nothing has to be looked up."""
        return self.file.head is not None and any(s.word == self.word for s in self.file.head.definitions)


@dataclass(frozen=True, slots=True)
class WantedWords:
    """What to look up: each word in one of the three groups only."""

    symbols: tuple[ChangedSymbol, ...]
    used: tuple[UsedWord, ...]
    keys: tuple[tuple[str, str], ...]

    @property
    def words(self) -> list[str]:
        """All of them, for one search."""
        words = [symbol.word for symbol in self.symbols] + [used.word for used in self.used if not used.is_local]
        return sorted({*words, *(key for key, _ in self.keys)})


def wanted_words(files: Sequence[ChangedFile]) -> WantedWords:
    """At most 40 words: changed symbols first, then keys, then the most telling names used."""
    symbols = _first_by_word(
        sorted(
            (symbol for file in files for symbol in _changed_symbols(file)),
            key=lambda changed: (-changed.weight, changed.path, changed.symbol.first_line),
        )
    )[:_MAX_SYMBOLS]
    taken = {symbol.word for symbol in symbols}
    keys: dict[str, str] = {}
    for file in files:
        for key in _keys(file):
            if key not in taken and key.lower() not in _COMMON_KEYS and len(key) >= _SHORTEST_WORD:
                keys.setdefault(key, file.path)
    chosen_keys = tuple(sorted(keys.items(), key=lambda pair: (-len(pair[0]), pair[0]))[:_MAX_KEYS])
    taken |= {key for key, _ in chosen_keys}
    best: dict[str, UsedWord] = {}
    product = [file for file in files if not is_test(file.path)] or files
    for used in (used for file in product for used in _used_words(file)):
        if used.word not in taken and (used.word not in best or best[used.word].score < used.score):
            best[used.word] = used
    room = min(_MAX_USED, _MAX_WORDS - len(taken))
    chosen_words = sorted(best.values(), key=lambda used: (-used.score, used.word))[:room]
    return WantedWords(tuple(symbols), tuple(chosen_words), chosen_keys)


def _first_by_word(symbols: Iterable[ChangedSymbol]) -> list[ChangedSymbol]:
    found: dict[str, ChangedSymbol] = {}
    for changed in symbols:
        found.setdefault(changed.word, changed)
    return list(found.values())


def _changed_symbols(file: ChangedFile) -> list[ChangedSymbol]:
    """Nobody calls a test, so symbols of test files are left out."""
    if is_test(file.path):
        return []
    found = []
    head_words = {symbol.word for symbol in file.head.definitions} if file.head is not None else set()
    for source, lines, is_base in ((file.head, file.added | file.gaps, False), (file.base, file.removed, True)):
        if source is None or source.tree is None or source.language is None:
            continue
        for symbol in sorted(_symbols_at(source, lines)):
            is_removed = is_base and symbol.word not in head_words
            head_end = symbol.signature_last_line + 1
            touches_signature = any(line in lines for line in range(symbol.first_line, head_end))
            weight = 3 if is_removed else 2 if touches_signature else 1
            changed = ChangedSymbol(file.path, symbol, is_removed, weight, source.language)
            if _is_telling(changed.word, source.language):
                found.append(changed)
    return found


def _symbols_at(source: SourceFile, lines: frozenset[int]) -> set[Symbol]:
    """The innermost symbols at these lines, and constants of which a line is among them."""
    found = {symbol for line in lines if source.tree is not None and (symbol := source.tree.enclosing(line))}
    constants = {s for s in source.definitions if s.kind in ("constant", "type") and s.first_line in lines}
    return {symbol for symbol in found | constants if symbol.kind != "impl"}


def _is_telling(word: str, language: Language | None) -> bool:
    is_stop_word = language is not None and word in language.stop_words
    return len(word) >= _SHORTEST_WORD and not is_stop_word and not word.startswith("__") and word.isidentifier()


def _used_words(file: ChangedFile) -> list[UsedWord]:
    names = set[str]()
    language = None
    imported = set[str]()
    for source, lines in ((file.base, file.removed), (file.head, file.added)):
        if source is not None and source.tree is not None:
            language = source.language
            names |= source.tree.identifiers(lines)
            for first, last in source.tree.imports():
                imported.update(re.findall(r"\w+", " ".join(source.lines[first - 1 : last])))
    text = "\n".join(file.changed_texts)
    called = set(_CALL.findall(text))
    modules = {word for word in _QUALIFIER.findall(text) if word.islower() and word not in called}
    used = []
    for name in sorted(name for name in names - modules if _is_telling(name, language)):
        looks = 2.0 * _has_form(name) + 1.0 * name[:1].isupper()
        score = 4.0 * (name in imported) + 3.0 * (name in called) + looks
        if score >= _LEAST_SCORE:
            used.append(UsedWord(name, file, score + min(len(name), 20) / 20))
    return used


def _has_form(name: str) -> bool:
    """Whether a name has several parts (`load_all`, `LoadAll`): plain words are everywhere in a repository."""
    bare = name.strip("_")
    return "_" in bare or (not bare.islower() and not bare.isupper() and any(char.isupper() for char in bare[1:]))


def _keys(file: ChangedFile) -> set[str]:
    """Keys of configuration and schemas, names of environment variables, and strings that look like keys."""
    name = PurePosixPath(file.path)
    if is_prose(file.path) or is_test(file.path):
        return set()
    patterns = [_ENVIRONMENT_NAME, _STRING_KEY]
    if name.suffix.lower() in _CONFIG_SUFFIXES or name.name.startswith((".env", "Dockerfile")):
        patterns.append(_CONFIG_KEY)
    if name.suffix.lower() == ".sql":
        patterns.append(_SQL_WORD)
    return {key for text in file.changed_texts for pattern in patterns for key in pattern.findall(text)}
