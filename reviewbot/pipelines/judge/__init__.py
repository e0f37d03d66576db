"""Where the two halves of an incident meet: verdicts on replays, and the evidence behind them."""
