"""Turning what a model service did wrong into the errors that the rest of the program knows.

Every text names the model and the remedy, and none can hold the key.
"""

from __future__ import annotations

import email.utils
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import urlsplit

from reviewbot.domain.review import Usage
from reviewbot.domain.text import revealed, shortened
from reviewbot.errors import InputError
from reviewbot.llm.prices import Catalogue, cost_usd
from reviewbot.ports import (
    ModelAnswerUnusable,
    ModelBusy,
    ModelDenied,
    ModelError,
    ModelRefused,
    PromptTooLong,
)

_TOO_LONG = (
    "prompt is too long",
    "context_length_exceeded",
    "maximum context length",
    "context window",
    "context length",
    "exceeds the context",
    "input is too long",
    "request_too_large",
)
_NO_CREDIT = ("insufficient_quota", "credit balance", "billing_error", "insufficient balance", "billing_hard_limit")
_REFUSED = ("content_policy_violation", "content_filter", "invalid_prompt", "bio_policy", "misalignment_policy")


@dataclass(frozen=True, slots=True)
class Service:
    """One model at one address: all that an error message and a bill need to know of it."""

    name: str
    model: str
    base_url: str
    key_variable: str
    key: str | None = field(repr=False)
    catalogue: Catalogue = field(repr=False)

    def __post_init__(self) -> None:
        if self.key is not None and not (self.key.isascii() and self.key.isprintable() and " " not in self.key):
            raise InputError(
                f"{self.key_variable} holds characters that no key has: set it to the key and nothing else"
            )

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc.rpartition("@")[2] or self.base_url

    def cost_usd(self, usage: Usage) -> Decimal | None:
        return cost_usd(self.catalogue.price_of(self.name), usage)

    def quoted(self, text: str) -> str:
        """The service's own words, short, visible, and without the key should it have repeated it."""
        if self.key:
            text = text.replace(self.key, "[key]")
        return revealed(shortened(text, 240))

    def unusable(self, what: str, usage: Usage | None = None) -> ModelAnswerUnusable:
        cost = Decimal(0) if usage is None else self.cost_usd(usage)
        return ModelAnswerUnusable(f"{self.name}: {what}", usage, cost)

    def refused(self, why: str, usage: Usage | None = None) -> ModelRefused:
        cost = Decimal(0) if usage is None else self.cost_usd(usage)
        return ModelRefused(f"{self.name} declined to answer: {self.quoted(why)}", usage, cost)


def error_of_status(service: Service, status: int, body: str, headers: Mapping[str, str]) -> ModelError:
    """The error for an answer with an HTTP status of 400 or more."""
    said = f"HTTP {status}: {service.quoted(_message_in(body)) or 'no reason given'}"
    lowered = body[:20_000].lower()
    if status == 402 or any(mark in lowered for mark in _NO_CREDIT):
        return ModelDenied(f"{service.name}: no credit is left at {service.host} ({said}): top up the account")
    if status in (401, 403):
        return ModelDenied(_key_refused(service, said))
    if status == 404:
        remedy = "check the model's name, and the address if it is your own"
        return ModelDenied(f"{service.name}: {service.host} has no such model or path ({said}): {remedy}")
    if status == 413 or (status in (400, 422) and any(mark in lowered for mark in _TOO_LONG)):
        return PromptTooLong(
            f"{service.name}: the prompt does not fit ({said}): review less at once, or a larger model"
        )
    if status in (400, 422) and any(mark in lowered for mark in _REFUSED):
        return service.refused(said)
    if status in (408, 409, 425, 429) or status >= 500:
        return ModelBusy(f"{service.name}: {service.host} is busy ({said}): try again later", retry_after_in(headers))
    return ModelDenied(f"{service.name}: {service.host} rejected the request ({said}): check that it suits the model")


def _key_refused(service: Service, said: str) -> str:
    if service.key is None:
        return f"{service.name}: {service.host} wants a key ({said}): set {service.key_variable}"
    return (
        f"{service.key_variable} was refused by {service.host} for {service.name} ({said}): "
        f"set {service.key_variable} to a key that may use this model"
    )


def _message_in(body: str) -> str:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return "" if "<html" in body[:1000].lower() or "<!doctype" in body[:1000].lower() else body
    error = content.get("error", content) if isinstance(content, dict) else content
    message = error.get("message", "") if isinstance(error, dict) else error
    return message if isinstance(message, str) else ""


def retry_after_in(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the service asked for them, in whichever form; None where it did not or made no sense."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) * scale
        except ValueError:
            seconds = _seconds_until(value)
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    return None


def _seconds_until(http_date: str) -> float:
    try:
        moment = email.utils.parsedate_to_datetime(http_date)
    except ValueError:
        return math.nan
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def answer_in(service: Service, body: bytes) -> dict[str, object]:
    """The JSON object of an answer with status 200."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        what = "a web page" if body.lstrip()[:1] == b"<" else "something that is not JSON"
        remedy = "check the address, and any proxy on the way"
        raise service.unusable(f"{service.host} answered with {what} ({len(body)} bytes): {remedy}") from error
    if not isinstance(content, dict):
        raise service.unusable(f"{service.host} answered with JSON that is no object: check the address")
    return content


def part(content: object, *path: str) -> object:
    """The value at a path of keys; None where there is none."""
    for key in path:
        content = content.get(key) if isinstance(content, dict) else None
    return content


def parts(content: object, *path: str) -> list[object]:
    """The list at a path of keys; empty where there is none."""
    found = part(content, *path)
    return found if isinstance(found, list) else []


def words(content: object, *path: str) -> str:
    """The text at a path of keys; empty where there is none."""
    found = part(content, *path)
    return found if isinstance(found, str) else ""


def count(content: object, *path: str) -> int:
    """The number of tokens at a path of keys; 0 where there is none."""
    found = part(content, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 0
