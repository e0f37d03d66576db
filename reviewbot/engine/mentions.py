"""What the rest of the repository has to do with a change: definitions it relies on, users of what it touches."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from reviewbot.engine.file_kinds import is_noise, is_prose, is_test
from reviewbot.engine.languages import Language, language_of
from reviewbot.engine.pieces import ContextPiece, PieceKind, cut, numbered
from reviewbot.engine.sources import ChangedFile, SourceFile, Sources
from reviewbot.engine.symbols import Symbol
from reviewbot.engine.wanted import ChangedSymbol, UsedWord, WantedWords, wanted_words
from reviewbot.ports import GrepHit

_MAX_HITS = 2500
_MAX_HITS_OF_A_WORD = 200
_MAX_HITS_OF_A_KEY = 60
_MAX_HITS_OF_A_METHOD = 60
_MAX_USES = 5
_MAX_USES_IN_A_FILE = 2
_MAX_DEFINITIONS = 20
_MAX_RIVALS = 3
_LONGEST_DEFINITION = 40
_COMMENT = re.compile(r"\s*(?:#(?!\s*(?:define|if|include))|//|/\*|\*|--|<!--|\"\"\")")
_IMPORT = re.compile(r"\s*(?:import|from|use|using|require|#\s*include)\b")
_DEFINING = r"""(?:\b(?:def|class|func|fn|function\*?|interface|type|struct|enum|union|trait|module|mod|const|static|let
|var|record|namespace|macro_rules!|\#\s*define)\s+(?:\([^)]*\)\s*|self\.|(?:\w+\.)+)?{word}\b
|^\s*(?:export\s+)?{word}\s*(?::[^=]+)?=(?!=)
|^(?:[\w*&<>:,\[\]]+\s+[*&]?)+(?:\w+::)?{word}\s*\([^;]*$
|^\s+(?:(?:public|private|protected|static|final|async|override|abstract)\s+)*(?:[\w<>\[\],.]+\s+)?{word}\s*\([^;]*\{{\s*$
|^\s+(?:public|private|protected|static|final).*\b{word}\s*[=(])"""


def related_pieces(files: Sequence[ChangedFile], head: Sources) -> list[ContextPiece]:
    """Uses, definitions and mentions, found by one search over the head."""
    wanted = wanted_words(files)
    hits = _searched(head, wanted.words) if wanted.words else {}
    hits = {word: of_word for word, of_word in hits.items() if len(of_word) <= _MAX_HITS_OF_A_WORD}
    changed = {file.path: file for file in files}
    pieces = [piece for symbol in wanted.symbols if (piece := _uses(symbol, hits.get(symbol.word, []), changed, head))]
    pieces += _definitions(wanted, hits, files, head)
    pieces += [piece for key, path in wanted.keys if (piece := _mentions(key, path, hits.get(key, []), changed))]
    return pieces


def _searched(head: Sources, words: Sequence[str]) -> dict[str, list[GrepHit]]:
    """Hits for each word; a search that common words filled up is made once more without them."""
    found = head.grep(words, _MAX_HITS)
    hits = _hits_by_word(found, words)
    if len(found) < _MAX_HITS:
        return hits
    common = {word for word, of_word in hits.items() if len(of_word) > _MAX_HITS_OF_A_WORD}
    rest = [word for word in words if word not in common]
    return _hits_by_word(head.grep(rest, _MAX_HITS), rest) if common and rest else hits


def _hits_by_word(hits: Sequence[GrepHit], words: Sequence[str]) -> dict[str, list[GrepHit]]:
    """Hits outside noisy files for each word."""
    alternatives = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    pattern = re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)")
    found: dict[str, list[GrepHit]] = {}
    noisy: dict[str, bool] = {}
    for hit in hits:
        if hit.path not in noisy:
            noisy[hit.path] = is_noise(hit.path)
        if not noisy[hit.path]:
            for word in sorted(set(pattern.findall(hit.text[:2000]))):
                found.setdefault(word, []).append(hit)
    return found


def _uses(
    changed: ChangedSymbol, hits: Sequence[GrepHit], files: dict[str, ChangedFile], head: Sources
) -> ContextPiece | None:
    defining = _defining_pattern(changed.word)
    own = _own_range(changed, files)
    near_only = len(hits) > _MAX_HITS_OF_A_METHOD and not changed.is_removed
    found = [
        hit
        for hit in hits
        if _same_family(hit.path, changed.language)
        and not (hit.path == changed.path and hit.line in own)
        and not _is_shown(hit, files)
        and not _COMMENT.match(hit.text)
        and not defining.search(hit.text[:500])
        and (not near_only or _distance(hit.path, changed.path) < 2)
    ]
    found.sort(key=lambda hit: (bool(_IMPORT.match(hit.text)), *_rank(hit.path, changed.path), hit.line))
    chosen = _spread(found)
    if not chosen:
        return None
    lines = [_use_line(hit, head) for hit in chosen]
    if len(found) > len(chosen):
        lines.append(f"… and {len(found) - len(chosen)} more")
    if changed.is_removed:
        lines.insert(0, f"{changed.symbol.name} is no longer defined in {changed.path}, but these lines name it:")
    symbol = changed.symbol
    return ContextPiece(
        PieceKind.USES, changed.path, symbol.first_line, symbol.last_line, "\n".join(lines), symbol=symbol.name
    )


def _own_range(changed: ChangedSymbol, files: dict[str, ChangedFile]) -> range:
    file = files.get(changed.path)
    definitions = file.head.definitions if file is not None and file.head is not None else []
    now = next((symbol for symbol in definitions if symbol.name == changed.symbol.name), None)
    return range(now.first_line, now.last_line + 1) if now is not None else range(0)


def _spread(hits: Sequence[GrepHit]) -> list[GrepHit]:
    """The first hits, few of each file."""
    in_file = Counter[str]()
    chosen: list[GrepHit] = []
    for hit in hits:
        in_file[hit.path] += 1
        if in_file[hit.path] <= _MAX_USES_IN_A_FILE and len(chosen) < _MAX_USES:
            chosen.append(hit)
    return chosen


def _use_line(hit: GrepHit, head: Sources) -> str:
    source = head.foreign(hit.path)
    symbol = source.tree.enclosing(hit.line) if source is not None and source.tree is not None else None
    where = f"  (in {symbol.name})" if symbol is not None else ""
    return f"{hit.path}:{hit.line}: {cut(hit.text.strip())}{where}"


def _definitions(
    wanted: WantedWords, hits: dict[str, list[GrepHit]], files: Sequence[ChangedFile], head: Sources
) -> list[ContextPiece]:
    found: dict[tuple[str, int], ContextPiece] = {}
    changed = {file.path: file for file in files}
    for used in wanted.used:
        if len(found) >= _MAX_DEFINITIONS:
            break
        located = _definition_of(used, hits.get(used.word, []), head)
        if located is not None:
            source, symbol = located
            shown = changed[source.path].shown_head if source.path in changed else frozenset()
            if symbol.first_line not in shown:
                found.setdefault((source.path, symbol.first_line), _definition_piece(source, symbol))
    return list(found.values())


def _definition_of(used: UsedWord, hits: Sequence[GrepHit], head: Sources) -> tuple[SourceFile, Symbol] | None:
    """Where a name is defined: in its own file, else in the nearest file; None where too many define it."""
    own = used.file.head
    if own is not None:
        symbol = next((symbol for symbol in own.definitions if symbol.word == used.word), None)
        if symbol is not None:
            return own, symbol
    source = own or used.file.base
    language = source.language if source is not None else None
    if language is None:
        return None
    defining = _defining_pattern(used.word)
    likely = [hit for hit in hits if _same_family(hit.path, language) and defining.search(hit.text[:500])]
    likely = [hit for hit in likely if not _COMMENT.match(hit.text) and hit.path != used.file.path]
    if not is_test(used.file.path):
        likely = [hit for hit in likely if not is_test(hit.path)]
    likely.sort(key=lambda hit: (*_rank(hit.path, used.file.path), hit.line))
    if len({hit.path for hit in likely}) > _MAX_RIVALS and _distance(likely[0].path, used.file.path) > 1:
        return None
    for hit in likely[:_MAX_RIVALS]:
        source = head.foreign(hit.path)
        for symbol in source.definitions if source is not None else ():
            if symbol.word == used.word and symbol.first_line <= hit.line <= symbol.last_line:
                assert source is not None, "only a file that was read has definitions"
                return source, symbol
    return None


def _definition_piece(source: SourceFile, symbol: Symbol) -> ContextPiece:
    last = min(symbol.last_line, symbol.first_line + _LONGEST_DEFINITION - 1)
    text = numbered(source.lines, [(symbol.first_line, last)])
    if last < symbol.last_line:
        text += f"\n      … to line {symbol.last_line}"
    return ContextPiece(PieceKind.DEFINITION, source.path, symbol.first_line, last, text, symbol=symbol.name)


def _mentions(key: str, path: str, hits: Sequence[GrepHit], files: dict[str, ChangedFile]) -> ContextPiece | None:
    """Other places with the same key; code and configuration before prose, prose before tests."""
    found = [hit for hit in hits if not _is_shown(hit, files)]
    if not found or len(found) > _MAX_HITS_OF_A_KEY:
        return None
    found.sort(key=lambda hit: (is_prose(hit.path), *_rank(hit.path, path), hit.line))
    lines = [f"{hit.path}:{hit.line}: {cut(hit.text.strip())}" for hit in _spread(found)]
    if len(found) > len(lines):
        lines.append(f"… and {len(found) - len(lines)} more")
    return ContextPiece(PieceKind.MENTIONS, path, 0, 0, "\n".join(lines), symbol=key)


def _defining_pattern(word: str) -> re.Pattern[str]:
    return re.compile(_DEFINING.replace("\n", "").format(word=re.escape(word)))


def _same_family(path: str, language: Language) -> bool:
    other = language_of(path)
    return other is not None and other.family == language.family


def _is_shown(hit: GrepHit, files: dict[str, ChangedFile]) -> bool:
    return hit.path in files and hit.line in files[hit.path].shown_head


def _rank(path: str, origin: str) -> tuple[bool, int, str]:
    return (is_test(path), _distance(path, origin), path)


def _distance(path: str, origin: str) -> int:
    """0 for the same file, 1 for the same directory, 2 for the rest."""
    if path == origin:
        return 0
    return 1 if PurePosixPath(path).parent == PurePosixPath(origin).parent else 2
