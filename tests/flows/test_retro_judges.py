"""Two judges, planted remarks and people's labels: from the command to the judge card."""

from __future__ import annotations

import json
import os
import pty
import termios
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.llm import FakeService
from tests.flows.world import (
    MODEL,
    Command,
    Ran,
    World,
    arm_of,
    ended,
    is_judging,
    judge_answer,
    play,
    rows,
    scorecard,
    text_of,
    timeless,
)

RUN = ("--reviewer", "llm", "--model", MODEL, "--trials", "1", "--out", "out")


def is_planting(request: Mapping[str, Any]) -> bool:
    return "near_miss" in json.dumps(request["output_config"])


def remark_in(request: Mapping[str, Any]) -> str:
    return text_of(request).partition("<<<<< remark")[2]


def plants(request: Mapping[str, Any]) -> str:
    """Remarks that the judge of the story knows: hits by their titles, misses by theirs."""
    path, title = ("shop/charge.py", "New key on retries") if "fresh_key" in text_of(request) else ("", "")
    if not path:
        path, title = "shop/cart.py", "Removed check on carts"
    remark = {"path": path, "line": 1, "quote": "return", "explanation": "It breaks."}
    return json.dumps({"positive": {**remark, "title": title}, "near_miss": {**remark, "title": "Slow loop"}})


def perform(request: dict[str, Any]) -> str:
    return plants(request) if is_planting(request) else play(request)


def swayed(judged: list[str]) -> Any:
    """A judge whose second opinion on the catch is another one, and who then comes back to the first."""
    lock = threading.Lock()

    def answer(request: dict[str, Any]) -> str:
        if not is_judging(request):
            return perform(request)
        with lock:
            judged.append(remark_in(request))
            is_second = judged.count(judged[-1]) == 2
        told = json.loads(judge_answer(request))
        return json.dumps({**told, "verdict": "miss"} if is_second and "New key on each" in judged[-1] else told)

    return answer


@pytest.fixture
def judged(keyed: Command, service: FakeService, incidents: Path, world: World) -> Ran:
    """A whole run with two opinions on each finding."""
    service.answerer = swayed([])
    ran = keyed("retro", "--incidents", "incidents.yaml", "--repos", world.mirrors, *RUN, "--judges", "2")
    assert ran.code == 0, ran.said
    return ran


def keys(command: Command, pressed: str, *arguments: str) -> Ran:
    """The command at a terminal of its own; each key is pressed once it is asked for and the terminal waits for it."""
    ours, theirs = pty.openpty()
    process = command.start(*arguments, stdin=theirs)
    said = b""
    try:
        assert process.stdout is not None
        for number, key in enumerate(pressed, start=1):
            while said.count(b"q quit") < number:
                read = os.read(process.stdout.fileno(), 65536)
                assert read, said.decode()
                said += read
            while termios.tcgetattr(theirs)[3] & termios.ICANON:
                time.sleep(0.005)
            os.write(ours, key.encode())
        ran = ended(process)
    finally:
        process.kill()
        os.close(ours)
        os.close(theirs)
    return Ran(ran.code, said.decode() + ran.out, ran.err)


def test_the_judge_card_tells_disputes_agreement_and_what_planted_remarks_showed(judged: Ran, home: Path) -> None:
    card = scorecard(home / "out")["judge"]

    assert card["disputed"] == 1
    assert card["kappa"] is not None and 0 < card["kappa"] < 1
    told = {kind: (rate["k"], rate["n"]) for kind, rate in card["planted"].items()}
    assert told["positive"] == (3, 3)
    assert told["near_miss"] == (3, 3)
    assert told["decoy"] == (0, 2), "a judge who goes by titles falls for the cause of another incident"
    assert "two opinions" in card["note"] and "third where they differ" in card["note"]
    assert card["judges"] == [MODEL]
    assert card["cost_usd"] > 0


def test_the_page_the_text_and_the_terminal_show_the_judge_card(judged: Ran, home: Path) -> None:
    for name in ("report.html", "report.md"):
        text = (home / "out" / name).read_text().replace("\\", "")
        assert "third where they differ" in text, name
        assert "Planted near-misses" in text and "3/3 told right" in text, name
        assert "Planted decoys" in text and "0/2 told right" in text, name
    assert "of remarks that were planted: 3/3 true causes" in judged.out


def test_the_disputed_catch_stands_by_two_of_three_votes(judged: Ran, home: Path) -> None:
    decisive = next(row for row in rows(home / "out" / "verdicts.jsonl") if row["case"] == "INC-1")["decisive"]

    votes = [vote["label"] for vote in decisive["votes"]]
    assert (decisive["label"], sorted(votes), votes[2]) == ("hit", ["hit", "hit", "miss"], "hit")
    assert f"{', '.join(votes)}, disputed" in (home / "out" / "report.html").read_text()


def test_each_opinion_is_paid_once(judged: Ran, keyed: Command, service: FakeService, home: Path) -> None:
    before = timeless(home / "out")
    service.requests.clear()

    again = keyed("retro", "judge", "--out", "out", "--judges", "2")

    assert again.code == 0 and service.requests == []
    assert keyed("retro", "report", "--out", "out").code == 0
    assert timeless(home / "out") == before


