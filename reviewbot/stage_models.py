"""Which model does what: the words of `--model` and REVIEWBOT_MODEL, read into one value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reviewbot.errors import InputError

_STAGES = ("find", "verify", "judge")
_FORM = "SPEC, or find=SPEC, verify=SPEC or judge=SPEC, where SPEC is a model, or A|B for A and, while A is out, B"


@dataclass(frozen=True, slots=True)
class StageModels:
    """The models of each stage, as specifications; `A|B` is A, and B while A is out. () and None: nothing was said.

    Each of `find` is a reviewer of its own. What checks findings is `verify`, else the first that finds; what judges
    replays is `judge`, else the one that checks.
    """

    find: tuple[str, ...] = ()
    verify: str | None = None
    judge: str | None = None

    @property
    def verifying(self) -> str | None:
        return self.verify or (self.find[0] if self.find else None)

    @property
    def judging(self) -> str | None:
        return self.judge or self.verifying

    def __str__(self) -> str:
        said = [*self.find, *(f"{stage}={value}" for stage in _STAGES[1:] if (value := getattr(self, stage)))]
        return ",".join(said)


def stage_models(words: Sequence[str]) -> StageModels:
    """The models that some words name, each perhaps several with commas; raises InputError for a word of no form.

    A word without a stage names a model that finds; of `verify` and `judge` there is one each.
    """
    found: dict[str, list[str]] = {stage: [] for stage in _STAGES}
    for word in (part.strip() for one in words for part in one.split(",")):
        if not word:
            continue
        stage, equals, rest = word.partition("=")
        is_staged = bool(equals) and stage in _STAGES
        specification = "|".join(part.strip() for part in (rest if is_staged else word).split("|"))
        if not specification.strip("|") or specification.startswith("|") or specification.endswith("|"):
            raise InputError(f"{word!r} names no model; write {_FORM}")
        found[stage if is_staged else "find"].append(specification)
    for stage in _STAGES[1:]:
        if len(found[stage]) > 1:
            raise InputError(f"{stage}= is given {len(found[stage])} times; write it once, as {_FORM}")
    find = tuple(found["find"])
    if len(set(find)) != len(find):
        raise InputError(f"{', '.join(find)} names one model twice; each that finds is asked once")
    return StageModels(find, *(found[stage][0] if found[stage] else None for stage in _STAGES[1:]))
