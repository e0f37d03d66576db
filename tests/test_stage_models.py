"""The rules of naming models: several that find, one that checks, one that judges, others that stand in."""

from __future__ import annotations

import pytest

from reviewbot.errors import InputError
from reviewbot.stage_models import StageModels, stage_models


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], StageModels()),
        ([""], StageModels()),
        (["anthropic:a"], StageModels(("anthropic:a",))),
        (["anthropic:a", "openai:b"], StageModels(("anthropic:a", "openai:b"))),
        (["anthropic:a, find=openai:b,verify=openai:c"], StageModels(("anthropic:a", "openai:b"), "openai:c")),
        (["anthropic:a | openai:b", "judge=openai:j"], StageModels(("anthropic:a|openai:b",), None, "openai:j")),
        (["scripted:a=b.json"], StageModels(("scripted:a=b.json",))),
    ],
)
def test_words_name_the_models_of_each_stage(words: list[str], expected: StageModels):
    assert stage_models(words) == expected
    assert stage_models([str(expected)]) == expected


def test_a_stage_without_a_model_has_that_of_the_stage_before_it():
    assert stage_models(["a:1", "b:2"]).verifying == "a:1"
    assert stage_models(["a:1", "verify=v:1"]).judging == "v:1"
    assert stage_models(["a:1", "verify=v:1", "judge=j:1"]).judging == "j:1"
    assert StageModels().judging is None


@pytest.mark.parametrize("word", ["verify=", "a:1|", "|a:1", "|", "verify=a:1,verify=b:2", "a:1,a:1"])
def test_what_names_no_model_or_one_too_many_is_refused(word: str):
    with pytest.raises(InputError):
        stage_models([word])
