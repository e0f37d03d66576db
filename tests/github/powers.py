"""What a text on GitHub could do beside being read: the oracle for everything that we write there."""

from __future__ import annotations

import re
import unicodedata

from markdown_it import MarkdownIt
from markdown_it.token import Token

OUR_TAGS = re.compile(r"</?(?:sub|details)>|<summary>[\w ,.]*</summary>|<!-- reviewbot:v1 [\w .:/-]+ -->")
OUR_LINK = re.compile(r"https://github\.com/acme/shop/blob/[0-9a-f]{40}/[A-Za-z0-9_.~%/-]+#L\d+(?:-L\d+)?\Z")
OUR_LANGUAGES = {"", "diff", "yaml"}
_MARKUP = {
    *("paragraph heading bullet_list list_item fence table thead tbody tr th td hr html_block inline".split()),
    *("text code_inline strong link softbreak hardbreak html_inline".split()),
}
_REFERENCES = {
    "mention": r"@\w",
    "issue": r"#\w|\bGH-\w",
    "address": r"://|\bwww\.",
    "emoji": r":[\w+-]+:",
}
_CLOSING = re.compile(
    r"\b(?:fix|close|resolve)(?:e?[sd])?:?\s+(?:(?:[\w.-]+/[\w.-]+)?#\d|GH-\d|https?://)", re.IGNORECASE
)
_COMMAND = re.compile(r"\s*(?:/[a-z]|!\w|@\w|bors\b|recheck\b|retest\b|rebase\b)", re.IGNORECASE)


def powers_of(text: str, languages: frozenset[str] = frozenset()) -> list[str]:
    """Everything in a Markdown text that acts, leads away, calls somebody or hides; [] for an honest one."""
    tokens = _flat(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text))
    found = [f"markup {token.type}" for token in tokens if re.sub(r"_(?:open|close)$", "", token.type) not in _MARKUP]
    for token in tokens:
        if token.type in ("html_block", "html_inline"):
            found += [f"raw HTML {left!r}" for left in [OUR_TAGS.sub("", token.content).strip()] if left]
        if token.type == "link_open" and not OUR_LINK.match(str(token.attrs.get("href"))):
            found.append(f"link {token.attrs.get('href')}")
        if token.type == "fence" and token.info not in OUR_LANGUAGES | languages:
            found.append(f"fence {token.info!r}")
    return [*found, *_said(tokens), *_raw(text, languages)]


def count_of(text: str, tag: str) -> int:
    """How often one of our own tags is in force: fewer than we wrote means that something was swallowed."""
    tokens = _flat(MarkdownIt("commonmark", {"html": True}).enable("table").parse(text))
    return sum(tag in token.content for token in tokens if token.type in ("html_block", "html_inline"))


def _flat(tokens: list[Token]) -> list[Token]:
    return [inner for token in tokens for inner in (token, *_flat(token.children or []))]


def _said(tokens: list[Token]) -> list[str]:
    """References in the text as it is shown, outside of code."""
    shown = "".join(
        token.content if token.type == "text" else "\n" if token.type in ("paragraph_close", "softbreak") else "\x1f"
        for token in tokens
        if token.type != "inline"
    )
    found = [f"{name} {hit[0]!r}" for name, pattern in _REFERENCES.items() for hit in re.finditer(pattern, shown)]
    return found + [f"closing {hit[0]!r}" for hit in _CLOSING.finditer(shown)]


def _raw(text: str, languages: frozenset[str]) -> list[str]:
    """What other bots read: the text as it is sent."""
    hidden = {char for char in text if char not in "\n\u200b" and unicodedata.category(char) in ("Cc", "Cf", "Cs")}
    lines = [] if languages else re.split(r"[\r\n\u2028\u2029\x85\x0b\x0c]", text)
    return [
        *(f"hidden U+{ord(char):04X}" for char in sorted(hidden)),
        *(f"command {line[:40]!r}" for line in lines if _COMMAND.match(line)),
    ]
