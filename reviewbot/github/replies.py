"""What we answer in conversations: to commands, and in the thread of a finding that is fixed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, assert_never

from reviewbot.domain.diff import Diff
from reviewbot.domain.finding import Finding
from reviewbot.domain.markdown_text import code, code_block, plain, prose, prose_line
from reviewbot.domain.policy import Policy
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.domain.review import ReviewerRun
from reviewbot.domain.round import Fate, KnownFinding
from reviewbot.domain.text import shortened
from reviewbot.github.evidence import evidence_text
from reviewbot.github.facts import Facts
from reviewbot.github.finding_text import (
    TITLE_ROOM,
    WORDS_ROOM,
    explanation_text,
    repair_text,
    short_id,
    small_print,
    title_text,
)
from reviewbot.github.limits import BODY_ROOM, counted, cut, fitted
from reviewbot.github.places import path_text, place_text
from reviewbot.github.policy_text import policy_lines
from reviewbot.github.suggestion import read_suggestion

_ANSWER_ROOM = 20_000
_LIST_ROOM = 20_000
_SAID_ROOM = 300


def fixed_reply(known: KnownFinding, head: Sha) -> str:
    """Said in the thread of a finding before it is resolved; GitHub links the whole name of a commit by itself."""
    shown = code(short_id(known.finding))
    return f"Fixed in {head}: finding {shown} is no longer there. If it comes back, it is said again."


def help_text(slug: str) -> str:
    """What can be asked of us; only people who may write to the repository are obeyed."""
    commands = (
        ("review", "reviews what is new since the last review, also in a draft"),
        ("full review", "reviews the whole change again"),
        ("pause", "stops the reviews of this pull request"),
        ("resume", "goes on with them"),
        ("ignore ID because REASON", "settles a finding in this repository; it is not said again"),
        ("explain ID", "tells what is known of a finding: the reason, the evidence, who says so"),
        ("config", "shows the policy in force, where it comes from, and what is ignored"),
        ("help", "shows this list"),
    )
    lines = [f"- {code(f'@{slug} {said}')}: {meaning}" for said, meaning in commands]
    note = (
        "A command stands at the start of a line of a comment, by somebody who can write to this repository. "
        "ID is the number in the small print of a finding. A reply in the thread of a finding is answered, too."
    )
    return "\n".join(("**What can be asked**", "", *lines, "", note))


class IgnoredFinding(Protocol):
    """A finding that somebody settled for the whole repository, and the reason that was given."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def reason(self) -> str: ...


def config_text(policy: Policy, facts: Facts, ignored: Sequence[IgnoredFinding] = (), is_paused: bool = False) -> str:
    """The policy in force as the file that would say it, where it comes from, and the findings that are ignored."""
    digest = f", hash {code(facts.policy_hash[:12])}" if facts.policy_hash else ""
    blocks = [f"**Policy in force**: {cut(facts.policy_source or 'defaults', _SAID_ROOM, prose_line)}{digest}"]
    if is_paused:
        blocks.append(f"Reviews of this pull request are paused; {code(f'@{facts.app_slug} resume')} goes on.")
    blocks.append("\n".join(code_block(policy_lines(policy), "yaml")))
    if policy.guidelines:
        names = ", ".join(path_text(guideline.path) for guideline in policy.guidelines[:20])
        blocks.append(f"Guidelines that the reviewers are given: {names}.")
    blocks += _problems(facts)
    blocks.append(_ignored_list(ignored))
    return _fitted(blocks)


def explain_text(
    known: KnownFinding,
    facts: Facts,
    repo: RepoName | None = None,
    diff: Diff | None = None,
    run: ReviewerRun | None = None,
) -> str:
    """What is known of a finding; `run` is the one that found it. Without the diff no evidence is shown."""
    finding = known.finding
    place = place_text(finding.location, facts, repo, known.said_at)
    head = f"{title_text(finding)}  \n{place}, said at {code(known.said_at.short)}"
    blocks = [head, explanation_text(finding)]
    blocks += evidence_text(finding, diff, None) if diff is not None else []
    blocks += repair_text(read_suggestion(finding.suggestion), can_apply=False)
    blocks += [f"{_fate_words(known)} {_origin_words(run)}".strip(), small_print(finding, facts.app_slug)]
    return _fitted(blocks)


