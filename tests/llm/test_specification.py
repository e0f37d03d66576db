"""The names of models."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reviewbot.errors import InputError
from reviewbot.llm.specification import ModelKeys, ModelKind, ModelSpec, list_models, open_model, parse_model
from tests.fakes.llm import KEY, FakeService


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("anthropic:claude-opus-5", ModelSpec(ModelKind.ANTHROPIC, "claude-opus-5")),
        ("openai:gpt-6.2-sol", ModelSpec(ModelKind.OPENAI, "gpt-6.2-sol")),
        (
            "compatible:llama3.1:8b@http://localhost:11434/v1",
            ModelSpec(ModelKind.COMPATIBLE, "llama3.1:8b", "http://localhost:11434/v1"),
        ),
        ("scripted:examples/answers.json", ModelSpec(ModelKind.SCRIPTED, "examples/answers.json")),
    ],
)
def test_each_form_is_read_and_written_back(text: str, spec: ModelSpec) -> None:
    assert parse_model(text) == spec
    assert str(spec) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "gpt-6", "anthropic:", "gemini:pro", "compatible:name", "compatible:@http://host/v1",
        "compatible:name@ftp://host", "compatible:name@http://", "compatible:name@http://host:99999/v1",
        "openai:a b", "scripted: ",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(InputError, match="anthropic:NAME, openai:NAME"):
        parse_model(text)


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(InputError) as caught:
        parse_model("compatible:name@https://user:hunter2@host/v1")

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("text", "variable"), [("anthropic:m", "ANTHROPIC_API_KEY"), ("openai:m", "OPENAI_API_KEY")])
def test_a_missing_key_names_its_variable(text: str, variable: str) -> None:
    with pytest.raises(InputError, match=variable):
        open_model(parse_model(text), ModelKeys())


def test_a_model_is_named_as_the_user_wrote_it(tmp_path: Path) -> None:
    keys = ModelKeys(anthropic_key=KEY, openai_key=KEY)
    file = tmp_path / "a.json"
    file.write_text('{"schema_version": 1, "answers": {}}')

    for text in ("anthropic:m", "openai:m", "compatible:m@http://localhost/v1", f"scripted:{file}"):
        assert open_model(parse_model(text), keys).name == text


def test_keys_do_not_show_in_the_text_of_their_holder() -> None:
    assert KEY not in repr(ModelKeys(anthropic_key=KEY, openai_key=KEY, compatible_key=KEY))


def test_a_check_says_listed_not_listed_refused_or_away(service: FakeService) -> None:
    url = f"{service.url}/v1"
    keys = ModelKeys(KEY, service.url, KEY, url, KEY)

    for text in ("anthropic:claude-opus-5", "openai:gpt-6-sol", f"compatible:open-model@{url}"):
        assert list_models(parse_model(text), keys).sentence == f"{text} is listed by its service"
    unlisted = list_models(parse_model("openai:nonesuch"), keys)
    assert unlisted.reachable
    assert "does not list" in unlisted.sentence
    refused = list_models(parse_model("openai:gpt-6-sol"), ModelKeys(openai_key="sk-wrong", openai_base_url=url))
    assert not refused.reachable
    assert "OPENAI_API_KEY was refused" in refused.sentence
    away = list_models(parse_model("compatible:m@http://127.0.0.1:1/v1"), keys, timeout_seconds=1)
    assert "no connection to 127.0.0.1:1" in away.sentence
    assert not list_models(parse_model("scripted:nonesuch.json"), keys).reachable


def test_naming_a_model_loads_no_vendor_library() -> None:
    program = (
        "import sys; from reviewbot.llm import specification as s, budget, ledger, measure, retry, recording;"
        "s.open_model(s.parse_model('anthropic:m'), s.ModelKeys(anthropic_key='k'));"
        "print(sorted({'anthropic', 'openai', 'httpx2', 'tenacity', 'pydantic'} & set(sys.modules)))"
    )

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert loaded.strip() == "[]"
