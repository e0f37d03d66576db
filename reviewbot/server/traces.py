"""Sends spans to an OpenTelemetry collector, where the settings name one."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from reviewbot import __version__
from reviewbot.errors import InputError
from reviewbot.telemetry import tracers

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_FLUSH_MILLISECONDS = 1_500
_EXPORT_SECONDS = 5


def set_up_traces(endpoint: str | None) -> None:
    """Has spans sent to `endpoint`, a collector's OTLP/HTTP address; none where it is None.

    Raises InputError where the extra `otel` is not installed.
    """
    if endpoint is None:
        tracers.use(None)
        return
    try:
        import opentelemetry.exporter.otlp.proto.http.trace_exporter
        import opentelemetry.sdk.trace  # noqa: F401
    except ImportError as error:
        raise InputError(
            "REVIEWBOT_OTEL_ENDPOINT is set and OpenTelemetry is not installed: pip install 'reviewbot[otel]'"
        ) from error
    tracers.use(lambda: _opened(endpoint))


def _opened(endpoint: str) -> tuple[Tracer, Callable[[], object]]:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    about: dict[str, str | int] = {"service.name": "reviewbot", "service.version": __version__}
    about["process.pid"] = os.getpid()
    provider = TracerProvider(resource=Resource.create(about))
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=_EXPORT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider.get_tracer("reviewbot", __version__), lambda: provider.force_flush(_FLUSH_MILLISECONDS)
