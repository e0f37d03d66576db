"""Prompts for the tests of models."""

from __future__ import annotations

from reviewbot.ports import Part, Prompt, Turn

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["findings"],
    "properties": {"findings": {"type": "array", "items": {"type": "string"}}},
}


def a_prompt(text: str = "read this", trial: int = 1, max_output_tokens: int = 1000) -> Prompt:
    turn = Turn("user", (Part("the change", cacheable=True), Part(text)))
    return Prompt("find", "3", "You review changes.", (turn,), SCHEMA, max_output_tokens, trial)
