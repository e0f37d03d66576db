"""A webhook's delivery as a value: is it from GitHub, and what does it say. Pure: bytes in, values out."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

from reviewbot.domain.events import Event
from reviewbot.github.delivery_body import decode_body, json_object
from reviewbot.github.events import OwnIdentity, event_of
from reviewbot.github.payloads import UnreadablePayload

__all__ = ["OwnIdentity", "UnreadablePayload", "decode_body", "parse_event", "verify_signature"]

_SIGNATURE = re.compile(rb"sha256=[0-9a-f]{64}")


def verify_signature(secrets: Sequence[bytes], body: bytes, header_values: Sequence[bytes]) -> bool:
    """Whether one of the secrets signed the raw body. `header_values` are all values of `X-Hub-Signature-256`.

    Several secrets are good while they are being rotated; an empty one never is. Everything is bytes, because
    comparing text in constant time raises TypeError for what is not ASCII.
    """
    if len(header_values) != 1 or not _SIGNATURE.fullmatch(header_values[0]):
        return False
    given = header_values[0].removeprefix(b"sha256=")
    return any(hmac.compare_digest(_signed(secret, body), given) for secret in secrets if secret)


def _signed(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, body, hashlib.sha256).hexdigest().encode()


def parse_event(event: str, body: bytes, own: OwnIdentity) -> Event:
    """What a delivery tells us; `event` is its `X-GitHub-Event`, `body` what `decode_body` gave.

    What is not for us is `Ignored` with the reason. Raises UnreadablePayload, and nothing else, for what GitHub
    would not send.
    """
    return event_of(event, json_object(body), own)
