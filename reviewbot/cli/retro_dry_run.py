"""What a retro run would ask and cost, without asking."""

from __future__ import annotations

from dataclasses import replace

from reviewbot.bootstrap import Workshop, chosen_reviewers, is_llm, load_prices
from reviewbot.cli.output import error_line, line
from reviewbot.cli.retro_setup import (
    SAID_THEN,
    RetroOptions,
    arms_of,
    checked_exposures,
    finder_of,
    judging_models,
    policy_of,
)
from reviewbot.config import Settings, load_settings
from reviewbot.domain.replay import Replay
from reviewbot.domain.review import Outcome
from reviewbot.llm.measure import Estimate, MeasuringModel
from reviewbot.pipelines.judge.planting import MOST_CASES
from reviewbot.pipelines.replay import Arm, ReplayPlan, replay
from reviewbot.retro.exposures import ExposureFile


def dry_run(options: RetroOptions) -> None:
    """Builds every prompt of the real run, asks nothing, and says what it would take."""
    settings = load_settings()
    exposure_file = checked_exposures(options.incidents)
    choice = chosen_reviewers(settings, options.reviewers or policy_of(options).reviewers, options.models)
    line(choice.said)
    line(f"{len(exposure_file.exposures)} cases; each arm with what it would ask:")
    problems: dict[str, str] = {}
    for name in choice.names:
        if name in SAID_THEN:
            line(f"{name} ({SAID_THEN[name]}) × 1: no model")
            continue
        arm, measured = _measured(replace(options, reviewers=(name,)), settings, exposure_file, problems)
        line(f"{arm.label} × {arm.trials}: {_estimate_words(measured, arm.trials) if arm.model else 'no model'}")
    if any(map(is_llm, choice.names)):
        line("Refuters come on top, one call or a few for each finding that gets a second look.")
    if judging_models(options.judges, settings, choice.models.judging):
        line(_judging_words(options.opinions or settings.judges))
    for case, reason in problems.items():
        error_line(f"{case}: cannot be replayed: {reason}")


def _judging_words(opinions: int) -> str:
    if opinions == 1:
        return "The judge comes on top: about one call for each finding on an incident's change."
    return (
        "The judges come on top: two calls for each finding on an incident's change, a third where they disagree, and "
        f"seven for each of up to {MOST_CASES} incidents with planted remarks."
    )


def _measured(
    options: RetroOptions, settings: Settings, exposure_file: ExposureFile, problems: dict[str, str]
) -> tuple[Arm, Estimate]:
    """One arm, and what a trial of it would ask of its model."""
    catalogue = load_prices(settings)
    meter = MeasuringModel(chosen_reviewers(settings, options.reviewers, options.models).model or "", catalogue)
    policy = policy_of(options)
    [arm] = arms_of(options, settings, Workshop(settings, replace_model=lambda _: meter), policy, {})

    def note(one: Replay) -> None:
        if one.outcome is Outcome.FAILED:
            problems[one.case] = one.reason

    if arm.model:
        finder = finder_of(options.repos, settings, exposure_file)
        once = (replace(arm, trials=1),)
        plan = ReplayPlan(exposure_file.exposures, dict(exposure_file.kinds), once, finder, policy, concurrency=2)
        replay(plan, note)
    return arm, meter.estimate()


def _estimate_words(once: Estimate, trials: int) -> str:
    words = (
        f"{once.calls * trials} calls, {once.input_tokens * trials:,} tokens in, "
        f"at most {once.output_tokens_ceiling * trials:,} out"
    )
    if once.cost_range_usd is None:
        return f"{words}; cost unknown: no price is known for this model (REVIEWBOT_PRICES_FILE can give one)"
    low, high = once.cost_range_usd
    return f"{words}; ${low * trials:.2f} to ${high * trials:.2f}"
