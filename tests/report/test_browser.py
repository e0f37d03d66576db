"""The report in a real browser, where the machine has one."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from reviewbot.report.retro_html import html_report
from tests.report.samples import report

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --disable-quic --hide-scrollbars"
).split()

# Runs in the page: its width, that of its content beyond it, and what it asked for besides itself.
PROBE = """<script>
addEventListener("load", () => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const asked = performance.getEntriesByType("resource").length;
  parent.postMessage(`width=${innerWidth} overflow=${wide} requests=${asked}`, "*");
});
</script>"""
# A window is never narrower than 500 pixels, a frame is.
FRAME = """<title>nothing heard</title>
<script>addEventListener("message", (said) => document.title = said.data)</script>
<iframe src="report.html" style="border:0;width:{width}px;height:900px"></iframe>"""


@pytest.fixture(scope="module")
def browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine: install the package chromium to test the report in a browser")
    return found


def shown(browser: str, tmp_path: Path, page: Path, *options: str) -> str:
    """The title that the page has given itself."""
    command = [browser, *QUIET, *options, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1400,1000"]
    said = subprocess.run(
        [*command, "--virtual-time-budget=2000", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    ).stdout
    return said.partition("<title>")[2].partition("</title>")[0]


def with_script(html: str, script: str) -> str:
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return html.replace(policy, policy + "; script-src 'unsafe-inline'").replace("</body>", script + "</body>")


@pytest.mark.parametrize("width", [390, 1100])
def test_the_page_fits_the_window_and_asks_for_nothing(browser: str, tmp_path: Path, width: int):
    page = tmp_path / "report.html"
    html = html_report(report(word="a_rather_long_identifier_without_any_blank " * 3))
    page.write_text(with_script(html.replace("<details", "<details open"), PROBE))
    frame = tmp_path / "frame.html"
    frame.write_text(FRAME.format(width=width))

    assert shown(browser, tmp_path, frame) == f"width={width} overflow=0 requests=0"


# Every text against what stands behind it, as WCAG 2 counts contrast; the least is told, with its words.
CONTRAST = """<script>
const light = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map((v) => { v /= 255;
  return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
  if (c !== "rgba(0, 0, 0, 0)") return c; } return "rgb(255, 255, 255)"; };
let least = 99, words = "";
for (const e of document.querySelectorAll("main *")) {
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  if (!own || e.closest("title,desc")) continue;
  const style = getComputedStyle(e), ink = e.closest("svg") ? style.fill : style.color;
  if (!ink.startsWith("rgb")) continue;
  const [a, b] = [light(ink), light(behind(e))].sort((x, y) => y - x), c = (a + 0.05) / (b + 0.05);
  if (c < least) { least = c; words = e.textContent.trim().slice(0, 30); }
}
const told = least >= 4.5 ? "readable" : `${least.toFixed(2)} ${words}`;
document.title = `${getComputedStyle(document.body).backgroundColor} ${told}`;
</script>"""


@pytest.mark.parametrize("options, paper", [((), "rgb(255, 255, 255)"), (("--force-dark-mode",), "rgb(20, 23, 26)")])
def test_every_text_is_readable_in_the_light_and_in_the_dark(
    browser: str, tmp_path: Path, options: tuple[str, ...], paper: str
):
    page = tmp_path / "report.html"
    page.write_text(with_script(html_report(report()).replace("<details", "<details open"), CONTRAST))

    assert shown(browser, tmp_path, page, *options) == f"{paper} readable"


def test_all_the_evidence_is_printed_though_it_is_folded_on_the_screen(browser: str, tmp_path: Path):
    pages = []
    for count in (1, 10):
        page, paper = tmp_path / f"{count}.html", tmp_path / f"{count}.pdf"
        page.write_text(html_report(report(incidents=count)))
        command = [browser, *QUIET, f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={paper}", page.as_uri()]
        subprocess.run(command, capture_output=True, timeout=120, check=False)
        pages.append(len(re.findall(rb"/Type /Page\b", paper.read_bytes())))

    assert pages[1] - pages[0] >= 9, f"nine more incidents on {pages[0]} and {pages[1]} pages"
