"""What the service says of itself on standard error: one line for each event, its keys after it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Final

from reviewbot.domain.secret_text import without_secrets
from reviewbot.telemetry import trace_id

_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_LONGEST: Final = 1_000


def set_up_logs(is_json: bool = False, level: int = logging.INFO) -> None:
    """Our own events from `level` on, those of others from WARNING on, where they are not about the port."""
    handler = logging.StreamHandler()
    lines = LineFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    handler.setFormatter(JsonFormatter() if is_json else lines)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("reviewbot", "uvicorn.error"):
        logging.getLogger(name).setLevel(level)


class LineFormatter(logging.Formatter):
    """Puts the keys of an event behind its message, as `key=value`; nothing in them can begin another line.

    What looks like a secret is not logged, in whatever way it came into an event or an exception.
    """

    def format(self, record: logging.LogRecord) -> str:
        keys = [f"{key}={_shown(value)}" for key, value in _keys(record).items()]
        record.message = record.getMessage().replace("\n", "\\n")
        record.asctime = self.formatTime(record, self.datefmt)
        line = " ".join((self.formatMessage(record), *keys))
        return without_secrets(f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line)


class JsonFormatter(logging.Formatter):
    """One JSON object for each event: `time` (UTC), `level`, `logger`, `event`, and the event's keys."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "time": when,
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        for key, value in _keys(record).items():
            line[key] = value if isinstance(value, bool | int | float) or value is None else str(value)[:_LONGEST]
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return without_secrets(json.dumps(line))


def _keys(record: logging.LogRecord) -> dict[str, object]:
    """The keys of an event, with the id of the work that it belongs to."""
    belongs_to = {"trace": trace_id()} if trace_id() else {}
    return belongs_to | {key: value for key, value in vars(record).items() if key not in _OWN}


def _shown(value: object) -> str:
    if isinstance(value, bool | int | float) or value is None:
        return str(value)
    text = str(value)[:_LONGEST]
    return text if text.isascii() and text.isprintable() and " " not in text and text else json.dumps(text)
