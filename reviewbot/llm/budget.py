"""A cap on what model calls may cost, kept before each call and not after the last."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import ROUND_UP, Decimal

from reviewbot.domain.review import Usage
from reviewbot.errors import BudgetExhausted, InputError
from reviewbot.llm.prices import Catalogue, Price, cost_usd, load_catalogue
from reviewbot.ports import Completion, Model, ModelDenied, ModelError, Prompt

# Dense code and other scripts have fewer characters a token than the four of the usual rule.
_TOKENS_PER_ESTIMATED = 2


class Budget:
    """An amount in US dollars that threads spend from together; None for no limit.

    `spent_usd` is what an earlier part of the same run has cost already. Where it `waits`, an amount that has room once
    the calls under way have cost less than the worst is held up until they are over, in place of being turned away.
    """

    def __init__(self, limit_usd: Decimal | None, spent_usd: Decimal = Decimal(0), waits: bool = False) -> None:
        self.limit_usd = limit_usd
        self._spent_usd = spent_usd
        self._reserved_usd = Decimal(0)
        self._ran_out = False
        self._waits = waits
        self._lock = threading.Condition()

    @property
    def spent_usd(self) -> Decimal:
        with self._lock:
            return self._spent_usd

    @property
    def ran_out(self) -> bool:
        """Whether anything was turned away."""
        with self._lock:
            return self._ran_out

    def reserve(self, amount_usd: Decimal) -> None:
        """Sets an amount aside; raises BudgetExhausted where spent, reserved and this exceed the limit."""
        with self._lock:
            while self._waits and self._is_short(amount_usd, self._reserved_usd) and not self._is_short(amount_usd):
                self._lock.wait()
            if self._is_short(amount_usd, self._reserved_usd):
                self._ran_out = True
                raise BudgetExhausted(
                    f"the budget of ${self.limit_usd} is used up: ${_cents(self._spent_usd)} spent, "
                    f"${_cents(self._reserved_usd)} set aside for calls under way, and the next call could cost "
                    f"${_cents(amount_usd)}: raise the limit, or review less"
                )
            self._reserved_usd += amount_usd

    def _is_short(self, amount_usd: Decimal, reserved_usd: Decimal = Decimal(0)) -> bool:
        return self.limit_usd is not None and self._spent_usd + reserved_usd + amount_usd > self.limit_usd

    def settle(self, reserved_usd: Decimal, spent_usd: Decimal) -> None:
        """Replaces a reservation by what the call has really cost."""
        with self._lock:
            self._reserved_usd -= reserved_usd
            self._spent_usd += spent_usd
            self._lock.notify_all()


class MeteredModel:
    """A model that tells what each call has cost as soon as it is over: a review that is given up has cost it too."""

    def __init__(self, inner: Model, tell: Callable[[Decimal], None]) -> None:
        self._inner = inner
        self._tell = tell

    @property
    def name(self) -> str:
        return self._inner.name

    def complete(self, prompt: Prompt) -> Completion:
        cost: Decimal | None = None
        try:
            completion = self._inner.complete(prompt)
            cost = completion.cost_usd
        except ModelError as failure:
            cost = failure.cost_usd
            raise
        finally:
            if cost is not None:
                self._tell(cost)
        return completion


class BudgetedModel:
    """A model that is asked only while the worst that the answer can cost is still in the budget.

    What has no room raises BudgetExhausted, which ends the whole run; with `is_shared` false the budget is that of one
    review, of which what was found before shall stand: then the call alone fails, with ModelDenied.
    """

    def __init__(
        self, inner: Model, budget: Budget, catalogue: Catalogue | None = None, is_shared: bool = True
    ) -> None:
        self._inner = inner
        self._budget = budget
        self._is_shared = is_shared
        self._price = (catalogue or load_catalogue()).price_of(inner.name)
        if self._price is None and budget.limit_usd is not None:
            raise InputError(
                f"no price is known for {inner.name}, so a limit of ${budget.limit_usd} cannot be kept: "
                "give its price in a prices file (REVIEWBOT_PRICES_FILE), or set no limit"
            )

    @property
    def name(self) -> str:
        return self._inner.name

    def complete(self, prompt: Prompt) -> Completion:
        reserved = Decimal(0) if self._price is None else worst_case_usd(self._price, prompt)
        self._reserve(reserved)
        # What is not known to have cost less has cost the worst.
        spent: Decimal | None = None
        try:
            completion = self._inner.complete(prompt)
            spent = completion.cost_usd
        except ModelError as failure:
            spent = failure.cost_usd
            raise
        finally:
            self._budget.settle(reserved, reserved if spent is None else spent)
        return completion

    def _reserve(self, amount_usd: Decimal) -> None:
        try:
            self._budget.reserve(amount_usd)
        except BudgetExhausted as error:
            if self._is_shared:
                raise
            raise ModelDenied(str(error)) from error


def worst_case_usd(price: Price, prompt: Prompt) -> Decimal:
    """The most that a call can cost: a dense prompt, nothing of it cached before, and the longest answer."""
    input_tokens = prompt.estimated_tokens * _TOKENS_PER_ESTIMATED
    rates = price.rates_for(input_tokens)
    if rates.worst_input > rates.input:
        worst = cost_usd(price, Usage(input_tokens, prompt.max_output_tokens, 0, input_tokens))
    else:
        worst = cost_usd(price, Usage(input_tokens, prompt.max_output_tokens))
    return worst or Decimal(0)


def _cents(amount_usd: Decimal) -> Decimal:
    return amount_usd.quantize(Decimal("0.0001"), ROUND_UP)
