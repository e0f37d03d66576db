"""Inputs made by damaging good ones: the same on every run, more of them where more are asked for."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

NASTY: tuple[bytes, ...] = (
    b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\r", b"\n", b"\r\n", b"\x1b[2J", b'"', b"'", b"\\", b"{",
    b"}", b"[", b"]", b":", b": ", b"- ", b"&a ", b"*a", b"<<: *a", b"!!python/object:os.system", b"!!binary |",
    b"%YAML 9.9\n", b"---\n", b"...\n", b"? ", b"|+9\n", b"@@ -1 +1 @@", b"@@ -0,0 +1,99999999999999999999 @@",
    b"diff --git a/x b/x\n", b"--- /dev/null\n", b"+++ b/../../x\n", b"GIT binary patch\n", b"rename from ",
    b"old mode 160000\n", b"Binary files ", b"\\ No newline at end of file\n", b"-1", b"0", b"1e999", b"NaN",
    b"Infinity", b"9" * 400, b"18446744073709551616", b"null", b"true", b"[" * 300, b"{\"a\":" * 300, b"2024-99-99",
    b"0o17", b"@reviewbot", b"review", b"ignore", b"because", b"/review", b"> ", b"```", b"<!--", b"-->", b"&#64;",
    b"&colon;", b"<details>", b"|", b"\t", b"\xc2\xa0", b"\xe2\x80\xa8", b"findings", b"severity", b"critical",
    b"\xf3\xa0\x81\x81", b"..", b"/", b"C:\\", b"file:///etc/passwd", b"${x}", b"{{x}}",
)  # fmt: skip

SCALARS: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**400, 0.5, -0.0, 1e308, "", " ", "x", "\0", "\ud800", "\u202e",
    "a" * 5000, "../../etc/passwd", "/", "critical", "RIGHT", "LEFT", [], {}, [[]], [None], {"": None}, "1", "NaN",
)  # fmt: skip


def damaged(seeds: Sequence[bytes], count: int, name: str) -> Iterator[bytes]:
    """So many byte strings, each a seed with one to six things done to it."""
    chance = random.Random(f"reviewbot {name}")
    for _ in range(count):
        made = chance.choice(seeds)
        for _ in range(chance.randint(1, 6)):
            made = _damage(made, seeds, chance)
        yield made[:60_000]


def _damage(text: bytes, seeds: Sequence[bytes], chance: random.Random) -> bytes:
    at = chance.randint(0, len(text))
    to = min(len(text), at + chance.choice((1, 1, 3, 20, 200)))
    match chance.randrange(8):
        case 0:
            return text[:at] + chance.choice(NASTY) + text[at:]
        case 1:
            return text[:at] + chance.choice(NASTY) + text[to:]
        case 2:
            return text[:at] + text[to:]
        case 3:
            return text[:at] + text[at:to] * chance.choice((2, 3, 50)) + text[to:]
        case 4:
            return text[:at] + bytes([chance.randrange(256)]) + text[at + 1 :]
        case 5:
            other = chance.choice(seeds)
            return text[:at] + other[chance.randint(0, len(other)) :]
        case 6:
            lines = text.split(b"\n")
            chance.shuffle(lines) if chance.random() < 0.3 else lines.insert(0, lines.pop(chance.randrange(len(lines))))
            return b"\n".join(lines)
        case _:
            return text[:at]


def rearranged(seeds: Sequence[Any], count: int, name: str) -> Iterator[Any]:
    """So many JSON values, each a seed in which values were replaced, taken away, moved or put into lists."""
    chance = random.Random(f"reviewbot {name}")
    for _ in range(count):
        made = json.loads(json.dumps(chance.choice(seeds)))
        for _ in range(chance.randint(1, 4)):
            made = _rearrange(made, chance)
        yield made


def _rearrange(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict) and value and chance.random() < 0.85:
        key = chance.choice(sorted(value))
        match chance.randrange(6):
            case 0:
                return {name: one for name, one in value.items() if name != key}
            case 1:
                return {**value, key: chance.choice(SCALARS)}
            case 2:
                return {**value, chance.choice(["x", "", "__class__", "$ref"]): value[key]}
            case _:
                return {**value, key: _rearrange(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.85:
        at = chance.randrange(len(value))
        match chance.randrange(4):
            case 0:
                return value * chance.choice((0, 2, 30))
            case 1:
                return [*value, chance.choice(SCALARS)]
            case _:
                return [*value[:at], _rearrange(value[at], chance), *value[at + 1 :]]
    return chance.choice((chance.choice(SCALARS), [value], {"value": value}))
