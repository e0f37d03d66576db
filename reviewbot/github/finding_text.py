"""One finding as Markdown: what breaks, why, the evidence, the repair, and what one can say to it."""

from __future__ import annotations

import re

from reviewbot.domain.diff import Diff
from reviewbot.domain.finding import Finding, Origin, Severity
from reviewbot.domain.markdown_text import code, code_block, plain, prose, prose_line
from reviewbot.domain.policy import Policy
from reviewbot.domain.round import Citation
from reviewbot.github.evidence import evidence_text
from reviewbot.github.facts import Facts
from reviewbot.github.limits import cut
from reviewbot.github.places import Anchor
from reviewbot.github.suggestion import MOST_LINES, Suggested, is_applicable, read_suggestion

TITLE_ROOM = 400
EXPLANATION_ROOM = 6_000
WORDS_ROOM = 2_000
_NAME_ROOM = 120
_LONGEST_LINE = 200
_SAFE_LINK = re.compile(r"https?://[\w.:-]+/[\w./#-]*\Z")
_SMALL_PRINT = re.compile(r"^<sub>Finding `([0-9a-f]{8})` · ", re.MULTILINE)


def short_id(finding: Finding) -> str:
    """What people call a finding by: the first eight digits of its fingerprint."""
    return finding.fingerprint[:8]


def severity_word(severity: Severity) -> str:
    return severity.value.capitalize()


def title_text(finding: Finding) -> str:
    """The title with the severity first, in bold."""
    title = cut(finding.title.strip() or "a finding without a title", TITLE_ROOM, plain)
    return f"**{severity_word(finding.severity)}: {title}**"


def inline_text(
    finding: Finding, diff: Diff, anchor: Anchor, policy: Policy, facts: Facts, cited: Citation | None = None
) -> str:
    """The finding as a comment on its lines."""
    return _text(title_text(finding), finding, diff, anchor, policy, facts, cited)


def body_text(finding: Finding, place: str, diff: Diff, facts: Facts, cited: Citation | None = None) -> str:
    """The finding as a part of the review's body, at a place that is Markdown already."""
    return _text(f"{title_text(finding)}  \n{place}", finding, diff, None, Policy(), facts, cited)


def citation_text(cited: Citation, server_url: str) -> str:
    """The past incident that a finding repeats; its link only where it leads to the same server."""
    name = cut(cited.name, _NAME_ROOM, plain)
    has_link = bool(server_url) and _SAFE_LINK.match(cited.link) and cited.link.startswith(f"{server_url}/")
    shown = f"[{name}]({cited.link})" if has_link else name
    title = f" ({cut(cited.title, WORDS_ROOM, plain)})" if cited.title and cited.title != cited.name else ""
    return f"**Same mechanism as {shown}**{title}, an incident on record."


def explanation_text(finding: Finding) -> str:
    return cut(finding.explanation.strip() or "The reviewer did not say why.", EXPLANATION_ROOM, prose)


def _text(
    head: str,
    finding: Finding,
    diff: Diff,
    anchor: Anchor | None,
    policy: Policy,
    facts: Facts,
    cited: Citation | None,
) -> str:
    suggested = read_suggestion(finding.suggestion)
    can_apply = anchor is not None and is_applicable(suggested, finding, anchor, diff, policy)
    blocks = [
        head,
        explanation_text(finding),
        *([citation_text(cited, facts.server_url)] if cited is not None else []),
        *evidence_text(finding, diff, anchor),
        *repair_text(suggested, can_apply),
        small_print(finding, facts.app_slug),
    ]
    return "\n\n".join(blocks)


def repair_text(suggested: Suggested, can_apply: bool) -> list[str]:
    """What the reviewer would change; a block that GitHub applies only where that was found harmless."""
    if not suggested.words and not suggested.lines:
        return []
    words = f" {cut(suggested.words, WORDS_ROOM, prose_line)}" if suggested.words else ""
    blocks = [f"Suggested, not tested:{words}"]
    if can_apply:
        blocks.append("\n".join(code_block(suggested.lines, "suggestion")))
    elif suggested.lines:
        # With a sign in front, no line of a model is at the start of a line of the comment.
        lines = [f"+ {line[:_LONGEST_LINE]}" for line in suggested.lines[: 2 * MOST_LINES]]
        blocks.append("\n".join(code_block(lines, "diff")))
    return blocks


def small_print(finding: Finding, slug: str) -> str:
    """Who says so and how sure, and the words that make us keep quiet about it."""
    by = [finding.reviewer, *(other for other in finding.agreed_by if other != finding.reviewer)]
    names = ", ".join(cut(name, _NAME_ROOM, plain) for name in by[:5])
    facts = [
        f"Finding {code(short_id(finding))}",
        finding.category.value,
        f"by {names}",
        f"confidence {finding.confidence:.0%}",
    ]
    if finding.origin is Origin.PRE_EXISTING:
        facts.append("was there before this change")
    return f"<sub>{' · '.join(facts)} · If it is wrong: {code(ignore_command(finding, slug))}</sub>"


def named_findings(text: str) -> frozenset[str]:
    """The short ids of the findings whose small print stands in a text of ours."""
    return frozenset(_SMALL_PRINT.findall(text))


def ignore_command(finding: Finding, slug: str) -> str:
    return f"@{slug} ignore {short_id(finding)} because …"
