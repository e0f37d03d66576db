"""Values of the domain as plain JSON and back, so that what is read is equal to what was stored.

Fields that a later version adds have their default in what an earlier one stored, and fields it does not know are
passed over: two versions can share a database for as long as an update takes.
"""

from __future__ import annotations

import dataclasses
import json
import types
import zlib
from collections.abc import Collection, Mapping
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

_Value = TypeVar("_Value")


def as_json(value: object) -> str:
    """ASCII only: NUL and lone surrogates are escaped, and any database takes it."""
    return json.dumps(_plain(value), ensure_ascii=True, separators=(",", ":"))


def from_json(kind: type[_Value], text: str) -> _Value:
    """The value of this dataclass that was written by `as_json`."""
    made = _value(kind, json.loads(text))
    assert isinstance(made, kind), f"{kind.__name__} was read"
    return made


def packed(value: object) -> bytes:
    """The same in a fraction of the room."""
    return zlib.compress(as_json(value).encode("ascii"), 6)


def unpacked(kind: type[_Value], body: bytes) -> _Value:
    return from_json(kind, zlib.decompress(body).decode("ascii"))


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Decimal):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((_plain(one) for one in value), key=repr)
    if isinstance(value, Collection):
        return [_plain(one) for one in value]
    raise TypeError(f"a {type(value).__name__} cannot be stored")


def _value(kind: Any, plain: Any) -> Any:
    """`kind` is a type as it stands at a field of a dataclass."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return None if plain is None else _value(next(one for one in get_args(kind) if one is not type(None)), plain)
    if origin is tuple:
        kinds = get_args(kind)
        if kinds[-1] is ...:
            return tuple(_value(kinds[0], one) for one in plain)
        return tuple(_value(one_kind, one) for one_kind, one in zip(kinds, plain, strict=True))
    if origin in (frozenset, set):
        return origin(_value(get_args(kind)[0], one) for one in plain)
    if origin in (dict, Mapping):
        return {_value(get_args(kind)[0], key): _value(get_args(kind)[1], one) for key, one in plain.items()}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _value(hints[name], one) for name, one in plain.items() if name in hints})
    if kind is float:
        return float(plain)
    return kind(plain) if isinstance(kind, type) and not isinstance(plain, kind) else plain


@cache
def _hints(kind: type[Any]) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind) if field.init}
