from __future__ import annotations

import json
import logging

from reviewbot.server.logs import JsonFormatter, LineFormatter
from reviewbot.telemetry import carried, traced


def line_of(message: str, **keys: object) -> str:
    record = logging.makeLogRecord({"msg": message, "levelname": "INFO", "name": "reviewbot", **keys})
    return LineFormatter("%(levelname)s %(message)s").format(record)


def test_keys_stand_behind_the_message():
    assert line_of("look failed", pull="7#1", attempts=2) == "INFO look failed pull=7#1 attempts=2"


def test_no_value_can_begin_another_line():
    shown = line_of("a\nb", why="first\nERROR forged", name_of="\x1b[2Jx")

    assert shown.count("\n") == 0
    assert "\x1b" not in shown


def test_every_line_of_a_piece_of_work_has_its_id_in_other_threads_too():
    with traced("pull", "pull:7:1:3"):
        elsewhere = carried(lambda: line_of("model asked"))

    assert elsewhere() == "INFO model asked trace=pull:7:1:3"
    assert line_of("idle") == "INFO idle"


def test_as_json_an_event_is_one_object_whose_keys_keep_their_kinds():
    secret = "ghp_" + "a1B2" * 9
    keys = {"attempts": 2, "why": f"first\nsecond {secret}", "is_fork": False}
    record = logging.makeLogRecord({"msg": "look failed", "levelname": "WARNING", "name": "reviewbot", **keys})
    with traced("pull", "pull:7:1:3"):
        line = JsonFormatter().format(record)

    said = json.loads(line)
    assert "\n" not in line
    assert secret not in line
    assert said["time"].endswith("+00:00")
    assert (said["level"], said["event"], said["attempts"], said["is_fork"]) == ("warning", "look failed", 2, False)
    assert said["trace"] == "pull:7:1:3"
