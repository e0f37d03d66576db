"""A model service on the loopback that keeps the real services' rules, and misbehaves when told to.

Paths: `/v1/messages` (Anthropic), `/v1/responses` (OpenAI), `/v1/chat/completions` (compatible), `/v1/models`.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fakes import llm_batches

KEY = "sk-fake-0123456789abcdef"
MODELS = ("claude-opus-5", "gpt-6-sol", "open-model")
_MAX_PROMPT_CHARACTERS = 400_000
_BOUNDS = ("minimum", "maximum", "maxItems", "minLength", "maxLength")
_FIELDS = {
    "/v1/messages": {"model", "max_tokens", "system", "messages", "output_config"},
    "/v1/responses": {"model", "instructions", "input", "max_output_tokens", "text", "prompt_cache_key", "store"},
    "/v1/chat/completions": {"model", "messages", "max_tokens", "response_format"},
}


class Puppet(StrEnum):
    """What the service does with the next request."""

    HONEST = "honest"
    BUSY = "429 with retry-after"
    NO_QUOTA = "429 without quota"
    OVERLOADED = "529"
    BROKEN = "500"
    UNPAID = "402"
    FORBIDDEN = "403 that repeats the key"
    GONE = "404"
    TOO_LONG = "400 context too long"
    TOO_LARGE = "413"
    SLOW = "slow"
    TRICKLE = "a byte now and then"
    CUT = "connection cut in the body"
    WEB_PAGE = "200 with a web page"
    NOT_JSON = "200 with half an object"
    A_LIST = "200 with a list"
    DEEP = "200 with 100000 brackets"
    EMPTY = "200 with an empty answer"
    REFUSAL = "refusal"
    FILTERED = "content filter"
    TRUNCATED = "answer cut off at its limit"
    SILENT_LIMIT = "limit reached before a word"
    HUGE = "30 MB"
    ENDLESS = "bytes without end"
    COMPRESSED = "gzip"
    REDIRECT = "redirect to another host"
    FAILED = "failed answer"


@dataclass
class FakeService:
    """The service's side of a test: what it is to do, and what it was sent.

    An `answerer` is asked for the text of each answer, given the request, in the place of `answer`; it may be called
    from several threads at once.
    """

    url: str
    puppets: list[Puppet] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answer: str = '{"findings": []}'
    answerer: Callable[[dict[str, Any]], str] | None = None
    wants_key: bool = True
    knows_forms: tuple[str, ...] = ("json_schema", "json_object")
    usage: dict[str, int] = field(default_factory=lambda: {"plain": 100, "read": 40, "written": 10, "output": 20})
    stopping: threading.Event = field(default_factory=threading.Event)
    batches: llm_batches.Batches = field(default_factory=llm_batches.Batches)

    def text_for(self, request: dict[str, Any]) -> str:
        return self.answerer(request) if self.answerer else self.answer

    def next_puppet(self) -> Puppet:
        return self.puppets.pop(0) if self.puppets else Puppet.HONEST


@contextmanager
def serve() -> Iterator[FakeService]:
    """A service on a free port, for as long as the block lasts."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.service = FakeService(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.service
    finally:
        server.service.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    service: FakeService

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up early is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        if llm_batches.serves(self.path):
            self._serve_batches("GET", b"")
        elif self._has_key():
            self._send(200, {"data": [{"id": name, "type": "model", "object": "model"} for name in MODELS]})

    def do_POST(self) -> None:
        service = self.server.service
        body = self.rfile.read(int(self.headers["content-length"] or 0))
        if llm_batches.serves(self.path):
            self._serve_batches("POST", body)
            return
        request = json.loads(body)
        service.requests.append(request)
        service.headers.append({name.lower(): value for name, value in self.headers.items()})
        if not self._has_key():
            return
        complaint = _complaint(self.path, request, service)
        if complaint:
            self._send(400, {"error": {"type": "invalid_request_error", "message": complaint}})
            return
        puppet = service.next_puppet()
        act = _ACTS.get(puppet)
        if act is None:
            self._send(200, _ANSWERS[self.path](request, service, puppet))
        else:
            act(self)

    def _serve_batches(self, method: str, body: bytes) -> None:
        if not self._has_key():
            return
        service, claude = self.server.service, "/messages/" in self.path

        def answer(request: dict[str, Any]) -> dict[str, Any]:
            path = "/v1/messages" if claude else "/v1/responses"
            complaint = _complaint(path, request, service)
            assert not complaint, complaint
            return _ANSWERS[path](request, service, Puppet.HONEST)

        said = llm_batches.handle(service.batches, method, self.path, body, self.headers, answer)
        if said is None:
            self.close_connection = True
        elif isinstance(said[1], bytes):
            self._send_bytes(said[0], said[1], "application/octet-stream")
        else:
            self._send(*said)

    def _has_key(self) -> bool:
        sent = self.headers.get("authorization", "").removeprefix("Bearer ") or self.headers.get("x-api-key", "")
        if sent == KEY or not self.server.service.wants_key:
            return True
        self._send(401, {"error": {"type": "authentication_error", "message": f"invalid key {sent}"}})
        return False

    def _send(self, status: int, content: object, headers: dict[str, str] | None = None) -> None:
        self._send_bytes(status, json.dumps(content).encode(), "application/json", headers)

    def _send_bytes(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _complaint(path: str, request: dict[str, Any], service: FakeService) -> str:
    for name in ("temperature", "top_p", "top_k"):
        if name in request:
            return f"{name} is not supported by this model"
    unknown = request.keys() - _FIELDS[path]
    if unknown:
        return f"{sorted(unknown)}: extra inputs are not permitted"
    if len(json.dumps(request)) > _MAX_PROMPT_CHARACTERS:
        return "prompt is too long: 210000 tokens > 200000 maximum"
    return _RULES[path](request, service)


def _messages_complaint(request: dict[str, Any], service: FakeService) -> str:
    form = request.get("output_config", {}).get("format", {})
    if form.get("type") != "json_schema" or "schema" not in form:
        return "output_config.format: schema is missing"
    for bound in _BOUNDS:
        if f'"{bound}"' in json.dumps(form["schema"]):
            return f"output_config.format.schema: property '{bound}' is not supported"
    blocks = [*request.get("system", []), *(block for turn in request["messages"] for block in turn["content"])]
    if any(not block["text"] for block in blocks):
        return "text content blocks must be non-empty"
    if sum("cache_control" in block for block in blocks) > 4:
        return "a maximum of 4 blocks with cache_control may be provided"
    return ""


def _responses_complaint(request: dict[str, Any], service: FakeService) -> str:
    form = request.get("text", {}).get("format", {})
    if form.get("type") != "json_schema" or "schema" not in form:
        return "missing required parameter text.format.schema"
    schema = form["schema"]
    if form.get("strict") and schema.get("additionalProperties") is not False:
        return "invalid schema: additionalProperties is required to be supplied and to be false"
    if form.get("strict") and set(schema.get("required", [])) != set(schema.get("properties", {})):
        return "invalid schema: required is to include every key in properties"
    return ""


def _chat_complaint(request: dict[str, Any], service: FakeService) -> str:
    form = request.get("response_format")
    if form is not None and form["type"] not in service.knows_forms:
        return f"response_format of type {form['type']} is not supported"
    return ""


_RULES = {
    "/v1/messages": _messages_complaint,
    "/v1/responses": _responses_complaint,
    "/v1/chat/completions": _chat_complaint,
}


def _message(request: dict[str, Any], service: FakeService, puppet: Puppet) -> dict[str, Any]:
    stops = {Puppet.REFUSAL: "refusal", Puppet.FILTERED: "refusal"}
    stops |= dict.fromkeys((Puppet.TRUNCATED, Puppet.SILENT_LIMIT), "max_tokens")
    usage, text = service.usage, _text(request, service, puppet)
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": [{"type": "text", "text": text}] if text else [],
        "stop_reason": stops.get(puppet, "end_turn"),
        "stop_details": {"type": "refusal", "explanation": "not this"} if puppet in stops else None,
        "usage": {
            "input_tokens": usage["plain"],
            "cache_read_input_tokens": usage["read"],
            "cache_creation_input_tokens": usage["written"],
            "output_tokens": usage["output"],
        },
    }


