"""`scorecard.json`: the figures of a retro run for machines, schema version 1."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal

from reviewbot.domain.scorecard import ArmScore, Rate, Scorecard
from reviewbot.domain.text import printable

_RATES = ("strict", "strict_uncontaminated", "strict_or_partial", "located", "of_all_incidents")


def scorecard_json(scorecard: Scorecard) -> str:
    """The contract of the retro output: keys in a fixed order, null where a figure is not known, ends with a newline.

    Keys that later versions add stand at the end of their object.
    """
    document = {
        "schema_version": scorecard.schema_version,
        "run": scorecard.run,
        "denominators": asdict(scorecard.denominators),
        "arms": [_arm(arm) for arm in scorecard.arms],
        "comparisons": [asdict(comparison) for comparison in scorecard.comparisons],
        "judge": asdict(scorecard.judge),
        "contamination": {name: asdict(one) for name, one in sorted(scorecard.contamination.items())},
        "not_replayed": dict(sorted(scorecard.not_replayed.items())),
        "baselines": [asdict(baseline) for baseline in scorecard.baselines],
    }
    return json.dumps(_plain(document), indent=2, allow_nan=False) + "\n"


def _arm(arm: ArmScore) -> dict[str, object]:
    rates = {name: arm.rates.get(name, Rate(None, 0, None, None, None)) for name in _RATES}
    return {
        "name": arm.name,
        "cases": arm.cases,
        "caught": arm.caught,
        "partial": arm.partial,
        "missed": arm.missed,
        "unjudged": arm.unjudged,
        "failed": arm.failed,
        "rates": {name: asdict(rate) for name, rate in {**rates, **arm.rates}.items()},
        "controls": asdict(arm.controls),
        "findings_per_change": arm.findings_per_change,
        "cost_usd": arm.cost_usd,
        "cost_per_catch_usd": arm.cost_per_catch_usd,
        "tokens": arm.tokens,
        "funnel": arm.funnel,
        "by_severity": {name: asdict(rate) for name, rate in sorted(arm.by_severity.items())},
        "by_category": {name: asdict(rate) for name, rate in sorted(arm.by_category.items())},
        "label": arm.label,
        "lost_at": dict(sorted(arm.lost_at.items())),
        "trials": arm.trials,
        "operating_curve": [asdict(point) for point in arm.operating_curve],
        "precision": asdict(arm.precision) if arm.precision else None,
        "located_by_chance": arm.located_by_chance,
        "misses": [asdict(miss) for miss in arm.misses],
        "controls_at_most": arm.controls_at_most,
        "with_fix_words": arm.with_fix_words,
    }


def _plain(value: object) -> object:
    """The value in JSON's own types, its text free of lone surrogates."""
    match value:
        case str():
            return printable(value)
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Mapping():
            return {printable(str(key)): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value
