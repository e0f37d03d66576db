"""Recording answers and replaying them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from reviewbot.domain.review import Usage
from reviewbot.errors import InputError
from reviewbot.llm.recording import Recorder, RecordingModel
from reviewbot.llm.scripted import ScriptedModel
from reviewbot.ports import ModelAnswerUnusable
from tests.llm.fakes import StubModel
from tests.llm.prompts import a_prompt


def test_what_was_recorded_is_replayed_free_with_its_usage_from_any_path(tmp_path: Path) -> None:
    RecordingModel(StubModel(["answer"]), Recorder(tmp_path / "a.json", "stub-1")).complete(a_prompt())
    moved = (tmp_path / "a.json").rename(tmp_path / "b.json")

    completion = ScriptedModel(moved).complete(a_prompt())

    assert completion.text == "answer"
    assert completion.model == "stub-1"
    assert completion.usage == Usage(10, 5)
    assert completion.cost_usd == Decimal(0)


def test_a_missing_answer_names_prompt_version_request_and_remedy(tmp_path: Path) -> None:
    RecordingModel(StubModel(["answer"]), Recorder(tmp_path / "a.json", "stub-1")).complete(a_prompt())

    with pytest.raises(ModelAnswerUnusable, match=r"find@3 \(request [0-9a-f]{32}\).*record the answers again"):
        ScriptedModel(tmp_path / "a.json").complete(a_prompt(trial=2))


def test_a_default_answers_everything_else(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text('{"schema_version": 1, "answers": {}, "default": {"text": "{}"}}')

    assert ScriptedModel(file).complete(a_prompt()).text == "{}"


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ('{\n"schema_version": 1,\n', "a.json:3:"),
        ("[]", "a.json:1:"),
        ('{"schema_version": 1}', "answers"),
        ('{"schema_version": 1, "answers": {\n"k1": {"text": "x"},\n"k2": {"text": 4}}}', "a.json:3:"),
        ('{"schema_version": 1, "answers": {"k": {"text": "x", "usage": {"input_tokens": -1}}}}', "input_tokens"),
    ],
)
def test_a_bad_file_is_named_with_its_line_and_the_reason(content: str, where: str, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(content)

    with pytest.raises(InputError) as caught:
        ScriptedModel(file)

    assert where in str(caught.value)


def test_answers_not_asked_for_are_dropped_by_prune_and_not_before(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    RecordingModel(StubModel(["old"]), Recorder(file, "stub-1")).complete(a_prompt("old"))
    recorder = Recorder(file, "stub-1")
    recording = RecordingModel(StubModel(["new"]), recorder)
    recording.complete(a_prompt("new"))
    assert len(json.loads(file.read_text())["answers"]) == 2

    dropped = recorder.prune()

    assert dropped == 1
    assert [answer["text"] for answer in json.loads(file.read_text())["answers"].values()] == ["new"]


def test_threads_record_into_one_file_with_sorted_keys(tmp_path: Path) -> None:
    recording = RecordingModel(StubModel(["answer"]), Recorder(tmp_path / "a.json", "stub-1"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: recording.complete(a_prompt(str(number))), range(12)))

    keys = list(json.loads((tmp_path / "a.json").read_text())["answers"])
    assert len(keys) == 12
    assert keys == sorted(keys)
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
