"""What the service says of itself on standard error: one line for each event, its keys after it."""

from __future__ import annotations

import json
import logging
from typing import Final

from reviewbot.domain.secret_text import without_secrets

_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_LONGEST: Final = 1_000


def set_up_logs(level: int = logging.INFO) -> None:
    """Our own events from `level` on, those of others from WARNING on, where they are not about the port."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
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
        keys = [f"{key}={_shown(value)}" for key, value in vars(record).items() if key not in _OWN]
        record.message = record.getMessage().replace("\n", "\\n")
        record.asctime = self.formatTime(record, self.datefmt)
        line = " ".join((self.formatMessage(record), *keys))
        return without_secrets(f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line)


def _shown(value: object) -> str:
    if isinstance(value, bool | int | float) or value is None:
        return str(value)
    text = str(value)[:_LONGEST]
    return text if text.isascii() and text.isprintable() and " " not in text and text else json.dumps(text)
