"""Puts the parts together: from settings and names that a user wrote to reviewers, models and repositories."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.domain.effort import Effort
from reviewbot.domain.repository import RepoName
from reviewbot.errors import InputError, RepositoryNotFound
from reviewbot.ports import Model, Reviewer
from reviewbot.stage_models import StageModels, stage_models

if TYPE_CHECKING:
    from reviewbot.config import Settings
    from reviewbot.engine.review import SecondLook
    from reviewbot.git.repository import Repository
    from reviewbot.llm.batching import BatchingModel
    from reviewbot.llm.budget import Budget
    from reviewbot.llm.prices import Catalogue
    from reviewbot.llm.recording import Recorder
    from reviewbot.llm.specification import ModelKeys
    from reviewbot.retro.exposures import RepositoryPlace

DEFAULT_ANTHROPIC_MODEL = "anthropic:claude-sonnet-5-5"
DEFAULT_OPENAI_MODEL = "openai:gpt-5.5"
DETERMINISTIC = ("static", "scripted:")
"""Reviewers that say the same every time: one trial of them is enough."""


@dataclass(frozen=True, slots=True)
class ReviewerChoice:
    """Which reviewers run, and one line on why these, for the output."""

    names: tuple[str, ...]
    models: StageModels
    said: str

    @property
    def model(self) -> str | None:
        """The models that find, as a report names them; None where there is none."""
        return ",".join(self.models.find) or None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a model is waited for: seconds for one answer, and how the time until another try is spent."""

    answer_seconds: float = 300.0
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class BatchChoice:
    """Asking through batches: where it is noted what is under way, how long one is waited for, and who hears of it."""

    journal: Path
    deadline_seconds: float | None = None
    say: Callable[[str], None] = lambda _: None


