"""The lines of a Markdown comment that its writer says, as against those that are quoted, code or hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_LIST_MARKS = re.compile(r"(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*")
_FENCE = re.compile(r"`{3,}(?=[^`]*\Z)|~{3,}")
_SET_APART = re.compile(r"<(?P<tag>blockquote|code|pre|script|style|textarea)(?=[\s>]|\Z)", re.IGNORECASE | re.ASCII)
_CODE_INDENT = 4


def spoken_lines(body: str) -> Iterator[str]:
    """The lines outside of quotes, code, their HTML elements and HTML comments, without leading blanks.

    As GitHub shows it, a line right below a quote belongs to the quote. In doubt a line is left out, for what is not
    taken for a command does no harm; only code between backticks that goes on over several lines is not followed.
    """
    lines = _Lines(last_comment_end=body.rfind("-->"))
    start = 0
    for line_break in _LINE_BREAK.finditer(body):
        yield from lines.spoken(body[start : line_break.start()], start)
        start = line_break.end()
    yield from lines.spoken(body[start:], start)


class _Lines:
    """What the lines so far have opened: a fence, HTML whose end is awaited, a comment in a paragraph, a quote."""

    def __init__(self, last_comment_end: int) -> None:
        self._last_comment_end = last_comment_end
        self._fence = ""
        self._fence_column = 0
        self._html_end = ""
        self._in_comment = False
        self._in_quote = False

    def spoken(self, line: str, start: int) -> Iterator[str]:
        """The line if somebody says it; `start` is where it stands in the body."""
        text = line.lstrip()
        indent = len(line[: len(line) - len(text)].expandtabs(_CODE_INDENT))
        if text and indent < self._fence_column:
            # The item of a list is over, and the fence in it.
            self._fence, self._fence_column = "", 0
        if self._fence:
            self._end_fence(text.rstrip(), indent)
        elif self._html_end:
            self._end_html(line)
        elif not text or self._opens_block(text, indent):
            self._in_quote = self._in_comment = False
        elif _apart(text)[1].startswith(">"):
            self._in_quote, self._in_comment = True, False
        elif self._in_comment:
            self._in_comment = "-->" not in text
        elif not self._in_quote and indent < _CODE_INDENT:
            yield self._before_comment(text, start + len(line) - len(text))

    def _end_fence(self, text: str, indent: int) -> None:
        only_marks = not text.strip(self._fence[0])
        if only_marks and len(text) >= len(self._fence) and indent < self._fence_column + _CODE_INDENT:
            self._fence, self._fence_column = "", 0

    def _end_html(self, line: str) -> None:
        if self._html_end in line.lower():
            self._html_end = ""

    def _opens_block(self, text: str, indent: int) -> bool:
        """Whether the line begins a fence (also in a list, at any depth) or an element or comment of HTML."""
        before, text = _apart(text)
        if fence := _FENCE.match(text):
            self._fence = fence[0]
            self._fence_column = indent + len(before.expandtabs(_CODE_INDENT)) if before else 0
        elif text.startswith("<!--"):
            self._html_end = "" if "-->" in text else "-->"
        elif element := _SET_APART.match(text):
            end = f"</{element['tag'].lower()}>"
            self._html_end = "" if end in text.lower() else end
        else:
            return False
        return True

    def _before_comment(self, text: str, start: int) -> str:
        """The text up to an HTML comment in it, which may go on until its paragraph ends; unclosed it is none."""
        opened = text.find("<!--")
        if opened < 0 or self._last_comment_end < start + opened:
            return text
        self._in_comment = "-->" not in text[opened:]
        return text[:opened]


def _apart(text: str) -> tuple[str, str]:
    """The marks of a list at the start of a line, and what stands behind them."""
    marks = _LIST_MARKS.match(text)
    end = marks.end() if marks else 0
    return text[:end], text[end:]
