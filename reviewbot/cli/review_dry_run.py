"""What a review would ask and cost at each effort, without asking."""

from __future__ import annotations

from collections.abc import Sequence

from reviewbot.bootstrap import ReviewerChoice, Workshop, is_llm, load_prices
from reviewbot.cli.output import line
from reviewbot.config import Settings
from reviewbot.domain.diff import FileDiff
from reviewbot.domain.effort import Effort
from reviewbot.domain.policy import Policy
from reviewbot.engine.effort import Plan, plan_for
from reviewbot.engine.review import Reviewable
from reviewbot.engine.select import pick_paths
from reviewbot.llm.measure import Estimate, MeasuringModel
from reviewbot.pipelines.review_local import review_local


def dry_run(settings: Settings, choice: ReviewerChoice, reviewable: Reviewable, effort: Effort | None) -> None:
    """Builds the prompts of each effort, asks nothing, and says what each would take and which would be chosen."""
    if not any(map(is_llm, choice.names)):
        line(f"{', '.join(choice.names)}: no model is asked, nothing is paid for.")
        return
    wanted = set(pick_paths(reviewable.change.diff, Policy()).paths)
    files = [file for file in reviewable.change.diff.files if file.path in wanted]
    asked = Workshop(settings).wanted_effort(choice.names, effort)
    chosen = _plan(asked, files, reviewable).effort
    line(f"{'effort':<10}{'calls':>6}{'tokens in':>12}  {'cost':<20} then, for what was found")
    for tier in (Effort.QUICK, Effort.STANDARD, Effort.DEEP):
        plan = _plan(tier, files, reviewable)
        once = _measured(settings, choice, reviewable, tier)
        mark = "  <- this one" if tier is chosen else ""
        line(f"{tier:<10}{once.calls:>6}{once.input_tokens:>12,}  {_cost(once):<20} {_checks(plan)}{mark}")
    if asked is Effort.AUTO:
        line(f"auto makes it {chosen}: by the size of the change, where it is, and of what kind.")
    if _measured(settings, choice, reviewable, Effort.QUICK).cost_range_usd is None:
        line("cost unknown: no price is known for this model (REVIEWBOT_PRICES_FILE can give one)")


def _plan(effort: Effort, files: Sequence[FileDiff], reviewable: Reviewable) -> Plan:
    return plan_for(effort, files, bool(reviewable.change.title or reviewable.change.description))


def _measured(settings: Settings, choice: ReviewerChoice, reviewable: Reviewable, effort: Effort) -> Estimate:
    """The prompts of all models that find."""
    catalogue = load_prices(settings)
    meter = MeasuringModel(choice.model or "", catalogue)
    workshop = Workshop(settings, replace_model=lambda _: meter)
    names = ["llm" for name in choice.names if is_llm(name)][:1]
    review_local(reviewable, workshop.reviewers(names, choice.models, effort))
    return meter.estimate()


def _cost(once: Estimate) -> str:
    if once.cost_range_usd is None:
        return "unknown"
    low, high = once.cost_range_usd
    return f"${low:.3f} to ${high:.3f}"


def _checks(plan: Plan) -> str:
    if not plan.refuted:
        return "nothing"
    looks = f", with up to {plan.refuter_looks} looks around each" if plan.refuter_looks else ""
    return f"up to {plan.refuted} checks of some {plan.refuter_tokens * 2:,} tokens{looks}"
