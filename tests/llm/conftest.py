"""What the tests of models share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from reviewbot.llm.anthropic import AnthropicModel
from reviewbot.llm.compatible import CompatibleModel
from reviewbot.llm.openai import OpenAIModel
from tests.fakes.llm import KEY, FakeService, serve

AnyModel = AnthropicModel | OpenAIModel | CompatibleModel


@pytest.fixture
def service() -> Iterator[FakeService]:
    with serve() as running:
        yield running


@pytest.fixture
def open_vendor(service: FakeService) -> Callable[..., AnyModel]:
    def opened(vendor: str, key: str = KEY, timeout_seconds: float = 5.0) -> AnyModel:
        if vendor == "anthropic":
            return AnthropicModel("claude-opus-5", key, service.url, timeout_seconds)
        if vendor == "openai":
            return OpenAIModel("gpt-6-sol", key, f"{service.url}/v1", timeout_seconds)
        return CompatibleModel("open-model", f"{service.url}/v1", key, timeout_seconds)

    return opened
