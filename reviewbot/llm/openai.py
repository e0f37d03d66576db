"""GPT models through OpenAI's Responses API."""

from __future__ import annotations

import hashlib
import re
import time
from functools import cached_property
from typing import TYPE_CHECKING

from reviewbot.domain.review import Usage
from reviewbot.domain.text import printable
from reviewbot.llm.prices import Catalogue, load_catalogue
from reviewbot.llm.service import Service, answer_in, count, part, parts, words
from reviewbot.ports import Completion, ModelBusy, Prompt

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.responses import EasyInputMessageParam
    from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

OPENAI_URL = "https://api.openai.com/v1"


class OpenAIModel:
    """A GPT model behind the Responses API; structured answers by the prompt's own schema, strictly.

    Strict schemas have `additionalProperties: false` and list every property as required; the prompt has to bring
    such a schema, it is sent as it is. Nothing is stored at OpenAI (`store` is false).
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
            name=f"openai:{model}",
            model=model,
            base_url=base_url or OPENAI_URL,
            key_variable="OPENAI_API_KEY",
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
        """What a response of the API says, at the usual price; raises a ModelError for one without a usable answer."""
        return _completion(self.service, content, prompt.max_output_tokens, seconds)

    def request_of(self, prompt: Prompt) -> ResponseCreateParamsNonStreaming:
        """The body of the request."""
        turns: list[EasyInputMessageParam] = [
            {"type": "message", "role": turn.role, "content": printable(turn.text)} for turn in prompt.turns
        ]
        request: ResponseCreateParamsNonStreaming = {
            "model": self.service.model,
            "input": [*turns],
            "max_output_tokens": prompt.max_output_tokens,
            "text": {
                "format": {
                    "type": "json_schema",
                    "name": schema_name(prompt),
                    "schema": dict(prompt.schema),
                    "strict": True,
                }
            },
            "prompt_cache_key": shared_prefix_hash(prompt),
            "store": False,
        }
        if prompt.system:
            request["instructions"] = printable(prompt.system)
        return request

    def list_models(self) -> tuple[str, ...]:
        """The names that the service lists: a call that costs nothing and proves address and key."""
        return listed_models(self.client, self.service)

    def _answer(self, prompt: Prompt) -> dict[str, object]:
        from openai import OpenAIError

        from reviewbot.llm.sdk import body_of

        create = self.client.responses.with_raw_response.create
        request = self.request_of(prompt)
        body = body_of(lambda: create(**request, timeout=self._timeout_seconds), self.service, OpenAIError)
        return answer_in(self.service, body)

    @cached_property
    def client(self) -> OpenAI:
        return open_sdk(self.service, self._timeout_seconds)


def open_sdk(service: Service, timeout_seconds: float, withheld_headers: tuple[str, ...] = ()) -> OpenAI:
    """The SDK for a service."""
    from openai import OpenAI

    from reviewbot.llm.wire import open_client

    return OpenAI(
        # The SDK insists on a key; where there is none, the header that it makes of this is withheld.
        api_key=service.key or "none",
        base_url=service.base_url,
        max_retries=0,
        timeout=timeout_seconds,
        http_client=open_client(timeout_seconds, withheld_headers),
    )


def listed_models(client: OpenAI, service: Service) -> tuple[str, ...]:
    """The names of the models that an OpenAI-like service lists."""
    from openai import OpenAIError

    from reviewbot.llm.sdk import body_of

    body = body_of(lambda: client.models.with_raw_response.list(), service, OpenAIError)
    return tuple(words(entry, "id") for entry in parts(answer_in(service, body), "data"))


def schema_name(prompt: Prompt) -> str:
    """The prompt's name in the letters that OpenAI allows for a schema."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", prompt.name)[:64] or "answer"


def shared_prefix_hash(prompt: Prompt) -> str:
    """32 hex digits that prompts with the same cacheable prefix share: it routes them to the same cache."""
    prefix, pending = [prompt.system], []
    for turn in prompt.turns:
        for piece in turn.parts:
            pending.append(piece.text)
            if piece.cacheable:
                prefix += pending
                pending = []
    return hashlib.sha256("\0".join(prefix).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _completion(service: Service, content: dict[str, object], max_output_tokens: int, seconds: float) -> Completion:
    usage = _usage(content)
    _raise_for_failure(service, content, usage)
    pieces = [piece for item in parts(content, "output") for piece in parts(item, "content")]
    refusal = "".join(words(piece, "refusal") for piece in pieces if part(piece, "type") == "refusal")
    why_incomplete = words(content, "incomplete_details", "reason")
    if refusal or why_incomplete == "content_filter":
        raise service.refused(refusal or "the content filter stopped the answer", usage)
    text = "".join(words(piece, "text") for piece in pieces if part(piece, "type") == "output_text")
    truncated = words(content, "status") == "incomplete"
    if not text.strip():
        if truncated:
            what = f"the limit of {max_output_tokens} output tokens was reached before the first word: raise it"
            raise service.unusable(what, usage)
        status = service.quoted(words(content, "status"))
        raise service.unusable(f"an empty answer (status {status!r}): try again", usage)
    model = words(content, "model") or service.model
    return Completion(text, model, usage, service.cost_usd(usage), seconds, truncated)


def _raise_for_failure(service: Service, content: dict[str, object], usage: Usage) -> None:
    if words(content, "status") != "failed":
        return
    code, message = words(content, "error", "code"), words(content, "error", "message")
    if code in ("server_error", "rate_limit_exceeded", "vector_store_timeout"):
        raise ModelBusy(f"{service.name}: the answer failed ({service.quoted(message or code)}): try again later")
    if code in ("invalid_prompt", "bio_policy", "misalignment_policy_violation"):
        raise service.refused(message or code, usage)
    raise service.unusable(f"the answer failed ({service.quoted(message or code)}): try again", usage)


def _usage(content: dict[str, object]) -> Usage:
    return Usage(
        count(content, "usage", "input_tokens"),
        count(content, "usage", "output_tokens"),
        count(content, "usage", "input_tokens_details", "cached_tokens"),
        count(content, "usage", "input_tokens_details", "cache_write_tokens"),
    )
