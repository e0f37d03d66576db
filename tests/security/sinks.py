"""Everything that leaves reviewbot or is kept by it, as text: what a secret must not be found in."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.fakes.github import World
from tests.fakes.llm import FakeService

FRAGMENT = 12


def written_to_github(world: World) -> str:
    """The bodies of all requests that write, and the addresses of all that do anything."""
    return "\n".join(
        [json.dumps(call.body, ensure_ascii=False) for call in world.calls.writes]
        + [f"{call.path} {json.dumps(call.query)}" for call in world.calls]
    )


def sent_to_models(model: FakeService) -> str:
    return json.dumps(model.requests, ensure_ascii=False)


def kept_in_database(folder: Path, *left_out: str) -> str:
    """The rows of all tables but those that are named, as SQL."""
    texts = []
    for path in sorted(folder.glob("*.db")):
        with sqlite3.connect(path) as connection:
            texts += [line for line in connection.iterdump() if not line.startswith(tuple(_inserts(left_out)))]
    return "\n".join(texts)


def _inserts(tables: Iterable[str]) -> Iterator[str]:
    for table in tables:
        yield f'INSERT INTO "{table}"'


def leaks(secret: str, text: str) -> list[str]:
    """Fragments of a secret in a text: as it is, turned round, in base64 and in hex, whatever case those are in."""
    forms = {
        "plain": secret,
        "reversed": secret[::-1],
        "hex": secret.encode().hex(),
        **{f"base64 from {at}": base64.b64encode(secret.encode()[at:]).decode().rstrip("=")[:-2] for at in range(3)},
    }
    lowered, joined = text.lower(), "".join(text.split())
    return [
        f"{name}: {form[at : at + FRAGMENT]}"
        for name, form in forms.items()
        for at in range(max(1, len(form) - FRAGMENT + 1))
        if (form[at : at + FRAGMENT] in joined if name != "hex" else form[at : at + FRAGMENT] in lowered)
    ]