def test_planted_remarks_are_told_apart_by_nothing_that_a_judge_sees(judged: Ran, service: FakeService) -> None:
    asked = [request for request in service.requests if is_judging(request)]

    assert len({json.dumps(request["system"]) for request in asked}) == 1
    assert [word for request in asked for word in ("plant", "decoy", "near_miss") if word in text_of(request)] == []


def test_planted_remarks_need_two_opinions_and_are_not_made_for_one(
    keyed: Command, service: FakeService, incidents: Path, world: World, home: Path
) -> None:
    service.answerer = perform

    ran = keyed("retro", "--incidents", "incidents.yaml", "--repos", world.mirrors, *RUN, "--judges", "1")

    assert ran.code == 0
    assert not any(map(is_planting, service.requests))
    assert scorecard(home / "out")["judge"]["planted"] == {}
    assert "its error was not measured" in (home / "out" / "report.html").read_text()


def test_a_judge_of_rubbish_leaves_findings_unjudged_and_is_no_judge_of_planted_remarks(
    keyed: Command, service: FakeService, incidents: Path, world: World, home: Path
) -> None:
    service.answerer = lambda request: "I like it." if is_judging(request) else perform(request)

    ran = keyed("retro", "--incidents", "incidents.yaml", "--repos", world.mirrors, *RUN, "--judges", "2")

    assert ran.code == 2, "nothing could be judged"
    arm = arm_of(scorecard(home / "out"), "llm")
    assert (arm["caught"], arm["missed"], arm["unjudged"]) == (0, 0, 3)
    assert arm["rates"]["strict"]["n"] == 4, "what nobody could judge stays in the denominator"
    assert scorecard(home / "out")["judge"]["planted"]["positive"]["n"] == 0


def test_labels_win_are_kept_at_once_and_give_the_kappa_of_the_judges(
    judged: Ran, keyed: Command, home: Path, world: World
) -> None:
    assert arm_of(scorecard(home / "out"), "llm")["caught"] == 1

    ran = keys(keyed, "mq", "retro", "label", "--out", "out", "--by", "ada")

    assert ran.code == 0, ran.said
    assert "1 labelled now, 1 left" in ran.out
    labels = rows(home / "incidents.labels.jsonl")
    assert [(row["label"], row["by"]) for row in labels] == [("miss", "ada")]
    ran = keys(keyed, "?m", "retro", "label", "--out", "out", "--by", "ada")
    assert "1 of them labelled before" in ran.out and "0 left" in ran.out
    assert "another mechanism" in ran.out, "the rules are one key away"

    assert keyed("retro", "report", "--out", "out").code == 0
    card = scorecard(home / "out")
    assert arm_of(card, "llm")["caught"] == 0, "a person's label holds in place of the judges'"
    assert card["judge"]["labelled"] == 2
    assert card["judge"]["kappa_human"] == pytest.approx(0.0)
    assert "labelled by ada" in (home / "out" / "report.html").read_text()


def test_who_labels_sees_nothing_of_judges_and_reviewers(judged: Ran, keyed: Command) -> None:
    said = keys(keyed, "ss", "retro", "label", "--out", "out").out

    shown, _, _ = said.partition("Next: reviewbot")
    assert "New key" in shown and "idempotency key" in shown
    assert [word for word in ("claude", "llm", "high", "0.77", "confidence", "sev1") if word in shown.lower()] == []


def test_back_goes_to_the_finding_before(judged: Ran, keyed: Command, home: Path) -> None:
    keys(keyed, "hbmq", "retro", "label", "--out", "out")

    labels = rows(home / "incidents.labels.jsonl")
    assert [row["label"] for row in labels] == ["hit", "miss"]
    assert len({row["finding"] for row in labels}) == 1


def test_labels_of_another_run_are_counted_and_change_nothing(judged: Ran, keyed: Command, home: Path) -> None:
    before = timeless(home / "out")
    row = {"case": "INC-1", "finding": "0" * 16, "label": "miss", "by": "ada", "at": "2026-01-01T00:00:00+00:00"}
    (home / "incidents.labels.jsonl").write_text(json.dumps(row) + "\n")

    ran = keyed("retro", "report", "--out", "out")

    assert "1 labels in incidents.labels.jsonl are of findings that this run does not hold" in ran.err
    assert timeless(home / "out") == before


def test_a_broken_label_file_is_named_with_its_line(judged: Ran, keyed: Command, home: Path) -> None:
    (home / "incidents.labels.jsonl").write_text("rubbish\n")

    ran = keyed("retro", "report", "--out", "out")

    assert ran.code == 2 and "incidents.labels.jsonl:1: not a label" in ran.err


def test_labelling_a_folder_without_a_run_says_what_to_name(keyed: Command) -> None:
    ran = keyed("retro", "label", "--out", "nowhere")

    assert ran.code == 2 and "nowhere holds no run" in ran.err


def test_a_dry_run_tells_that_judges_come_on_top(keyed: Command, incidents: Path, world: World) -> None:
    ran = keyed(
        "retro", "--incidents", "incidents.yaml", "--repos", world.mirrors, *RUN[:-2], "--judges", "2", "--dry-run"
    )

    assert ran.code == 0
    assert "two calls for each finding" in ran.out and "planted" in ran.out