@dataclass
class Workshop:
    """Makes models and reviewers from their names; one budget and one ledger for all of them.

    `spent_usd` is what an earlier part of the same work has cost: the budget holds for all of it.
    Where the budget `is_of_one_review`, a call that has no room in it fails alone, and what was found before stands.
    `tell_cost` hears what each call has cost, in US dollars, when it is over.
    `replace_model` stands in for opening a model: a dry run puts a measuring one there. `recorder` keeps every answer
    for a replay by `scripted:FILE`. With `batches` models are asked through their vendor's batch interface.
    """

    settings: Settings
    ledger: Path | None = None
    budget_usd: Decimal | None = None
    spent_usd: Decimal = Decimal(0)
    is_of_one_review: bool = False
    tell_cost: Callable[[Decimal], None] | None = None
    replace_model: Callable[[str], Model] | None = None
    recorder: Recorder | None = None
    patience: Patience = field(default_factory=Patience)
    batches: BatchChoice | None = None
    _batching: list[BatchingModel] = field(default_factory=list)
    _models: dict[str, Model] = field(default_factory=dict)
    _budget: Budget | None = None

    def model(self, specification: str) -> Model:
        """The model with retries, budget and ledger around it; the same object for the same name."""
        if specification not in self._models:
            several = specification.split("|")
            self._models[specification] = self._failover(several) if several[1:] else self._opened(specification)
        return self._models[specification]

    def _failover(self, specifications: Sequence[str]) -> Model:
        from reviewbot.llm.failover import FailoverModel

        return FailoverModel([self.model(one) for one in specifications])

    def reviewers(
        self, names: Sequence[str], models: StageModels, effort: Effort | None = None
    ) -> tuple[Reviewer, ...]:
        """The reviewers of these names; of `llm` one for each model that finds, the first of which is called just that.

        `effort` is that of `llm` where its name does not say another.
        """
        found: list[Reviewer] = []
        for name in names:
            if not is_llm(name) or not models.find:
                found.append(self.reviewer(name, None, effort))
            else:
                found += [self._llm(name, model, effort, at) for at, model in enumerate(models.find)]
        return tuple(found)

    def reviewer(self, name: str, model: str | None, effort: Effort | None = None) -> Reviewer:
        """The reviewer of a name: `llm[:EFFORT]`, `static`, `command:`, `scripted:`, `findings:` or a plug-in's."""
        kind, _, rest = name.partition(":")
        match kind:
            case "llm":
                return self._llm(name, model, effort)
            case "static":
                from reviewbot.engine.reviewers.static import StaticReviewer

                return StaticReviewer()
            case "command":
                from reviewbot.config import child_environment
                from reviewbot.engine.reviewers.command import CommandReviewer

                return CommandReviewer(rest, environment=child_environment())
            case "scripted":
                from reviewbot.engine.reviewers.scripted import ScriptedReviewer

                return ScriptedReviewer(Path(rest))
            case "findings":
                from reviewbot.engine.reviewers.findings_file import FindingsFileReviewer

                return FindingsFileReviewer(Path(rest))
            case _:
                from reviewbot.plugins import load_plugin_reviewer

                return load_plugin_reviewer(name)

    def _llm(self, name: str, model: str | None, effort: Effort | None, position: int = 0) -> Reviewer:
        from reviewbot.engine.reviewers.llm import LlmReviewer

        called = f"llm@{model}" if position else "llm"
        return LlmReviewer(self.model(_needed(model)), called, self._effort(name, effort))

    def second_look(self, names: Sequence[str], models: StageModels, effort: Effort | None = None) -> SecondLook | None:
        """What checks the findings of these reviewers: the model that verifies, with the most effort asked of `llm`."""
        from reviewbot.engine.review import SecondLook

        if not any(map(is_llm, names)):
            return None
        return SecondLook(self.model(_needed(models.verifying)), self.wanted_effort(names, effort))

    def wanted_effort(self, names: Sequence[str], effort: Effort | None = None) -> Effort:
        """The most effort asked of `llm` by one of these names; the settings' where none says."""
        efforts = [self._effort(name, effort) for name in names if is_llm(name)]
        return max(efforts, key=list(Effort).index, default=self.settings.effort)

    def _effort(self, name: str, effort: Effort | None) -> Effort:
        wanted = name.partition(":")[2]
        try:
            return Effort(wanted) if wanted else effort or self.settings.effort
        except ValueError:
            raise InputError(f"{name!r}: the effort of llm is one of {', '.join(Effort)}") from None

    @property
    def ran_out(self) -> bool:
        """Whether a call was not made because it could have cost more than what is left of the budget."""
        return self._budget is not None and self._budget.ran_out

    def _opened(self, specification: str) -> Model:
        if self.replace_model is not None:
            return self.replace_model(specification)
        from reviewbot.llm.specification import open_model, parse_model

        parsed = parse_model(specification)
        catalogue = load_prices(self.settings)
        model = open_model(parsed, model_keys(self.settings), catalogue, self.patience.answer_seconds)
        if not specification.startswith("scripted:"):
            model = self._guarded(model, catalogue)
        if self.ledger is not None:
            from reviewbot.llm.ledger import LedgerModel

            model = LedgerModel(model, self.ledger)
        if self.recorder is not None:
            from reviewbot.llm.recording import RecordingModel

            model = RecordingModel(model, self.recorder)
        return model

    def _guarded(self, model: Model, catalogue: Catalogue) -> Model:
        """With retries, and the budget around them."""
        from reviewbot.llm.budget import Budget, BudgetedModel, MeteredModel
        from reviewbot.llm.retry import RetryingModel

        guarded: Model = RetryingModel(model, sleep=self.patience.sleep)
        if self.batches is not None:
            guarded = self._batched(model, guarded, self.batches)
        if self.tell_cost is not None:
            guarded = MeteredModel(guarded, self.tell_cost)
        if self.budget_usd is None:
            return guarded
        self._budget = self._budget or Budget(self.budget_usd, self.spent_usd, waits=self.batches is not None)
        return BudgetedModel(guarded, self._budget, catalogue, is_shared=not self.is_of_one_review)

    def _batched(self, model: Model, direct: Model, choice: BatchChoice) -> Model:
        from reviewbot.llm.batch_journal import BatchJournal
        from reviewbot.llm.batching import BatchingModel
        from reviewbot.llm.specification import batches_of

        batching = BatchingModel(
            batches_of(model), direct, BatchJournal(choice.journal), choice.deadline_seconds, choice.say
        )
        self._batching.append(batching)
        return batching

    def stop_waiting(self) -> None:
        """Lets go of whoever waits for a batch; what is under way there is taken up by the next start."""
        for batching in self._batching:
            batching.stop()


