"""The adapters against a service that keeps the real rules."""

from __future__ import annotations

import dataclasses
import time
import tracemalloc
from collections.abc import Callable
from decimal import Decimal

import pytest

from reviewbot.domain.review import Usage
from reviewbot.errors import InputError
from reviewbot.llm.anthropic import AnthropicModel, unbounded
from reviewbot.llm.compatible import CompatibleModel
from reviewbot.llm.openai import OpenAIModel, shared_prefix_hash
from reviewbot.ports import (
    Model,
    ModelAnswerUnusable,
    ModelBusy,
    ModelDenied,
    ModelError,
    ModelRefused,
    ModelUnreachable,
    Part,
    PromptTooLong,
    Turn,
)
from tests.fakes.llm import KEY, FakeService, Puppet
from tests.llm.prompts import SCHEMA, a_prompt

Opener = Callable[..., Model]
VENDORS = ("anthropic", "openai", "compatible")
EXPECTED = {
    Puppet.BUSY: (ModelBusy, "busy"),
    Puppet.NO_QUOTA: (ModelDenied, "top up"),
    Puppet.OVERLOADED: (ModelBusy, "529"),
    Puppet.BROKEN: (ModelBusy, "500"),
    Puppet.UNPAID: (ModelDenied, "top up"),
    Puppet.FORBIDDEN: (ModelDenied, "_API_KEY was refused"),
    Puppet.TOO_LONG: (PromptTooLong, "does not fit"),
    Puppet.TOO_LARGE: (PromptTooLong, "does not fit"),
    Puppet.CUT: (ModelUnreachable, "127.0.0.1"),
    Puppet.WEB_PAGE: (ModelAnswerUnusable, "a web page"),
    Puppet.NOT_JSON: (ModelAnswerUnusable, "not JSON"),
    Puppet.A_LIST: (ModelAnswerUnusable, "no object"),
    Puppet.DEEP: (ModelAnswerUnusable, "not JSON"),
    Puppet.EMPTY: (ModelAnswerUnusable, "empty answer"),
    Puppet.REFUSAL: (ModelRefused, "not this"),
    Puppet.FILTERED: (ModelRefused, "declined"),
    Puppet.SILENT_LIMIT: (ModelAnswerUnusable, "1000 output tokens"),
    Puppet.COMPRESSED: (ModelAnswerUnusable, "gzip"),
    Puppet.REDIRECT: (ModelUnreachable, "elsewhere.example"),
}


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("puppet", EXPECTED)
def test_f55_f56_f57_each_failure_has_its_error_naming_model_and_cause_and_never_the_key(
    vendor: str, puppet: Puppet, service: FakeService, open_vendor: Opener
) -> None:
    service.puppets = [puppet]
    model = open_vendor(vendor)
    kind, text = EXPECTED[puppet]

    with pytest.raises(ModelError) as caught:
        model.complete(a_prompt())

    assert type(caught.value) is kind
    assert text in str(caught.value)
    assert model.name in str(caught.value)
    assert KEY not in str(caught.value)
    assert len(service.requests) == 1  # the SDK repeats nothing


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_answer_brings_its_text_usage_and_cost(vendor: str, service: FakeService, open_vendor: Opener) -> None:
    completion = open_vendor(vendor).complete(a_prompt())

    assert completion.text == service.answer
    assert not completion.truncated
    # cached tokens are part of the input, whichever way the service counts them
    written = 0 if vendor == "compatible" else 10
    assert completion.usage == Usage(140 + written, 20, 40, written)
    costs = {"anthropic": Decimal("0.0010825"), "openai": Decimal("0.000433"), "compatible": None}
    assert completion.cost_usd == costs[vendor]


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_answer_cut_off_at_its_limit_is_marked(vendor: str, service: FakeService, open_vendor: Opener) -> None:
    service.puppets = [Puppet.TRUNCATED]

    completion = open_vendor(vendor).complete(a_prompt())

    assert completion.truncated
    assert completion.text == service.answer[:8]


@pytest.mark.parametrize("vendor", VENDORS)
def test_f57_a_wrong_key_is_denied_with_the_name_of_its_variable(
    vendor: str, service: FakeService, open_vendor: Opener
) -> None:
    with pytest.raises(ModelDenied) as caught:
        open_vendor(vendor, key="sk-wrong-key").complete(a_prompt())

    assert "API_KEY was refused" in str(caught.value)
    assert "sk-wrong-key" not in str(caught.value)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_key_with_a_line_break_is_refused_before_it_is_sent(vendor: str, open_vendor: Opener) -> None:
    with pytest.raises(InputError, match="_API_KEY") as caught:
        open_vendor(vendor, key="sk-one\nsk-two")

    assert "sk-one" not in str(caught.value)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("puppet", [Puppet.SLOW, Puppet.TRICKLE])
def test_f55_a_service_that_stalls_is_given_up_at_the_time_limit(
    vendor: str, puppet: Puppet, service: FakeService, open_vendor: Opener
) -> None:
    service.puppets = [puppet]
    started = time.monotonic()

    with pytest.raises(ModelUnreachable, match=r"127\.0\.0\.1"):
        open_vendor(vendor, timeout_seconds=0.3).complete(a_prompt())

    assert time.monotonic() - started < 2


