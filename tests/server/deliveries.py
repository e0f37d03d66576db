"""Sends deliveries over real sockets, as GitHub does."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass

from tests.jobs.small_service import SECRET

PATH = "/github/webhook"


@dataclass(frozen=True)
class Answered:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, str]:
        return json.loads(self.body)


def signed(body: bytes, secret: bytes = SECRET) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def headers_for(body: bytes, guid: str = "guid-1", event: str = "ping") -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": guid,
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-GitHub-Hook-Installation-Target-ID": "1",
        "X-Hub-Signature-256": signed(body),
    }


def post(port: int, content: object, guid: str = "guid-1", event: str = "ping", **changed: str | None) -> Answered:
    """Posts a delivery; `changed` replaces headers (with _ for -), None takes one away. Bytes are sent as they are."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = headers_for(body, guid, event)
    for name, value in changed.items():
        key = next((one for one in headers if one.lower() == name.replace("_", "-").lower()), name.replace("_", "-"))
        headers.pop(key, None)
        if value is not None:
            headers[key] = value
    return request(port, "POST", PATH, body, headers)


def request(
    port: int, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answered:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        return Answered(
            response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        )
    finally:
        connection.close()