def load_prices(settings: Settings) -> Catalogue:
    """Prices and knowledge cutoffs of models: the shipped ones, and over them those of the operator's file."""
    from reviewbot.llm.prices import load_catalogue

    return load_catalogue(settings.prices_file)


def model_keys(settings: Settings) -> ModelKeys:
    from reviewbot.llm.specification import ModelKeys

    def secret(name: str) -> str | None:
        value = getattr(settings, name)
        return value.get_secret_value() if value is not None else None

    return ModelKeys(
        anthropic_key=secret("anthropic_api_key"),
        anthropic_base_url=settings.anthropic_base_url,
        openai_key=secret("openai_api_key"),
        openai_base_url=settings.openai_base_url,
        compatible_key=secret("compatible_api_key"),
    )


def chosen_reviewers(settings: Settings, reviewers: Sequence[str], models: Sequence[str]) -> ReviewerChoice:
    """What runs when a user named these reviewers and these models, perhaps neither."""
    asked = stage_models(models or (settings.model or default_model(settings) or "",))
    model = ",".join(asked.find) or None
    names = tuple(reviewers) or settings.reviewers
    if names:
        return ReviewerChoice(names, asked, f"Reviewers: {', '.join(names)}{_with(model, names)}.")
    if model is not None:
        return ReviewerChoice(("llm",), asked, f"Reviewer: llm with {model}.")
    said = "Reviewer: static, because no model is set. For the model reviewer set ANTHROPIC_API_KEY or OPENAI_API_KEY."
    return ReviewerChoice(("static",), asked, said)


def is_llm(name: str) -> bool:
    """Whether the reviewer of this name is the one that asks a model."""
    return name.partition(":")[0] == "llm"


def default_model(settings: Settings) -> str | None:
    """The model that a key alone leads to; None without any key."""
    if settings.anthropic_api_key is not None:
        return DEFAULT_ANTHROPIC_MODEL
    return DEFAULT_OPENAI_MODEL if settings.openai_api_key is not None else None


def model_label(specification: str) -> str:
    """The model as a report names it; answers that were recorded are always called that."""
    if not specification.startswith("scripted:"):
        return specification
    from reviewbot.llm.scripted import load_recording

    return f"recorded answers of {load_recording(Path(specification.removeprefix('scripted:'))).model}"


def repository_finder(
    directory: Path | None, places: Mapping[RepoName, RepositoryPlace]
) -> Callable[[RepoName], Repository]:
    """Opens repositories by name: where the incident file says, else `DIRECTORY/owner/name` or `.../name.git`.

    What the file gives a url for is cloned into the directory, once.
    A repository that cannot be found raises RepositoryNotFound each time it is asked for.
    """
    from reviewbot.git.mirror import mirrored
    from reviewbot.git.repository import find_repository, open_repository

    @cache
    def found(name: RepoName) -> Repository:
        place = places.get(name)
        if place is not None and place.path is not None:
            return open_repository(place.path, name)
        if place is not None and place.url is not None:
            return mirrored(place.url, _needed_directory(directory, name), name)
        if directory is None:
            raise RepositoryNotFound(
                f"{name}: no repository is known; give --repos DIR with a clone at DIR/{name}, "
                "or name its place under `repositories:` in the incident file"
            )
        return find_repository(directory, name)

    return found


def _needed_directory(directory: Path | None, name: RepoName) -> Path:
    if directory is None:
        raise RepositoryNotFound(
            f"{name} is to be cloned from its url; say with --repos DIR where the clone is to stand"
        )
    return directory


def _needed(model: str | None) -> str:
    if model is None:
        raise InputError(
            "the reviewer llm needs a model: give --model, or set ANTHROPIC_API_KEY or OPENAI_API_KEY; "
            "without a key there is --reviewer static"
        )
    return model


def _with(model: str | None, names: Sequence[str]) -> str:
    return f" with {model}" if model and any(map(is_llm, names)) else ""
