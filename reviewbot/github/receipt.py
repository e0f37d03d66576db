"""The receipt of a review: which files were read and which not and why, by whom, at what cost, under which policy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from reviewbot.domain.markdown_text import code, plain, prose_line, table
from reviewbot.domain.review import Coverage, FileCoverage, HeldBack, Review, ReviewerRun, Stage
from reviewbot.domain.round import Round
from reviewbot.github.facts import Facts
from reviewbot.github.limits import CHECK_ROOM, counted, cut, fitted, listed
from reviewbot.github.places import path_text

_LIST_ROOM = 18_000
_CELL_ROOM = 160
_FAILURE_ROOM = 500
_MOST_RUNS = 12
_MOST_KINDS = 8
_LONG_LIST = 10


def receipt(round_: Round, facts: Facts) -> str:
    """The text of the check run."""
    review = round_.review
    return joined(
        [
            *_section("Files", _files(review.coverage)),
            *_section("Reviewers", _reviewers(review)),
            *_section("Held back", _held_back(review.held_back)),
            *_section("Basis", [f"{_basis(round_)}\n{policy_line(facts)}"]),
        ]
    )


def joined(blocks: Sequence[str]) -> str:
    """Blocks of Markdown as one text; what does not fit is left out whole, so that nothing stays open."""
    return "\n\n".join(fitted(blocks, CHECK_ROOM, lambda count: f"{counted(count, 'more part')} had no room.", "\n\n"))


def policy_line(facts: Facts) -> str:
    """Which policy was in force, so that everybody can tell whether it was the one they mean."""
    digest = f" (hash {code(facts.policy_hash[:12])})" if facts.policy_hash else ""
    return f"- Policy: {cut(facts.policy_source or 'defaults', _CELL_ROOM, prose_line)}{digest}"


def gap_list(files: Sequence[FileCoverage]) -> str:
    """The files that should have been read and were not, with the reasons; folded where they are many."""
    return folded(f"{counted(len(files), 'file')} not read in full", [_unread_line(file) for file in files])


def folded(title: str, lines: Sequence[str]) -> str:
    """A list under its title; one that is long can be opened, and one that is too long says how much is missing."""
    shown = "\n".join(fitted(lines, _LIST_ROOM, lambda count: f"- {count:,} more"))
    if len(lines) <= _LONG_LIST:
        return f"{title}:\n\n{shown}"
    return f"<details>\n<summary>{title}</summary>\n\n{shown}\n\n</details>"


def dollars(cost: Decimal | None) -> str:
    """US dollars with cents, or with more digits where cents would say nothing."""
    if cost is None:
        return "unknown"
    return f"${cost:,.2f}" if cost == 0 or cost >= Decimal("0.095") else f"${cost:.4f}"


def _section(title: str, blocks: Sequence[str]) -> list[str]:
    return [f"### {title}", *blocks] if blocks else []


def _files(coverage: Coverage) -> list[str]:
    """What was read, what not; the gaps stand in the summary, before everything else."""
    read = [file for file in coverage.files if file.skipped is None]
    left_out = [file for file in coverage.files if file.skipped is not None and not file.skipped.is_gap]
    blocks = []
    if read:
        blocks.append(folded(f"{counted(len(read), 'file')} read in full", [_read_line(file) for file in read]))
    if left_out:
        title = f"{counted(len(left_out), 'file')} that did not have to be read"
        blocks.append(folded(title, [_unread_line(file) for file in left_out]))
    if coverage.gaps:
        blocks.append(f"{counted(len(coverage.gaps), 'file')} not read in full: see the summary.")
    return blocks


def _read_line(file: FileCoverage) -> str:
    return f"- {path_text(file.path)} ({counted(file.hunks, 'hunk')})"


def _unread_line(file: FileCoverage) -> str:
    reason = file.skipped.words if file.skipped else "not read"
    detail = f": {cut(file.detail, _CELL_ROOM, plain)}" if file.detail else ""
    partly = f" ({file.hunks_read:,} of {counted(file.hunks, 'hunk')} read)" if file.hunks_read else ""
    return f"- {path_text(file.path)}: {reason}{detail}{partly}"


def _reviewers(review: Review) -> list[str]:
    if not review.runs:
        return []
    header = ("Reviewer", "Files read", "Calls", "Tokens in", "Tokens out", "Cost")
    runs = review.runs[:_MOST_RUNS]
    left = len(review.runs) - len(runs)
    notes = [f"- {_cell(run.reviewer)} failed: {cut(run.failure, _FAILURE_ROOM, plain)}" for run in runs if run.failure]
    notes += [f"- {_cell(run.reviewer)}: {cut(note, _FAILURE_ROOM, plain)}" for run in runs for note in run.notes[:3]]
    notes += [f"- {counted(left, 'more reviewer')} had no room here"] if left else []
    return ["\n".join(table(header, [_row(run) for run in runs])), "\n".join((*notes, *_checked(review)))]


def _row(run: ReviewerRun) -> tuple[str, ...]:
    model = f", {code(run.model[:_CELL_ROOM])}" if run.model else ""
    prompt = f", prompt version {_cell(run.prompt_version)}" if run.prompt_version else ""
    who, read = f"{_cell(run.reviewer)}{model}{prompt}", f"{len(run.paths_read):,}"
    if not run.calls:
        return who, read, "–", "–", "–", "–"
    calls, usage = f"{len(run.calls):,}", run.usage
    return who, read, calls, f"{usage.input_tokens:,}", f"{usage.output_tokens:,}", dollars(run.cost_usd)


def _cell(text: str) -> str:
    return cut(text, _CELL_ROOM, plain)


def _checked(review: Review) -> list[str]:
    """Whether somebody tried to refute the findings, and what it all cost."""
    has_verified = any("verif" in call.prompt or "refut" in call.prompt for call in review.calls) or any(
        held.stage is Stage.VERIFY for held in review.held_back
    )
    verifier = "ran" if has_verified else "did not run; no second look was taken at what the reviewers say"
    cost = dollars(review.cost_usd) if review.calls else "nothing (no call to a model)"
    if review.calls and review.cost_usd is None:
        cost = "unknown (no price is known for a model)"
    return [f"- Verifier: {verifier}", f"- Cost: {cost}"]


def _held_back(held: Sequence[HeldBack]) -> list[str]:
    """How many findings were not said, by reason; what they say stays with us."""
    if not held:
        return []
    counts = Counter(_kind(one.reason) for one in held)
    lines = [f"- {count:,} × {cut(kind, _CELL_ROOM, plain)}" for kind, count in counts.most_common(_MOST_KINDS)]
    rest = sum(counts.values()) - sum(count for _, count in counts.most_common(_MOST_KINDS))
    if rest:
        lines.append(f"- {rest:,} × other reasons")
    return [f"{counted(len(held), 'finding')} not said:", "\n".join(lines)]


def _kind(reason: str) -> str:
    """A reason without what is particular to one finding: its own figure, a title, a path."""
    for word in ("confidence", "severity"):
        if reason.startswith(f"{word} ") and " is below " in reason:
            return f"{word} below {reason.partition(' is below ')[2]}"
    if reason.startswith("says the same as"):
        return "says the same as another"
    if reason.startswith("was said at"):
        return "was said before"
    for mark in ("“", ":", '"', "`"):
        reason = reason.partition(mark)[0]
    return reason.strip() or "no reason given"


def _basis(round_: Round) -> str:
    review = round_.review
    shas = [f"{name} {code(sha.short)}" for name, sha in (("head", review.head), ("base", review.base)) if sha]
    return f"- Round {round_.number}{': ' + listed(shas) if shas else ''}"
