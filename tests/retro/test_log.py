from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reviewbot.domain.incident import CaseKind
from reviewbot.domain.replay import Replay
from reviewbot.domain.review import HeldBack, Outcome, Stage
from reviewbot.errors import InputError, StoreError
from reviewbot.retro.log import RunLog, RunSettings
from tests.engine.builders import finding

SETTINGS = RunSettings(
    "i.yaml", None, "f00", ("llm",), ("llm",), ("m",), (3,), "j", "0.1.0", "2026-01-01T00:00:00+00:00"
)


def replay(case: str = "INC-1", outcome: Outcome = Outcome.COMPLETE) -> Replay:
    held = HeldBack(finding(title="unsure"), Stage.CHOOSE, "low")
    return Replay(case, CaseKind.INCIDENT, "llm", 1, "a/b", "b", "h", outcome, findings=(finding(),), held_back=(held,))


def test_what_is_appended_is_read_back_as_it_was(tmp_path: Path):
    log = RunLog(tmp_path)
    log.start(SETTINGS, resume=False)
    log.append(replay())

    assert RunLog(tmp_path).replays() == [replay()]


def test_a_line_torn_by_a_kill_is_ignored_and_the_next_one_stands_on_its_own(tmp_path: Path):
    log = RunLog(tmp_path)
    log.append(replay("INC-1"))
    with (tmp_path / "replays.jsonl").open("ab") as file:
        file.write(b'{"case": "INC-2", "ki')

    log.append(replay("INC-3"))

    assert [one.case for one in log.replays()] == ["INC-1", "INC-3"]


def test_the_newest_replay_of_a_case_counts(tmp_path: Path):
    log = RunLog(tmp_path)
    log.append(replay(outcome=Outcome.FAILED))
    log.append(replay())

    assert [one.outcome for one in log.replays()] == [Outcome.COMPLETE]


def test_a_row_of_another_version_is_named_with_its_line(tmp_path: Path):
    (tmp_path / "replays.jsonl").write_text('{"case": "INC-1"}\n')

    with pytest.raises(InputError, match=r"replays\.jsonl:1: not a row of this version"):
        RunLog(tmp_path).replays()


def test_a_folder_with_a_run_is_not_overwritten(tmp_path: Path):
    RunLog(tmp_path).start(SETTINGS, resume=False)

    with pytest.raises(InputError, match="--resume"):
        RunLog(tmp_path).start(SETTINGS, resume=False)


def test_resuming_keeps_the_moment_of_the_start_and_allows_more_trials(tmp_path: Path):
    RunLog(tmp_path).start(SETTINGS, resume=False)

    resumed = RunLog(tmp_path).start(replace(SETTINGS, trials=(5,), started_at="2027"), resume=True)

    assert (resumed.started_at, resumed.trials) == (SETTINGS.started_at, (5,))


@pytest.mark.parametrize("other", [{"arms": ("static",)}, {"models": ("n",)}, {"cases_sha256": "bad"}])
def test_a_run_is_resumed_only_with_the_same_cases_and_arms(tmp_path: Path, other):
    RunLog(tmp_path).start(SETTINGS, resume=False)

    with pytest.raises(InputError, match="holds a run with other"):
        RunLog(tmp_path).start(replace(SETTINGS, **other), resume=True)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="name another folder with --out"):
        RunLog(tmp_path / "file" / "run").start(SETTINGS, resume=False)
