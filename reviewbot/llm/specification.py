"""The names by which users ask for a model, and the model behind each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, assert_never
from urllib.parse import urlsplit

from reviewbot.errors import InputError
from reviewbot.ports import Model, ModelError

if TYPE_CHECKING:
    from reviewbot.llm.anthropic import AnthropicModel
    from reviewbot.llm.batching import BatchService
    from reviewbot.llm.compatible import CompatibleModel
    from reviewbot.llm.openai import OpenAIModel
    from reviewbot.llm.prices import Catalogue

_FORMS = "anthropic:NAME, openai:NAME, compatible:NAME@URL (such as http://localhost:8000/v1) or scripted:FILE"
_NAME = re.compile(r"[A-Za-z0-9][\w.:/@+-]{0,199}", re.ASCII)


class ModelKind(StrEnum):
    """Where a model is found."""

    ANTHROPIC = "anthropic"
    OPENAI = "openai"
    COMPATIBLE = "compatible"
    SCRIPTED = "scripted"


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model as asked for: `name` is its name at the service, or the file of a recording; `url` a server's address."""

    kind: ModelKind
    name: str
    url: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" + (f"@{self.url}" if self.url else "")


@dataclass(frozen=True, slots=True)
class ModelKeys:
    """The keys and addresses that the settings hold; an address of None is the vendor's own."""

    anthropic_key: str | None = field(default=None, repr=False)
    anthropic_base_url: str | None = None
    openai_key: str | None = field(default=None, repr=False)
    openai_base_url: str | None = None
    compatible_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """Whether a model can be asked, and a sentence about it."""

    reachable: bool
    sentence: str


def parse_model(text: str) -> ModelSpec:
    """The model that a specification names; raises InputError that lists the forms."""
    kind, colon, rest = text.strip().partition(":")
    if not colon or kind not in tuple(ModelKind) or not rest.strip():
        raise InputError(f"{text!r} names no model: write {_FORMS}")
    match ModelKind(kind):
        case ModelKind.SCRIPTED:
            return ModelSpec(ModelKind.SCRIPTED, rest.strip())
        case ModelKind.COMPATIBLE:
            return _compatible_spec(rest, text)
        case ModelKind.ANTHROPIC | ModelKind.OPENAI as vendor:
            if _NAME.fullmatch(rest) is None:
                raise InputError(f"{rest!r} in {text!r} cannot be the name of a model: write {_FORMS}")
            return ModelSpec(vendor, rest)
        case _ as never:
            assert_never(never)


def _compatible_spec(rest: str, text: str) -> ModelSpec:
    found = re.fullmatch(r"(.+?)@(https?://\S+)", rest)
    if found is None or _NAME.fullmatch(found[1]) is None:
        raise InputError(f"{text!r} lacks a name or an address: write {_FORMS}")
    try:
        url = urlsplit(found[2])
        is_address = bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        is_address = False
    if not is_address or "?" in found[2] or "#" in found[2]:
        raise InputError(f"{found[2]!r} is no address of a server: write {_FORMS}")
    if "@" in urlsplit(found[2]).netloc:
        # The name of a model is shown and stored; a password does not belong there.
        raise InputError("the address of a model holds a user or a password: set REVIEWBOT_COMPATIBLE_API_KEY instead")
    return ModelSpec(ModelKind.COMPATIBLE, found[1], found[2])


def open_model(
    spec: ModelSpec, keys: ModelKeys, catalogue: Catalogue | None = None, timeout_seconds: float = 300
) -> Model:
    """The bare model: the caller adds retries, a ledger or a budget. A missing key is an InputError."""
    if spec.kind is ModelKind.SCRIPTED:
        from reviewbot.llm.scripted import ScriptedModel

        return ScriptedModel(Path(spec.name), spec.name)
    return _remote_model(spec, keys, catalogue, timeout_seconds)


def batches_of(model: Model) -> BatchService:
    """The batch interface of an opened model; InputError for one that has none."""
    from reviewbot.llm.anthropic import AnthropicModel
    from reviewbot.llm.openai import OpenAIModel

    if isinstance(model, AnthropicModel):
        from reviewbot.llm.anthropic_batches import AnthropicBatches

        return AnthropicBatches(model)
    if isinstance(model, OpenAIModel):
        from reviewbot.llm.openai_batches import OpenAIBatches

        return OpenAIBatches(model)
    raise InputError(f"{model.name} has no batch interface; leave out --batch, or ask an anthropic: or openai: model")


def list_models(spec: ModelSpec, keys: ModelKeys, timeout_seconds: float = 20) -> ModelCheck:
    """Whether the model can be asked, found out without cost: the service is asked for its list of models."""
    if spec.kind is ModelKind.SCRIPTED:
        is_file = Path(spec.name).is_file()
        return ModelCheck(is_file, f"{spec} is there" if is_file else f"{spec}: there is no such file: record it first")
    try:
        names = _remote_model(spec, keys, None, timeout_seconds).list_models()
    except (ModelError, InputError) as error:
        return ModelCheck(False, str(error))
    if spec.name in names:
        return ModelCheck(True, f"{spec} is listed by its service")
    some = ", ".join(sorted(names)[:8]) or "nothing"
    return ModelCheck(True, f"{spec}: the service answers but does not list this name (it lists {some})")


def _remote_model(
    spec: ModelSpec, keys: ModelKeys, catalogue: Catalogue | None, timeout_seconds: float
) -> AnthropicModel | OpenAIModel | CompatibleModel:
    if spec.kind is ModelKind.ANTHROPIC:
        from reviewbot.llm.anthropic import AnthropicModel

        key = _needed(keys.anthropic_key, "ANTHROPIC_API_KEY", spec)
        return AnthropicModel(spec.name, key, keys.anthropic_base_url, timeout_seconds, catalogue)
    if spec.kind is ModelKind.OPENAI:
        from reviewbot.llm.openai import OpenAIModel

        key = _needed(keys.openai_key, "OPENAI_API_KEY", spec)
        return OpenAIModel(spec.name, key, keys.openai_base_url, timeout_seconds, catalogue)
    from reviewbot.llm.compatible import CompatibleModel

    return CompatibleModel(spec.name, spec.url or "", keys.compatible_key, timeout_seconds, catalogue)


def _needed(key: str | None, variable: str, spec: ModelSpec) -> str:
    if not key:
        raise InputError(f"{spec} needs a key and {variable} is not set: set {variable}, or {variable}_FILE to a file")
    return key
