"""A bar that a run has to clear: for CI, where a figure has to become an exit code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reviewbot.domain.scorecard import ArmScore
from reviewbot.errors import InputError

RATES = ("strict", "strict_uncontaminated", "strict_or_partial", "located", "of_all_incidents")


@dataclass(frozen=True, slots=True)
class Gate:
    """The least that a rate of an arm may be, from 0 to 1; `arm` None means the only one."""

    rate: str
    least: float
    arm: str | None = None


def parse_gate(text: str) -> Gate:
    """A gate as a user writes it: `strict=0.3`, or `llm:strict=0.3` for one arm of several; InputError otherwise."""
    name, equals, share = text.rpartition("=")
    arm, _, rate = name.rpartition(":")
    try:
        least = float(share)
    except ValueError:
        least = -1.0
    if not equals or rate not in RATES or not 0 <= least <= 1:
        raise InputError(
            f"{text!r} is no gate; expected RATE=SHARE or ARM:RATE=SHARE with a share from 0 to 1, such as strict=0.3; "
            f"rates are {', '.join(RATES)}"
        )
    return Gate(rate, least, arm or None)


def check_gates(gates: Iterable[Gate], arms: Sequence[str]) -> None:
    """Raises InputError for a gate that does not say clearly which of these arms it is for."""
    for gate in gates:
        if gate.arm is None and len(arms) > 1:
            raise InputError(
                f"the run has the arms {', '.join(arms)}: say which, as {arms[-1]}:{gate.rate}={gate.least:g}"
            )
        if gate.arm is not None and gate.arm not in arms:
            raise InputError(f"no arm is named {gate.arm!r}; there are {', '.join(arms)}")


def failed_gates(gates: Iterable[Gate], arms: Sequence[ArmScore]) -> list[str]:
    """A sentence for each gate that was not cleared; a rate that is not known clears none."""
    said = []
    for gate in gates:
        for arm in arms:
            if gate.arm in (None, arm.name):
                rate = arm.rates[gate.rate].rate
                if rate is None:
                    said.append(f"{arm.name}: {gate.rate} is not known; at least {gate.least:.0%} was demanded")
                elif rate < gate.least:
                    said.append(f"{arm.name}: {gate.rate} is {rate:.1%}; at least {gate.least:.0%} was demanded")
    return said
