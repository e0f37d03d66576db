"""From the bytes of a delivery to a JSON object, whatever somebody has put into them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NoReturn
from urllib.parse import unquote_to_bytes

from reviewbot.github.payloads import UnreadablePayload

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


def decode_body(content_type: str, raw: bytes) -> bytes:
    """The JSON of a delivery: as it came, or out of the `payload` field of a form.

    A hook sends forms where its content type was never changed from GitHub's default. The signature is of the raw
    body. Raises UnreadablePayload for other content types and for forms without exactly one payload.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == JSON_TYPE:
        return raw
    if media_type == FORM_TYPE:
        return _payload_field(raw)
    raise UnreadablePayload(f"the delivery is neither {JSON_TYPE} nor {FORM_TYPE}; set the webhook's content type")


def _payload_field(form: bytes) -> bytes:
    fields = [field.partition(b"=") for field in form.split(b"&", 100)]
    values = [value for name, _, value in fields if name == b"payload"]
    if len(values) != 1:
        raise UnreadablePayload(
            f"the form has {len(values)} payload fields instead of one; set the webhook's content type to {JSON_TYPE}"
        )
    return unquote_to_bytes(values[0].replace(b"+", b" "))


def json_object(body: bytes) -> dict[str, object]:
    """The object that a body holds; a byte order mark is allowed.

    Stricter than Python: two equal keys, NaN, and text that cannot be encoded are refused, for different readers
    take them differently. Raises UnreadablePayload, also for what json answers with other errors than its own (F14).
    """
    try:
        text = body.decode("utf-8-sig")
        document: object = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
        if "\\ud" in text or "\\uD" in text:
            # Only an escape can bring half of a surrogate pair in; encoding finds it wherever it is.
            json.dumps(document, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        raise UnreadablePayload("the delivery is not UTF-8 text") from None
    except UnicodeEncodeError:
        raise UnreadablePayload("the delivery holds half of a surrogate pair, which is no text") from None
    except json.JSONDecodeError as error:
        raise UnreadablePayload(f"the delivery is not JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise UnreadablePayload("the delivery is nested too deeply") from None
    except ValueError:
        raise UnreadablePayload("the delivery holds a number with too many digits") from None
    if not isinstance(document, dict):
        raise UnreadablePayload("the delivery is JSON but not an object")
    return document


def _unique(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise UnreadablePayload("the delivery is JSON in which an object has the same key twice")
    return members


def _refuse_constant(_name: str) -> NoReturn:
    raise UnreadablePayload("the delivery holds NaN or Infinity, which is not JSON")