def ignored_text(finding: Finding, reason: str, facts: Facts) -> str:
    """The answer to `ignore`, with the reason as it was understood."""
    why = cut(reason.strip() or "no reason was given", _SAID_ROOM, plain)
    config = code(f"@{facts.app_slug} config")
    return (
        f"Finding {code(short_id(finding))} is settled and will not be said again in this repository. "
        f"Reason noted: {why}\n\n{config} lists what is ignored."
    )


def answer_text(answer: str) -> str:
    """A model's answer to a reply in a finding's thread."""
    return cut(answer.strip() or "There is nothing to add.", _ANSWER_ROOM, prose)


def paused_text(slug: str) -> str:
    return f"Reviews of this pull request are paused. {code(f'@{slug} resume')} goes on with them."


def resumed_text() -> str:
    return "Reviews of this pull request go on. The current head is looked at now."


def not_allowed_text() -> str:
    return "Only people who can write to this repository can ask for that."


def unclear_text(said: str, slug: str) -> str:
    """The answer to a command that is none; nothing of it was done."""
    shown = code(shortened(said, _SAID_ROOM)) if said.strip() else "That"
    return f"{shown} is no command, so nothing was done. {code(f'@{slug} help')} lists what can be asked."


def unknown_finding_text(said: str, known: Sequence[KnownFinding], slug: str) -> str:
    """The answer to an id that no finding has, or several begin with; nothing was done."""
    shown = code(shortened(said, _SAID_ROOM))
    listed = [f"- {code(short_id(one.finding))} {cut(one.finding.title, TITLE_ROOM, plain)}" for one in known]
    if not listed:
        return f"{shown} names no finding of this pull request, so nothing was done: none was said here yet."
    opening = f"{shown} names no finding of this pull request, or more than one, so nothing was done. These there are:"
    lines = "\n".join(fitted(listed, _LIST_ROOM, lambda count: f"- {count:,} more"))
    return _fitted([opening, lines, f"{code(f'@{slug} help')} lists what can be asked."])


def _fitted(blocks: Sequence[str]) -> str:
    return "\n\n".join(fitted(blocks, BODY_ROOM, lambda count: f"{counted(count, 'more part')} had no room.", "\n\n"))


def _fate_words(known: KnownFinding) -> str:
    note = f": {cut(known.fate_note, _SAID_ROOM, plain)}" if known.fate_note else ""
    match known.fate:
        case Fate.OPEN:
            return "It is open."
        case Fate.FIXED:
            return f"It is fixed{note}."
        case Fate.RESOLVED:
            return f"Its thread was resolved{note}."
        case Fate.IGNORED:
            return f"It is ignored{note}."
        case _:
            assert_never(known.fate)


def _origin_words(run: ReviewerRun | None) -> str:
    """With which model and which prompt it was found."""
    if run is None or run.model is None:
        return ""
    prompt = f", prompt version {plain(run.prompt_version)}" if run.prompt_version else ""
    return f"Model: {code(run.model)}{prompt}."


def _problems(facts: Facts) -> list[str]:
    lines = [f"- {cut(notice, WORDS_ROOM, prose_line)}" for notice in facts.notices[:20]]
    return ["\n".join(("Please note:", "", *lines))] if lines else []


def _ignored_list(ignored: Sequence[IgnoredFinding]) -> str:
    if not ignored:
        return "No finding is ignored."
    lines = [
        f"- {code(one.fingerprint[:8])} {cut(one.title, TITLE_ROOM, plain)}"
        f"{f': {cut(one.reason, _SAID_ROOM, plain)}' if one.reason else ''}"
        for one in ignored
    ]
    shown = fitted(lines, _LIST_ROOM, lambda count: f"- {count:,} more")
    return "\n".join((f"{counted(len(ignored), 'finding')} ignored:", "", *shown))
