"""One request through a vendor's SDK: bytes come back, or a ModelError that names the remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from reviewbot.llm.service import Service, error_of_status
from reviewbot.llm.wire import AnswerLate, AnswerOversized, RedirectRefused, WireRefusal
from reviewbot.ports import ModelError, ModelUnreachable

if TYPE_CHECKING:
    import httpx2


class RawAnswer(Protocol):
    """What both SDKs give for a raw request."""

    @property
    def http_response(self) -> httpx2.Response: ...


class StatusFailure(Protocol):
    """What both SDKs raise for an HTTP status of 400 or more."""

    @property
    def response(self) -> httpx2.Response: ...


def body_of(send: Callable[[], RawAnswer], service: Service, sdk_error: type[Exception]) -> bytes:
    """The body of the answer to `send`, a call of an SDK whose errors are all of the type `sdk_error`."""
    try:
        return send().http_response.content
    except (sdk_error, WireRefusal) as failure:
        raise _error_of(failure, service) from failure


def _error_of(failure: Exception, service: Service) -> ModelError:
    for cause in _causes(failure):
        if isinstance(cause, WireRefusal):
            return _error_of_refusal(cause, service)
    response: httpx2.Response | None = getattr(failure, "response", None)
    if response is not None:
        return error_of_status(service, response.status_code, response.text, response.headers)
    kind = "no answer in time from" if "Timeout" in type(failure).__name__ else "no connection to"
    why = next((type(cause).__name__ for cause in reversed(list(_causes(failure)))), "")
    return ModelUnreachable(f"{service.name}: {kind} {service.host} ({why}): check the network and the address")


def _error_of_refusal(refusal: WireRefusal, service: Service) -> ModelError:
    if isinstance(refusal, RedirectRefused):
        remedy = "set the address that it should be"
        return ModelUnreachable(f"{service.name}: {service.host} redirects, which is refused ({refusal}): {remedy}")
    if isinstance(refusal, AnswerLate):
        return ModelUnreachable(
            f"{service.name}: {service.host} is too slow ({refusal}): try again, or allow more time"
        )
    remedy = "check the address" if isinstance(refusal, AnswerOversized) else "check any proxy on the way"
    return service.unusable(f"{service.host} gave {refusal}: {remedy}")


def _causes(failure: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = failure
    for _ in range(10):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__