def _response(request: dict[str, Any], service: FakeService, puppet: Puppet) -> dict[str, Any]:
    text = _text(request, service, puppet)
    content = [{"type": "output_text", "text": text, "annotations": []}] if text else []
    if puppet is Puppet.REFUSAL:
        content = [{"type": "refusal", "refusal": "not this"}]
    reasons = {
        Puppet.TRUNCATED: "max_output_tokens",
        Puppet.SILENT_LIMIT: "max_output_tokens",
        Puppet.FILTERED: "content_filter",
    }
    usage = service.usage
    return {
        "id": "resp_1",
        "object": "response",
        "model": request["model"],
        "status": "failed" if puppet is Puppet.FAILED else "incomplete" if puppet in reasons else "completed",
        "error": {"code": "server_error", "message": "it broke"} if puppet is Puppet.FAILED else None,
        "incomplete_details": {"reason": reasons[puppet]} if puppet in reasons else None,
        "output": [{"type": "reasoning", "summary": []}, {"type": "message", "role": "assistant", "content": content}],
        "usage": {
            "input_tokens": usage["plain"] + usage["read"] + usage["written"],
            "input_tokens_details": {"cached_tokens": usage["read"], "cache_write_tokens": usage["written"]},
            "output_tokens": usage["output"],
        },
    }


