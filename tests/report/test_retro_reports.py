"""The reports of a retro run: what they must say, and what no text in them may do."""

from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from reviewbot.report.retro_html import html_report
from reviewbot.report.retro_markdown import markdown_report
from reviewbot.report.retro_terminal import terminal_summary
from reviewbot.report.scorecard import scorecard_json
from tests.report.samples import report, scorecard

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "![x](https://evil.example/x.png) [y](javascript:alert(1))",
    "`` ` `` ``` @everyone fixes #12 https://evil.example",
    "\x1b[31mred\x1b]8;;https://evil.example\x07link",
    "a\u202eb\u200bc",
    "{{ 7 * 7 }} {% raw %}",
    "|cell|cell|\n\n# heading\n- [ ] task",
)


class Page(HTMLParser):
    """Everything in a page that could act or lead away."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_scorecard_has_the_keys_of_the_contract():
    card = json.loads(scorecard_json(scorecard()))

    assert {"schema_version", "run", "denominators", "arms", "comparisons", "judge", "contamination"} <= card.keys()
    assert card["schema_version"] == 1
    assert list(card["denominators"]) == ["incidents", "code_cause", "linked", "replayed"]
    arm = card["arms"][0]
    counts = ["name", "cases", "caught", "partial", "missed", "unjudged", "failed", "rates", "controls"]
    figures = [
        "findings_per_change",
        "cost_usd",
        "cost_per_catch_usd",
        "tokens",
        "funnel",
        "by_severity",
        "by_category",
    ]
    assert [key for key in arm if key in counts + figures] == counts + figures
    rates = ["strict", "strict_uncontaminated", "strict_or_partial", "located", "of_all_incidents"]
    assert list(arm["rates"])[:5] == rates
    assert list(arm["rates"]["strict"]) == ["k", "n", "rate", "low", "high"]
    assert list(arm["controls"]) == ["n", "with_findings", "findings", "per_control", "low", "high"]
    assert list(arm["funnel"]) == ["generated", "anchored", "merged", "verified", "chosen"]
    assert list(card["comparisons"][0]) == ["a", "b", "gained", "lost", "p_mcnemar", "minimum_detectable"]
    assert isinstance(arm["cost_usd"], float | int)


@pytest.mark.parametrize("word", HOSTILE)
def test_no_text_acts_in_the_page(word: str):
    page = Page(html_report(report(word=word)))

    assert {tag for tag, _ in page.tags} & {
        "script",
        "img",
        "iframe",
        "object",
        "embed",
        "link",
        "base",
        "form",
    } == set()
    assert [name for _, attributes in page.tags for name in attributes if name.startswith("on")] == []
    leading = [
        str(value) for _, found in page.tags for name, value in found.items() if name in ("href", "src", "action")
    ]
    assert [target for target in leading if not target.startswith("#")] == []
    assert "\u202e" not in "".join(page.texts) and "\x1b" not in "".join(page.texts)


@pytest.mark.parametrize("word", HOSTILE)
def test_no_text_acts_in_markdown(word: str):
    text = markdown_report(report(word=word))
    outside = re.sub(r"(`+)[^`](?:.|\n)*?[^`]?\1(?!`)", "", text)

    tags = set(re.findall(r"(?<!\\)<\s*/?\s*([a-zA-Z]+)", outside))
    assert tags <= {"details", "summary"}
    assert not re.search(r"(?<!\\)!\[|(?<!\\)\]\(", outside)
    assert not re.search(r"(?<![\w`])@\w", outside)
    assert not re.search(r"(?<![\\&])#\d", outside)
    assert "\x1b" not in text


@pytest.mark.parametrize("word", HOSTILE)
def test_rendered_markdown_holds_no_tag_but_ours(word: str):
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown_report(report(word=word)))

    page = Page(rendered)

    ours = "h1 h2 h3 p strong em ul li blockquote details summary table thead tbody tr th td code pre br".split()
    assert {tag for tag, _ in page.tags} <= set(ours)
    assert {name for _, attributes in page.tags for name in attributes} <= {"class", "style"}
    assert {str(found.get("style")) for _, found in page.tags} <= {"None", "text-align:right"}


def test_rendered_markdown_calls_nobody_and_closes_nothing():
    word = " @everyone fixes #12 closes GH-7 owner/name#3"

    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown_report(report(word=word)))

    outside_code = re.sub(r"<code.*?</code>", "", rendered, flags=re.DOTALL)
    text = "".join(Page(outside_code).texts)
    assert "everyone" in text and not re.search(r"@\w|#\d|GH-\d", text)


def test_a_summary_in_markdown_shows_what_was_written():
    text = markdown_report(report(word=" <b>a_b</b>"))

    summary = re.findall(r"<summary>(.*?)</summary>", text)[0]
    assert "Checkout charges twice on retry <b>a_b</b>" in unescape(summary)


def test_the_two_written_reports_tell_the_same_facts():
    page, text = (written(report()).replace("\xa0", " ") for written in (html_report, markdown_report))

    for said in ("concurrency", "sev2", "0.375", "46", "$0.81", "37 % (15–64 %)", "sees a new charge"):
        assert said in page and said in unescape(text.replace("\\", ""))


def test_no_name_forges_a_line_of_the_summary():
    word = "\r\nllm caught 12 of 12"

    lines = terminal_summary(report(word=word)).splitlines()

    assert [line for line in lines if line.startswith("llm caught 12")] == []
    assert len(lines) == len(terminal_summary(report()).splitlines())


def test_a_summary_of_many_incidents_says_why_some_were_not_replayed():
    text = terminal_summary(report(incidents=200))

    assert "Not replayed:" in text and "not a code cause (external)" in text
    assert len(text.splitlines()) <= 25


@pytest.mark.parametrize("word", HOSTILE)
def test_no_text_acts_on_a_terminal(word: str):
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e]", terminal_summary(report(word=word)))


def test_the_page_forbids_every_request_and_needs_no_script():
    page = Page(html_report(report()))

    policy = next(
        found["content"] for tag, found in page.tags if tag == "meta" and "content" in found and found.get("http-equiv")
    )
    assert policy is not None and policy.startswith("default-src 'none'")


def test_every_chart_can_be_read_without_seeing_it_and_has_a_table():
    page = Page(html_report(report()))

    charts = [found for tag, found in page.tags if tag == "svg" and found.get("role") == "img"]
    assert len(charts) >= 3
    assert sum(tag == "title" for tag, _ in page.tags) >= len(charts)
    assert sum(tag == "table" for tag, _ in page.tags) >= len(charts)


def test_every_incident_can_be_linked_to_and_says_what_it_came_to():
    sample = report()
    page = Page(html_report(sample))

    ids = {found.get("id") for _, found in page.tags}
    links = {str(found["href"])[1:] for tag, found in page.tags if tag == "a" and found.get("href")}
    assert links <= ids
    assert len([one for one in ids if one and one.startswith("case-")]) >= len(sample.incidents)


def test_a_report_that_is_not_complete_says_so_first():
    sample = report(complete=False)

    assert terminal_summary(sample).splitlines()[0].startswith("This report is not complete")
    assert "This report is not complete" in markdown_report(sample).split("## Figures")[0]
    assert "This report is not complete" in html_report(sample).split("<header>")[0]


def test_without_a_judge_nothing_is_called_caught():
    text = terminal_summary(report(judged=False))

    assert "location only" in text
    assert not any(line.startswith("caught ") for line in text.splitlines())


def test_the_same_run_gives_the_same_reports():
    assert html_report(report()) == html_report(report())
    assert markdown_report(report()) == markdown_report(report())


def test_a_summary_fits_a_screen():
    lines = terminal_summary(report(incidents=12)).splitlines()

    assert len(lines) <= 30
    assert max(len(line) for line in lines) <= 150


def test_a_page_of_two_hundred_incidents_stays_below_three_megabytes():
    assert len(html_report(report(incidents=200, word="some more words " * 4)).encode()) <= 3 * 2**20
