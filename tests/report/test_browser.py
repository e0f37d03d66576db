"""The report in a real browser, where the machine has one."""

from __future__ import annotations

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


@pytest.mark.parametrize("width", [390, 1100])
def test_the_page_fits_the_window_and_asks_for_nothing(browser: str, tmp_path: Path, width: int):
    page = tmp_path / "report.html"
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    allowed = html_report(report(word="a_rather_long_identifier_without_any_blank " * 3))
    page.write_text(
        allowed.replace(policy, policy + "; script-src 'unsafe-inline'")
        .replace("<details", "<details open")
        .replace("</body>", PROBE + "</body>")
    )
    frame = tmp_path / "frame.html"
    frame.write_text(FRAME.format(width=width))
    command = [browser, *QUIET, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1400,1000"]

    shown = subprocess.run(
        [*command, "--virtual-time-budget=2000", "--dump-dom", frame.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    ).stdout

    title = shown.partition("<title>")[2].partition("</title>")[0]
    assert title == f"width={width} overflow=0 requests=0"
