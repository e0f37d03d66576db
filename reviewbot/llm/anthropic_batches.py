"""Anthropic's Message Batches."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from reviewbot.llm.anthropic import AnthropicModel
from reviewbot.llm.batch_calls import BatchCalls
from reviewbot.llm.batch_journal import Submission
from reviewbot.llm.service import count, error_of_status, part, parts, words
from reviewbot.ports import Completion, Prompt

if TYPE_CHECKING:
    import httpx2

_STATUS_OF = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "overloaded_error": 529,
}
_LATEST_START = timedelta(minutes=15)


class AnthropicBatches:
    """Batches of requests to one Claude model; a request's hash is its `custom_id`."""

    def __init__(self, model: AnthropicModel) -> None:
        self._model = model

    @property
    def name(self) -> str:
        return self._model.name

    def submit(self, prompts: Mapping[str, Prompt], mark: str) -> str:  # noqa: ARG002 - there is no place for it
        create = self._model.client.messages.batches.with_raw_response.create
        requests = [{"custom_id": key, "params": self._model.request_of(one)} for key, one in prompts.items()]
        # The type of the SDK's own parameter is that of a list of such dictionaries.
        content = self._calls.answer(lambda: create(requests=requests))  # type: ignore[arg-type]
        return words(content, "id")

    def rows(self, batch: str) -> Mapping[str, object] | None:
        batches = self._model.client.messages.batches
        content = self._calls.about(batch, lambda: batches.with_raw_response.retrieve(batch))
        if words(content, "processing_status") != "ended":
            return None
        return {words(row, "custom_id"): part(row, "result") for row in self._results(batch) if _is_answered(row)}

    def cancel(self, batch: str) -> None:
        batches = self._model.client.messages.batches
        self._calls.about(batch, lambda: batches.with_raw_response.cancel(batch))

    def find(self, submission: Submission) -> Sequence[str]:
        """Batches of as many requests that were begun soon after: the API keeps no mark of ours."""
        batches = self._model.client.messages.batches
        content = self._calls.answer(lambda: batches.with_raw_response.list(limit=100))
        return [words(one, "id") for one in parts(content, "data") if _may_be(one, submission)]

    def completion(self, row: object, prompt: Prompt) -> Completion:
        message = part(row, "message")
        if isinstance(message, dict):
            return self._model.completion_of(message, prompt, 0.0)
        error = part(row, "error")
        status = _STATUS_OF.get(words(error, "error", "type") or words(error, "type"), 500)
        raise error_of_status(self._model.service, status, json.dumps(error), {})

    @cached_property
    def _calls(self) -> BatchCalls:
        from anthropic import AnthropicError

        return BatchCalls(self._model.service, AnthropicError)

    def _results(self, batch: str) -> list[dict[str, object]]:
        """The rows of the results, from our own address: the API's answer names one, and the key is not sent there."""
        import httpx2

        client = self._model.client
        path = f"/v1/messages/batches/{batch}/results"
        return self._calls.rows_of(batch, lambda: _Raw(client.get(path, cast_to=httpx2.Response)))


@dataclass(frozen=True, slots=True)
class _Raw:
    """A response that was fetched without the raw-response wrapper of the SDK."""

    http_response: httpx2.Response


def _is_answered(row: object) -> bool:
    return words(row, "result", "type") in ("succeeded", "errored")


def _may_be(batch: object, submission: Submission) -> bool:
    names = ("processing", "succeeded", "errored", "canceled", "expired")
    try:
        begun = datetime.fromisoformat(words(batch, "created_at"))
    except ValueError:
        return False
    is_near = submission.at - timedelta(minutes=1) <= begun <= submission.at + _LATEST_START
    return is_near and sum(count(batch, "request_counts", name) for name in names) == len(submission.keys)
