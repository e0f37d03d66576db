"""The batch interfaces of the fake model service: Anthropic's Message Batches, OpenAI's files and batches."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

_CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass
class Batch:
    """A batch as the service keeps it; `results` is None until it has ended."""

    name: str
    rows: list[dict[str, Any]]
    begun: datetime
    metadata: dict[str, str] = field(default_factory=dict)
    looks: int = 0
    is_cancelled: bool = False
    results: list[dict[str, Any]] | None = None


@dataclass
class Batches:
    """What the service does with batches, and what it was given.

    A batch has ended once it was looked at `looks_needed` times. `fate` says of each row `succeeded`, `expired` or the
    type of an error; rows that are not begun when a batch is cancelled are those of which `is_late` holds.
    """

    looks_needed: int = 1
    fate: Callable[[dict[str, Any]], str] = lambda row: "succeeded"
    is_late: Callable[[dict[str, Any]], bool] = lambda row: True
    drops_answers: int = 0
    fails_whole: bool = False
    forgets: bool = False
    known: dict[str, Batch] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    paid: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def serves(path: str) -> bool:
    return path.startswith(("/v1/messages/batches", "/v1/batches", "/v1/files"))


def handle(
    state: Batches,
    method: str,
    path: str,
    body: bytes,
    headers: Any,
    answer: Callable[[dict[str, Any]], dict[str, Any]],
) -> tuple[int, object] | None:
    """Status and content (bytes for a file); None for a connection that is dropped after the work was done."""
    with state.lock:
        return _handle(state, method, path.partition("?")[0], body, headers, answer)


def _handle(
    state: Batches,
    method: str,
    path: str,
    body: bytes,
    headers: Any,
    answer: Callable[[dict[str, Any]], dict[str, Any]],
) -> tuple[int, object] | None:
    parts = path.removeprefix("/v1/").split("/")
    is_claude = parts[0] == "messages"
    parts = parts[1:] if is_claude else parts
    if parts[0] == "files":
        return _files(state, method, parts, body, headers)
    show = _shown_by_anthropic if is_claude else _shown_by_openai
    if len(parts) == 1 and method == "GET":
        return 200, {"data": [show(state, one) for one in reversed(state.known.values())], "has_more": False}
    if len(parts) == 1:
        made = _new(state, json.loads(body), is_claude)
        if isinstance(made, str):
            return 400, {"error": {"type": "invalid_request_error", "message": made}}
        if state.drops_answers:
            state.drops_answers -= 1
            return None
        return 200, show(state, made)
    batch = state.known.get(parts[1])
    if batch is None or state.forgets:
        return 404, {"error": {"type": "not_found_error", "message": f"no batch {parts[1]}"}}
    if parts[2:] == ["cancel"]:
        batch.is_cancelled = True
        return 200, show(state, batch)
    if parts[2:] == ["results"]:
        lines = [json.dumps(row) for row in batch.results or []]
        return 200, "\n".join(lines).encode()
    batch.looks += 1
    if batch.results is None and (batch.is_cancelled or batch.looks >= state.looks_needed):
        batch.results = [_result(state, row, batch, is_claude, answer) for row in batch.rows]
    return 200, show(state, batch)


def _new(state: Batches, request: dict[str, Any], is_claude: bool) -> Batch | str:
    if is_claude:
        rows = request["requests"]
    else:
        if request["completion_window"] != "24h" or request["endpoint"] != "/v1/responses":
            return "completion_window or endpoint is not supported"
        rows = [json.loads(line) for line in state.files[request["input_file_id"]].splitlines()]
        rows = [{"custom_id": row["custom_id"], "params": row["body"]} for row in rows if row["method"] == "POST"]
    names = [row["custom_id"] for row in rows]
    if not rows or len(set(names)) != len(names) or not all(map(_CUSTOM_ID.fullmatch, names)):
        return "custom_id: each has to be given, unique, and of at most 64 letters, digits, _ and -"
    name = f"{'msgbatch' if is_claude else 'batch'}_{len(state.known) + 1}"
    state.known[name] = Batch(name, rows, datetime.now(UTC), request.get("metadata") or {})
    return state.known[name]


def _result(
    state: Batches,
    row: dict[str, Any],
    batch: Batch,
    is_claude: bool,
    answer: Callable[[dict[str, Any]], dict[str, Any]],
) -> dict[str, Any]:
    fate = "canceled" if batch.is_cancelled and state.is_late(row) else state.fate(row)
    if fate == "succeeded":
        state.paid.append(row["params"])
        content = answer(row["params"])
        result: dict[str, Any] = {"type": "succeeded", "message": content}
        response: dict[str, Any] | None = {"status_code": 200, "body": content}
    elif fate in ("expired", "canceled"):
        result, response = {"type": fate}, None
    else:
        error = {"type": "error", "error": {"type": fate, "message": "not this one"}}
        result = {"type": "errored", "error": error}
        response = {"status_code": 529 if fate == "overloaded_error" else 400, "body": error}
    if is_claude:
        return {"custom_id": row["custom_id"], "result": result}
    failure = None if response else {"code": f"batch_{fate}", "message": "This request was not executed."}
    return {"id": "r", "custom_id": row["custom_id"], "response": response, "error": failure}


def _shown_by_anthropic(state: Batches, batch: Batch) -> dict[str, Any]:
    ended = batch.results is not None
    kinds = [row["result"]["type"] for row in batch.results or []]
    counts = {kind: kinds.count(kind) for kind in ("succeeded", "errored", "canceled", "expired")}
    return {
        "id": batch.name,
        "type": "message_batch",
        "processing_status": "ended" if ended else "canceling" if batch.is_cancelled else "in_progress",
        "request_counts": {"processing": 0 if ended else len(batch.rows), **counts},
        "created_at": batch.begun.isoformat(),
        "expires_at": (batch.begun + timedelta(days=1)).isoformat(),
        "results_url": f"https://elsewhere.example/{batch.name}" if ended else None,
    }


def _shown_by_openai(state: Batches, batch: Batch) -> dict[str, Any]:
    ended = batch.results is not None
    status = "in_progress"
    if ended:
        status = "failed" if state.fails_whole else "cancelled" if batch.is_cancelled else "completed"
        good = [row for row in batch.results or [] if row["response"] and row["response"]["status_code"] == 200]
        for kind, rows in (("output", good), ("error", [row for row in batch.results or [] if row not in good])):
            state.files[f"{batch.name}-{kind}"] = "\n".join(map(json.dumps, rows)).encode()
    return {
        "id": batch.name,
        "object": "batch",
        "status": status,
        "created_at": int(batch.begun.timestamp()),
        "metadata": batch.metadata,
        "errors": {"data": [{"message": "line 1: no such model"}]} if status == "failed" else None,
        "output_file_id": f"{batch.name}-output" if ended else None,
        "error_file_id": f"{batch.name}-error" if ended else None,
    }


def _files(state: Batches, method: str, parts: list[str], body: bytes, headers: Any) -> tuple[int, object]:
    if method == "GET":
        content = state.files.get(parts[1])
        return (404, {"error": {"message": "no such file"}}) if content is None else (200, content)
    boundary = headers["content-type"].split("boundary=")[1].strip('"').encode()
    pieces = {
        re.search(rb'name="(\w+)"', head)[1]: content.removesuffix(b"\r\n")  # type: ignore[index]
        for head, _, content in (piece.partition(b"\r\n\r\n") for piece in body.split(b"--" + boundary))
        if b"name=" in head
    }
    if pieces[b"purpose"] != b"batch":
        return 400, {"error": {"message": "purpose is not supported"}}
    name = f"file-{len(state.files) + 1}"
    state.files[name] = pieces[b"file"]
    return 200, {"id": name, "object": "file", "created_at": int(time.time()), "purpose": "batch"}
