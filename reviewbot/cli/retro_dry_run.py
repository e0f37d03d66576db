"""What a retro run would ask and cost, without asking."""

from __future__ import annotations

from dataclasses import replace

from reviewbot.bootstrap import Workshop, chosen_reviewers, load_prices
from reviewbot.cli.output import error_line, line
from reviewbot.cli.retro_setup import RetroOptions, arms_of, checked_exposures, finder_of
from reviewbot.config import load_settings
from reviewbot.domain.replay import Replay
from reviewbot.domain.review import Outcome
from reviewbot.llm.measure import Estimate, MeasuringModel
from reviewbot.pipelines.replay import ReplayPlan, replay


def dry_run(options: RetroOptions) -> None:
    """Builds every prompt of the real run, asks nothing, and says what it would take."""
    settings = load_settings()
    catalogue = load_prices(settings)
    meters: dict[str, MeasuringModel] = {}

    def meter(specification: str) -> MeasuringModel:
        return meters.setdefault(specification, MeasuringModel(specification, catalogue))

    exposure_file = checked_exposures(options.incidents)
    choice = chosen_reviewers(settings, options.reviewers, options.model)
    line(choice.said)
    workshop = Workshop(settings, replace_model=meter)
    arms = arms_of(options, settings, workshop)
    finder = finder_of(options.repos, settings, exposure_file)
    problems: list[Replay] = []
    once = tuple(replace(arm, trials=1) for arm in arms if arm.model)
    plan = ReplayPlan(exposure_file.exposures, dict(exposure_file.kinds), once, finder, concurrency=2)
    replay(plan, lambda one: problems.append(one) if one.outcome is Outcome.FAILED else None)
    line(f"{len(exposure_file.exposures)} cases, arms: {', '.join(f'{arm.label} × {arm.trials}' for arm in arms)}")
    for specification, measured in meters.items():
        trials = sum(arm.trials for arm in arms if arm.model == specification)
        line(f"{specification}: {_estimate_words(measured.estimate(), trials)}")
    if options.judge or settings.judge or choice.model:
        line("The judge comes on top: about one call for each finding on an incident's change.")
    for one in problems:
        error_line(f"{one.case}: cannot be replayed: {one.reason}")


def _estimate_words(once: Estimate, trials: int) -> str:
    words = (
        f"{once.calls * trials} calls, {once.input_tokens * trials:,} tokens in, "
        f"at most {once.output_tokens_ceiling * trials:,} out"
    )
    if once.cost_range_usd is None:
        return f"{words}; cost unknown: no price is known for this model (REVIEWBOT_PRICES_FILE can give one)"
    low, high = once.cost_range_usd
    return f"{words}; ${low * trials:.2f} to ${high * trials:.2f}"
