"""Claude models through Anthropic's own SDK."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from reviewbot.domain.review import Usage
from reviewbot.domain.text import printable
from reviewbot.llm.prices import Catalogue, load_catalogue
from reviewbot.llm.service import Service, answer_in, count, part, parts, words
from reviewbot.ports import Completion, Prompt

if TYPE_CHECKING:
    from anthropic import Anthropic
    from anthropic.types import MessageParam, TextBlockParam
    from anthropic.types.message_create_params import MessageCreateParamsNonStreaming

ANTHROPIC_URL = "https://api.anthropic.com"
_MAX_BREAKPOINTS = 4
_CUT_OFF = ("max_tokens", "model_context_window_exceeded")
# Anthropic answers 400 to a schema with bounds; the answer is checked against the whole schema by its reader.
_BOUNDS = frozenset(
    "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength maxItems uniqueItems".split()
)


class AnthropicModel:
    """A Claude model behind the Messages API; structured answers by the prompt's own schema.

    Sampling is left unset, since the API refuses temperature, top_p and top_k. The time limit is given to the SDK in
    so many words, or it would demand streaming for answers that it expects to take longer than ten minutes.
    """

    def __init__(
        self,
        model: str,
        api_key: str,
        base_url: str | None = None,
        timeout_seconds: float = 300,
        catalogue: Catalogue | None = None,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self.service = Service(
            name=f"anthropic:{model}",
            model=model,
            base_url=base_url or ANTHROPIC_URL,
            key_variable="ANTHROPIC_API_KEY",
            key=api_key,
            catalogue=catalogue or load_catalogue(),
        )

    @property
    def name(self) -> str:
        return self.service.name

    def complete(self, prompt: Prompt) -> Completion:
        started = time.monotonic()
        content = self._answer(prompt)
        return self.completion_of(content, prompt, time.monotonic() - started)

    def completion_of(self, content: dict[str, object], prompt: Prompt, seconds: float) -> Completion:
        """What a message of the API says, at the usual price; raises a ModelError for one without a usable answer."""
        return _completion(self.service, content, prompt.max_output_tokens, seconds)

    def request_of(self, prompt: Prompt) -> MessageCreateParamsNonStreaming:
        """The body of the request."""
        request: MessageCreateParamsNonStreaming = {
            "model": self.service.model,
            "max_tokens": prompt.max_output_tokens,
            "messages": _messages(prompt, _MAX_BREAKPOINTS - bool(prompt.system)),
            "output_config": {"format": {"type": "json_schema", "schema": unbounded(prompt.schema)}},
        }
        if prompt.system:
            request["system"] = [_block(prompt.system, cacheable=True)]
        return request

    def list_models(self) -> tuple[str, ...]:
        """The names that the service lists: a call that costs nothing and proves address and key."""
        from anthropic import AnthropicError

        from reviewbot.llm.sdk import body_of

        body = body_of(lambda: self.client.models.with_raw_response.list(limit=1000), self.service, AnthropicError)
        return tuple(words(entry, "id") for entry in parts(answer_in(self.service, body), "data"))

    def _answer(self, prompt: Prompt) -> dict[str, object]:
        from anthropic import AnthropicError

        from reviewbot.llm.sdk import body_of

        create = self.client.messages.with_raw_response.create
        request = self.request_of(prompt)
        with warnings.catch_warnings():
            # The SDK warns of every model that is to be retired; whether it still works is the service's to say.
            warnings.simplefilter("ignore", DeprecationWarning)
            body = body_of(lambda: create(**request, timeout=self._timeout_seconds), self.service, AnthropicError)
        return answer_in(self.service, body)

    @cached_property
    def client(self) -> Anthropic:
        from anthropic import Anthropic

        from reviewbot.llm.wire import open_client

        return Anthropic(
            api_key=self.service.key,
            base_url=self.service.base_url,
            max_retries=0,
            timeout=self._timeout_seconds,
            http_client=open_client(self._timeout_seconds),
        )


def unbounded(schema: Mapping[str, object]) -> dict[str, object]:
    """The same JSON Schema without the bounds on numbers, lengths and counts that Anthropic does not take."""
    kept = {key: value for key, value in schema.items() if key not in _BOUNDS}
    if kept.get("minItems") not in (None, 0, 1):
        del kept["minItems"]
    for key in ("properties", "$defs", "definitions"):
        named = kept.get(key)
        if isinstance(named, Mapping):
            kept[key] = {name: _unbounded_value(value) for name, value in named.items()}
    for key in ("items", "anyOf", "allOf", "oneOf"):
        if key in kept:
            kept[key] = _unbounded_value(kept[key])
    return kept


def _unbounded_value(value: object) -> object:
    if isinstance(value, Mapping):
        return unbounded(value)
    return [_unbounded_value(item) for item in value] if isinstance(value, list | tuple) else value


def _messages(prompt: Prompt, marks_left: int) -> list[MessageParam]:
    """The turns, with a cache mark on the last `marks_left` cacheable parts: those end the longest prefixes."""
    cacheable = [(t, p) for t, turn in enumerate(prompt.turns) for p, part in enumerate(turn.parts) if part.cacheable]
    marked = set(cacheable[-marks_left:])
    messages: list[MessageParam] = []
    for t, turn in enumerate(prompt.turns):
        blocks = [_block(piece.text, (t, p) in marked) for p, piece in enumerate(turn.parts) if piece.text]
        if turn.role == "user":
            messages.append({"role": "user", "content": blocks})
        else:
            messages.append({"role": "assistant", "content": blocks})
    return messages


def _block(text: str, cacheable: bool) -> TextBlockParam:
    block: TextBlockParam = {"type": "text", "text": printable(text)}
    if cacheable:
        block["cache_control"] = {"type": "ephemeral"}
    return block


def _completion(service: Service, content: dict[str, object], max_output_tokens: int, seconds: float) -> Completion:
    usage = _usage(content)
    stop_reason = words(content, "stop_reason")
    if stop_reason == "refusal":
        why = words(content, "stop_details", "explanation") or words(content, "stop_details", "category")
        raise service.refused(why or "no reason given", usage)
    text = "".join(words(b, "text") for b in parts(content, "content") if part(b, "type") == "text")
    if not text.strip():
        if stop_reason in _CUT_OFF:
            what = f"the limit of {max_output_tokens} output tokens was reached before the first word: raise it"
            raise service.unusable(what, usage)
        raise service.unusable(f"an empty answer (stop reason {service.quoted(stop_reason)!r}): try again", usage)
    model = words(content, "model") or service.model
    return Completion(text, model, usage, service.cost_usd(usage), seconds, stop_reason in _CUT_OFF)


def _usage(content: dict[str, object]) -> Usage:
    read = count(content, "usage", "cache_read_input_tokens")
    written = count(content, "usage", "cache_creation_input_tokens")
    plain = count(content, "usage", "input_tokens")
    return Usage(plain + read + written, count(content, "usage", "output_tokens"), read, written)