def _chat_answer(request: dict[str, Any], service: FakeService, puppet: Puppet) -> dict[str, Any]:
    reasons = {
        Puppet.TRUNCATED: "length",
        Puppet.SILENT_LIMIT: "length",
        Puppet.FILTERED: "content_filter",
    }
    message = {"role": "assistant", "content": _text(request, service, puppet)}
    if puppet is Puppet.REFUSAL:
        message |= {"content": None, "refusal": "not this"}
    usage = service.usage
    return {
        "id": "chat_1",
        "object": "chat.completion",
        "model": request["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": reasons.get(puppet, "stop")}],
        "usage": {
            "prompt_tokens": usage["plain"] + usage["read"],
            "completion_tokens": usage["output"],
            "prompt_tokens_details": {"cached_tokens": usage["read"]},
        },
    }


def _text(request: dict[str, Any], service: FakeService, puppet: Puppet) -> str:
    if puppet in (Puppet.EMPTY, Puppet.REFUSAL, Puppet.FILTERED, Puppet.SILENT_LIMIT, Puppet.FAILED):
        return ""
    text = service.text_for(request)
    return text[:8] if puppet is Puppet.TRUNCATED else text


_ANSWERS = {"/v1/messages": _message, "/v1/responses": _response, "/v1/chat/completions": _chat_answer}


def _failing(status: int, message: str, kind: str = "api_error", **headers: str) -> Callable[[_Handler], None]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    content = {"error": {"type": kind, "code": kind, "message": message}}
    return lambda handler: handler._send(status, content, names)


def _speaking(body: bytes, kind: str = "application/json", **headers: str) -> Callable[[_Handler], None]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler._send_bytes(200, body, kind, names)


def _head(handler: _Handler, **headers: str) -> None:
    handler.close_connection = True
    handler.send_response(200)
    handler.send_header("content-type", "application/json")
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


def _wait(handler: _Handler) -> None:
    handler.server.service.stopping.wait(5)
    handler.close_connection = True


def _trickle(handler: _Handler) -> None:
    _head(handler, connection="close")
    stop_at = time.monotonic() + 5
    while time.monotonic() < stop_at and not handler.server.service.stopping.wait(0.05):
        handler.wfile.write(b" ")


def _cut(handler: _Handler) -> None:
    _head(handler, content_length="1000")
    handler.wfile.write(b'{"content": [')


def _endless(handler: _Handler) -> None:
    _head(handler, connection="close")
    while not handler.server.service.stopping.is_set():
        handler.wfile.write(b" " * 65_536)


_ACTS: dict[Puppet, Callable[[_Handler], None]] = {
    Puppet.BUSY: _failing(429, "slow down", "rate_limit_error", retry_after="7"),
    Puppet.NO_QUOTA: _failing(429, "you exceeded your current quota", "insufficient_quota"),
    Puppet.OVERLOADED: _failing(529, "overloaded", "overloaded_error"),
    Puppet.BROKEN: _failing(500, "internal error"),
    Puppet.UNPAID: _failing(402, "payment required", "billing_error"),
    Puppet.FORBIDDEN: _failing(403, f"the key {KEY} may not use this model", "permission_error"),
    Puppet.GONE: _failing(404, "the model gpt-6-sol does not exist or was retired", "not_found_error"),
    Puppet.TOO_LONG: _failing(400, "prompt is too long: 210000 tokens > 200000 maximum", "invalid_request_error"),
    Puppet.TOO_LARGE: _failing(413, "request exceeds the maximum size", "request_too_large"),
    Puppet.SLOW: _wait,
    Puppet.TRICKLE: _trickle,
    Puppet.CUT: _cut,
    Puppet.WEB_PAGE: _speaking(b"<!doctype html><html><body>log in</body></html>", "text/html"),
    Puppet.NOT_JSON: _speaking(b'{"content": '),
    Puppet.A_LIST: _speaking(b"[]"),
    Puppet.DEEP: _speaking(b"[" * 100_000),
    Puppet.HUGE: _speaking(b" " * 30_000_000),
    Puppet.ENDLESS: _endless,
    Puppet.COMPRESSED: _speaking(b"\x1f\x8b\x08\x00", content_encoding="gzip"),
    Puppet.REDIRECT: lambda handler: handler._send(307, {}, {"location": "http://elsewhere.example/v1/messages"}),
}
