from __future__ import annotations

import logging

from reviewbot.server.logs import LineFormatter


def line_of(message: str, **keys: object) -> str:
    record = logging.makeLogRecord({"msg": message, "levelname": "INFO", "name": "reviewbot", **keys})
    return LineFormatter("%(levelname)s %(message)s").format(record)


def test_keys_stand_behind_the_message():
    assert line_of("look failed", pull="7#1", attempts=2) == "INFO look failed pull=7#1 attempts=2"


def test_no_value_can_begin_another_line():
    shown = line_of("a\nb", why="first\nERROR forged", name_of="\x1b[2Jx")

    assert shown.count("\n") == 0
    assert "\x1b" not in shown
