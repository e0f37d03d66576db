"""Models of any vendor behind a server that speaks OpenAI's Chat Completions."""

from __future__ import annotations

import json
import time
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, assert_never

from reviewbot.domain.review import Usage
from reviewbot.domain.text import printable
from reviewbot.llm.openai import listed_models, open_sdk, schema_name
from reviewbot.llm.prices import Catalogue, load_catalogue
from reviewbot.llm.service import Service, answer_in, count, part, parts, words
from reviewbot.ports import Completion, ModelDenied, Prompt

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import ChatCompletionMessageParam
    from openai.types.chat.completion_create_params import ResponseFormat

# The SDK takes these from the environment of an OpenAI customer; another vendor has no business with them.
_OPENAI_HEADERS = ("openai-organization", "openai-project")
_FORMAT_WORDS = ("response_format", "json_schema", "json_object", "structured output", "guided")


class AnswerForm(StrEnum):
    """How a server can be told the form of the answer, from the firmest to none at all."""

    SCHEMA = "json_schema"
    OBJECT = "json_object"
    WORDS = "in words only"


class CompatibleModel:
    """A model behind a Chat Completions server of one's own or another vendor's.

    A server that does not know `response_format` answers 400; the next weaker form is then tried at once and kept
    for all later calls, with the schema in the instructions. Strict schemas have `additionalProperties: false` and
    list every property as required: the prompt has to bring such a schema.
    """

    def __init__(
        self,
        model: str,
        base_url: str,
        key: str | None = None,
        timeout_seconds: float = 300,
        catalogue: Catalogue | None = None,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._form = AnswerForm.SCHEMA
        self._service = Service(
            name=f"compatible:{model}@{base_url}",
            model=model,
            base_url=base_url,
            key_variable="REVIEWBOT_COMPATIBLE_API_KEY",
            key=key or None,
            catalogue=catalogue or load_catalogue(),
        )

    @property
    def name(self) -> str:
        return self._service.name

    def complete(self, prompt: Prompt) -> Completion:
        started = time.monotonic()
        content = self._answer(prompt)
        return _completion(self._service, content, prompt.max_output_tokens, time.monotonic() - started)

    def list_models(self) -> tuple[str, ...]:
        """The names that the server lists: a call that costs nothing and proves address and key."""
        return listed_models(self._client, self._service)

    def _answer(self, prompt: Prompt) -> dict[str, object]:
        form = self._form
        while True:
            try:
                content = self._answer_in_form(prompt, form)
            except ModelDenied as denial:
                weaker = _weaker(form)
                if weaker is None or not _is_about_the_form(str(denial)):
                    raise
                form = weaker
            else:
                # Only a form that worked is remembered; threads that find the same at once store the same.
                self._form = form
                return content

    def _answer_in_form(self, prompt: Prompt, form: AnswerForm) -> dict[str, object]:
        from openai import OpenAIError, omit

        from reviewbot.llm.sdk import body_of

        client = self._client
        body = body_of(
            lambda: client.chat.completions.with_raw_response.create(
                model=self._service.model,
                messages=_messages(prompt, form),
                max_tokens=prompt.max_output_tokens,
                response_format=_response_format(prompt, form) or omit,
                timeout=self._timeout_seconds,
            ),
            self._service,
            OpenAIError,
        )
        return answer_in(self._service, body)

    @cached_property
    def _client(self) -> OpenAI:
        withheld = _OPENAI_HEADERS if self._service.key else ("authorization", *_OPENAI_HEADERS)
        return open_sdk(self._service, self._timeout_seconds, withheld)


def _weaker(form: AnswerForm) -> AnswerForm | None:
    match form:
        case AnswerForm.SCHEMA:
            return AnswerForm.OBJECT
        case AnswerForm.OBJECT:
            return AnswerForm.WORDS
        case AnswerForm.WORDS:
            return None
        case _:
            assert_never(form)


def _is_about_the_form(message: str) -> bool:
    lowered = message.lower()
    return any(word in lowered for word in _FORMAT_WORDS) and ("http 400" in lowered or "http 422" in lowered)


def _response_format(prompt: Prompt, form: AnswerForm) -> ResponseFormat | None:
    match form:
        case AnswerForm.SCHEMA:
            return {
                "type": "json_schema",
                "json_schema": {"name": schema_name(prompt), "schema": dict(prompt.schema), "strict": True},
            }
        case AnswerForm.OBJECT:
            return {"type": "json_object"}
        case AnswerForm.WORDS:
            return None
        case _:
            assert_never(form)


def _messages(prompt: Prompt, form: AnswerForm) -> list[ChatCompletionMessageParam]:
    system = prompt.system
    if form is not AnswerForm.SCHEMA:
        system += (
            f"\n\nAnswer with one JSON object and nothing else. Its JSON Schema:\n{json.dumps(dict(prompt.schema))}"
        )
    messages: list[ChatCompletionMessageParam] = []
    if system:
        messages.append({"role": "system", "content": printable(system)})
    for turn in prompt.turns:
        text = printable(turn.text)
        if turn.role == "user":
            messages.append({"role": "user", "content": text})
        else:
            messages.append({"role": "assistant", "content": text})
    return messages


def _completion(service: Service, content: dict[str, object], max_output_tokens: int, seconds: float) -> Completion:
    usage = _usage(content)
    choice = next(iter(parts(content, "choices")), None)
    reason = words(choice, "finish_reason")
    refusal = words(choice, "message", "refusal")
    if refusal or reason == "content_filter":
        raise service.refused(refusal or "the content filter stopped the answer", usage)
    pieces = parts(choice, "message", "content")
    text = words(choice, "message", "content") or "".join(
        words(piece, "text") for piece in pieces if part(piece, "type") == "text"
    )
    if not text.strip():
        if reason == "length":
            what = f"the limit of {max_output_tokens} output tokens was reached before the first word: raise it"
            raise service.unusable(what, usage)
        raise service.unusable(f"an empty answer (finish reason {service.quoted(reason)!r}): try again", usage)
    model = words(content, "model") or service.model
    return Completion(text, model, usage, service.cost_usd(usage), seconds, reason == "length")


def _usage(content: dict[str, object]) -> Usage:
    cached = count(content, "usage", "prompt_tokens_details", "cached_tokens")
    return Usage(
        count(content, "usage", "prompt_tokens"),
        count(content, "usage", "completion_tokens"),
        cached or count(content, "usage", "prompt_cache_hit_tokens"),
    )