@pytest.mark.parametrize("vendor", ["anthropic", "openai"])
@pytest.mark.parametrize("puppet", [Puppet.HUGE, Puppet.ENDLESS])
def test_f55_an_answer_without_end_is_dropped_before_it_fills_the_memory(
    vendor: str, puppet: Puppet, service: FakeService, open_vendor: Opener
) -> None:
    model = open_vendor(vendor)
    model.complete(a_prompt())
    service.puppets = [puppet]
    tracemalloc.start()

    with pytest.raises(ModelAnswerUnusable, match="more than 20000000 bytes"):
        model.complete(a_prompt())

    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 60_000_000


@pytest.mark.parametrize(
    "model",
    [
        AnthropicModel("m", KEY, "http://127.0.0.1:1", 1),
        OpenAIModel("m", KEY, "http://127.0.0.1:1/v1", 1),
        CompatibleModel("m", "http://127.0.0.1:1/v1", KEY, 1),
    ],
)
def test_nobody_listening_is_unreachable_with_the_host(model: Model) -> None:
    with pytest.raises(ModelUnreachable, match=r"127\.0\.0\.1:1 "):
        model.complete(a_prompt())


def test_busy_says_how_long_to_wait(service: FakeService, open_vendor: Opener) -> None:
    service.puppets = [Puppet.BUSY]

    with pytest.raises(ModelBusy) as caught:
        open_vendor("anthropic").complete(a_prompt())

    assert caught.value.retry_after == 7.0


def test_a_refusal_tells_what_it_cost(service: FakeService, open_vendor: Opener) -> None:
    service.puppets = [Puppet.REFUSAL]

    with pytest.raises(ModelRefused) as caught:
        open_vendor("anthropic").complete(a_prompt())

    assert caught.value.usage == Usage(150, 20, 40, 10)
    assert caught.value.cost_usd == Decimal("0.0010825")


def test_a_failed_response_is_busy(service: FakeService, open_vendor: Opener) -> None:
    service.puppets = [Puppet.FAILED]

    with pytest.raises(ModelBusy, match="it broke"):
        open_vendor("openai").complete(a_prompt())


def test_anthropic_gets_at_most_four_cache_marks_on_the_longest_prefixes(
    service: FakeService, open_vendor: Opener
) -> None:
    parts = tuple(Part(f"part {number}", cacheable=True) for number in range(6))
    prompt = dataclasses.replace(a_prompt(), turns=(Turn("user", (*parts, Part("end"), Part(""))),))

    open_vendor("anthropic").complete(prompt)

    blocks = service.requests[0]["messages"][0]["content"]
    assert [block["text"] for block in blocks if "cache_control" in block] == ["part 3", "part 4", "part 5"]
    assert service.requests[0]["system"][0]["cache_control"] == {"type": "ephemeral"}


def test_a_long_answer_needs_no_streaming(service: FakeService, open_vendor: Opener) -> None:
    completion = open_vendor("anthropic").complete(a_prompt(max_output_tokens=128_000))

    assert completion.text == service.answer


def test_text_that_is_no_unicode_is_sent_all_the_same(service: FakeService, open_vendor: Opener) -> None:
    for vendor in VENDORS:
        assert open_vendor(vendor).complete(a_prompt("bad \udcff byte")).text == service.answer


def test_bounds_are_taken_out_of_a_schema_for_anthropic_and_names_kept() -> None:
    schema = {
        "type": "object",
        "properties": {"minimum": {"type": "integer", "minimum": 1}, "many": {"type": "array", "minItems": 2}},
        "anyOf": [{"type": "string", "maxLength": 3}],
    }

    assert unbounded(schema) == {
        "type": "object",
        "properties": {"minimum": {"type": "integer"}, "many": {"type": "array"}},
        "anyOf": [{"type": "string"}],
    }


def test_openai_caches_by_the_shared_prefix_only(service: FakeService, open_vendor: Opener) -> None:
    open_vendor("openai").complete(a_prompt("one"))

    assert service.requests[0]["prompt_cache_key"] == shared_prefix_hash(a_prompt("two"))
    other = dataclasses.replace(a_prompt("one"), system="Another system.")
    assert service.requests[0]["prompt_cache_key"] != shared_prefix_hash(other)
    assert service.requests[0]["store"] is False


def test_a_server_without_schemas_is_asked_in_weaker_forms_once(service: FakeService, open_vendor: Opener) -> None:
    service.knows_forms = ("json_object",)
    model = open_vendor("compatible")

    first, second = model.complete(a_prompt("one")), model.complete(a_prompt("two"))

    assert first.text == second.text == service.answer
    forms = [request["response_format"]["type"] for request in service.requests]
    assert forms == ["json_schema", "json_object", "json_object"]
    assert '"findings"' in service.requests[1]["messages"][0]["content"]


def test_a_server_without_any_form_is_asked_in_words(service: FakeService, open_vendor: Opener) -> None:
    service.knows_forms = ()

    assert open_vendor("compatible").complete(a_prompt()).text == service.answer
    assert "response_format" not in service.requests[-1]


def test_without_a_key_no_authorization_is_sent(service: FakeService) -> None:
    service.wants_key = False

    CompatibleModel("open-model", f"{service.url}/v1").complete(a_prompt())

    assert "authorization" not in service.headers[0]


def test_a_schema_that_is_not_strict_is_denied_by_openai(service: FakeService, open_vendor: Opener) -> None:
    loose = {key: value for key, value in SCHEMA.items() if key != "additionalProperties"}

    with pytest.raises(ModelDenied, match="additionalProperties"):
        open_vendor("openai").complete(dataclasses.replace(a_prompt(), schema=loose))
