"""OpenAI's Batch API over the Responses endpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property

from reviewbot.llm.batch_calls import BatchCalls
from reviewbot.llm.batch_journal import Submission
from reviewbot.llm.openai import OpenAIModel
from reviewbot.llm.service import error_of_status, part, parts, words
from reviewbot.ports import Completion, Prompt

_ENDED = ("completed", "failed", "expired", "cancelled")
_MARK = "reviewbot_wave"


class OpenAIBatches:
    """Batches of requests to one GPT model; a request's hash is its `custom_id`, a wave's mark is in the metadata."""

    def __init__(self, model: OpenAIModel) -> None:
        self._model = model

    @property
    def name(self) -> str:
        return self._model.name

    def submit(self, prompts: Mapping[str, Prompt], mark: str) -> str:
        lines = [
            json.dumps(
                {"custom_id": key, "method": "POST", "url": "/v1/responses", "body": self._model.request_of(prompt)}
            )
            for key, prompt in prompts.items()
        ]
        client = self._model.client
        content = "\n".join(lines).encode() + b"\n"
        file = self._calls.answer(
            lambda: client.files.with_raw_response.create(file=(f"{mark}.jsonl", content), purpose="batch")
        )
        batch = self._calls.answer(
            lambda: client.batches.with_raw_response.create(
                input_file_id=words(file, "id"),
                endpoint="/v1/responses",
                completion_window="24h",
                metadata={_MARK: mark},
            )
        )
        return words(batch, "id")

    def rows(self, batch: str) -> Mapping[str, object] | None:
        client = self._model.client
        content = self._calls.about(batch, lambda: client.batches.with_raw_response.retrieve(batch))
        if words(content, "status") not in _ENDED:
            return None
        if words(content, "status") == "failed":
            raise error_of_status(self._model.service, 400, json.dumps(_first_error(content)), {})
        found: dict[str, object] = {}
        for name in ("output_file_id", "error_file_id"):
            if words(content, name):
                found |= self._file(batch, words(content, name))
        return found

    def cancel(self, batch: str) -> None:
        client = self._model.client
        self._calls.about(batch, lambda: client.batches.with_raw_response.cancel(batch))

    def find(self, submission: Submission) -> Sequence[str]:
        client = self._model.client
        content = self._calls.answer(lambda: client.batches.with_raw_response.list(limit=100))
        return [words(one, "id") for one in parts(content, "data") if words(one, "metadata", _MARK) == submission.mark]

    def completion(self, row: object, prompt: Prompt) -> Completion:
        status, body = part(row, "status_code"), part(row, "body")
        if status == 200 and isinstance(body, dict):
            return self._model.completion_of(body, prompt, 0.0)
        failed = status if isinstance(status, int) and status >= 400 else 500
        raise error_of_status(self._model.service, failed, json.dumps(body), {})

    def _file(self, batch: str, name: str) -> Mapping[str, object]:
        """The rows that have an answer, be it an error; not those that the batch did not come to."""
        client = self._model.client
        rows = self._calls.rows_of(batch, lambda: client.files.with_raw_response.content(name))
        return {words(row, "custom_id"): part(row, "response") for row in rows if part(row, "response")}

    @cached_property
    def _calls(self) -> BatchCalls:
        from openai import OpenAIError

        return BatchCalls(self._model.service, OpenAIError)


def _first_error(content: object) -> dict[str, object]:
    first = next(iter(parts(content, "errors", "data")), {})
    return {"error": {"message": f"the batch failed: {words(first, 'message') or 'no reason given'}"}}
