"""A loopback OpenTelemetry collector: keeps the spans that are sent to it over OTLP/HTTP."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class SentSpan:
    """One span: `trace`, `number` and `parent` are OpenTelemetry's ids, "" for no parent."""

    name: str
    trace: str
    number: str
    parent: str
    attributes: dict[str, str | int]
    is_error: bool


@dataclass
class Collector:
    """What came, in the order of its coming; `raw` is all of it as bytes."""

    url: str = ""
    spans: list[SentSpan] = field(default_factory=list)
    services: set[str] = field(default_factory=set)
    raw: bytes = b""

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        self.raw += body
        for resource in request.resource_spans:
            self.services |= {
                one.value.string_value for one in resource.resource.attributes if one.key == "service.name"
            }
            self.spans += [_span(one) for scope in resource.scope_spans for one in scope.spans]


def _span(one) -> SentSpan:
    attributes = {}
    for each in one.attributes:
        kind = each.value.WhichOneof("value")
        attributes[each.key] = getattr(each.value, kind)
    parent = one.parent_span_id.hex()
    return SentSpan(one.name, one.trace_id.hex(), one.span_id.hex(), parent, attributes, one.status.code == 2)


@contextmanager
def collector() -> Iterator[Collector]:
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if self.path != "/v1/traces":
                self.send_error(404)
                return
            found.take(body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
