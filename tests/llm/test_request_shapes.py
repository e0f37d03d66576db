"""What goes over the wire to the vendors' own addresses, seen by a router below the SDKs."""

from __future__ import annotations

import json

import httpx
import respx

from reviewbot.llm.anthropic import AnthropicModel
from reviewbot.llm.openai import OpenAIModel
from tests.llm.prompts import SCHEMA, a_prompt

KEY = "sk-fake-key"


def test_anthropic_is_sent_schema_limit_and_cache_marks_and_no_sampling(httpx2_mock: respx.Router) -> None:
    answer = {"content": [{"type": "text", "text": "{}"}], "stop_reason": "end_turn", "usage": {"input_tokens": 1}}
    route = httpx2_mock.post("https://api.anthropic.com/v1/messages").mock(httpx.Response(200, json=answer))

    AnthropicModel("claude-opus-5", KEY).complete(a_prompt())

    assert route.called
    request = route.calls.last.request
    mark = {"cache_control": {"type": "ephemeral"}}
    assert json.loads(request.content) == {
        "model": "claude-opus-5",
        "max_tokens": 1000,
        "system": [{"type": "text", "text": "You review changes.", **mark}],
        "messages": [
            {
                "role": "user",
                "content": [{"type": "text", "text": "the change", **mark}, {"type": "text", "text": "read this"}],
            }
        ],
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    }
    assert request.headers["accept-encoding"] == "identity"
    assert route.call_count == 1


def test_openai_is_sent_a_strict_schema_and_is_told_to_store_nothing(httpx2_mock: respx.Router) -> None:
    output = [{"type": "message", "content": [{"type": "output_text", "text": "{}"}]}]
    answer = {"status": "completed", "output": output}
    route = httpx2_mock.post("https://api.openai.com/v1/responses").mock(httpx.Response(200, json=answer))

    OpenAIModel("gpt-6-sol", KEY).complete(a_prompt())

    assert route.called
    sent = json.loads(route.calls.last.request.content)
    assert len(sent.pop("prompt_cache_key")) == 32
    assert sent == {
        "model": "gpt-6-sol",
        "instructions": "You review changes.",
        "input": [{"type": "message", "role": "user", "content": "the changeread this"}],
        "max_output_tokens": 1000,
        "text": {"format": {"type": "json_schema", "name": "find", "schema": SCHEMA, "strict": True}},
        "store": False,
    }


def test_openai_answer_without_usage_counts_as_no_tokens(httpx2_mock: respx.Router) -> None:
    output = [{"type": "message", "content": [{"type": "output_text", "text": "{}"}]}]
    route = httpx2_mock.post("https://api.openai.com/v1/responses").mock(
        httpx.Response(200, json={"status": "completed", "output": output, "usage": "nonsense"})
    )

    completion = OpenAIModel("gpt-6-sol", KEY).complete(a_prompt())

    assert route.called
    assert completion.usage.input_tokens == 0
