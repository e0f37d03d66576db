"""What an operator decides about a review."""

from __future__ import annotations

from dataclasses import dataclass

from reviewbot.domain.finding import Severity


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits and thresholds of one review; the defaults suit most repositories.

    Tokens are estimated. `max_files` and `max_lines` bound what is read of the diff (changed lines),
    `max_findings` what is chosen; findings below `min_severity` or `min_confidence` are held back.
    `ignored_paths` are globs (`docs/**`) of files that are not reviewed.
    """

    min_severity: Severity = Severity.LOW
    min_confidence: float = 0.3
    max_findings: int = 10
    max_files: int = 300
    max_lines: int = 20_000
    prompt_tokens: int = 60_000
    max_prompts: int = 4
    ignored_paths: tuple[str, ...] = ()
