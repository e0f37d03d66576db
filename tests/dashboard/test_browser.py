"""The dashboard in a real browser, where there is one: its width, its script, and whether everybody can use it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import axe_core_python
import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tests.dashboard.conftest import Board
from tests.jobs.waiting import wait_until
from tests.report.test_browser import BROWSERS, QUIET

AXE = Path(axe_core_python.__file__).parent / "axe.min.js"
FRAME = """<title>nothing heard</title>
<script>addEventListener("message", (said) => document.title = said.data)</script>
<iframe src="{path}" style="border:0;width:{width}px;height:900px"></iframe>"""
PROBE = """
addEventListener("load", async () => {{
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const asked = performance.getEntriesByType("resource");
  const foreign = asked.filter((one) => !one.name.startsWith(location.origin)).length;
  const found = await axe.run(document, {{ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }});
  const grave = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
  const told = grave.map((one) => `${{one.id}}: ${{one.nodes.map((node) => node.target).join(" ")}}`);
  const said = {{ overflow: wide, foreign, grave: told, checks: found.passes.length, htmx: typeof htmx }};
  parent.postMessage("{mark}" + JSON.stringify(said), "*");
}});
"""
MARK = "found:"


@pytest.fixture(scope="module")
def browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine: install the package chromium to test the dashboard in a browser")
    return found


@contextmanager
def served(board: Board) -> Iterator[str]:
    """The dashboard on a port of its own, with a page that frames others and the script that looks at them."""
    app = board.client(with_login=False).app

    async def around(scope, receive, send):  # type: ignore[no-untyped-def]
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        request = Request(scope)
        if request.url.path == "/frame":
            await HTMLResponse(FRAME.format(**request.query_params))(scope, receive, send)
        elif request.url.path == "/probe.js":
            script = AXE.read_text() + PROBE.format(mark=MARK)
            await Response(script, media_type="text/javascript")(scope, receive, send)
        else:
            await app(scope, receive, _probing(send))

    config = uvicorn.Config(around, host="127.0.0.1", port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def _probing(send):  # type: ignore[no-untyped-def]
    """Lets a page be framed, and adds the script; the rest of its policy stays as it is."""

    is_page = False

    async def changed(message):  # type: ignore[no-untyped-def]
        nonlocal is_page
        if message["type"] == "http.response.start":
            is_page = any(name == b"content-type" and b"html" in value for name, value in message["headers"])
            dropped = (b"content-length", b"cross-origin-opener-policy")
            policy = (b"frame-ancestors 'none'", b"frame-ancestors 'self'")
            headers = [(name, value.replace(*policy)) for name, value in message["headers"] if name not in dropped]
            message = {**message, "headers": headers}
        elif is_page:
            body = message["body"].replace(b"</body>", b'<script src="/probe.js"></script></body>')
            message = {**message, "body": body}
        await send(message)

    return changed


def looked_at(browser: str, tmp_path: Path, root: str, path: str, width: int, *options: str) -> dict[str, object]:
    command = [browser, *QUIET, *options, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1400,1000"]
    said = subprocess.run(
        [*command, "--virtual-time-budget=8000", "--dump-dom", f"{root}/frame?path={path}&width={width}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    ).stdout
    title = re.search(r"<title>(.*?)</title>", said, re.DOTALL)
    assert title is not None
    assert title[1].startswith(MARK), title[1]
    found: dict[str, object] = json.loads(title[1].removeprefix(MARK).replace("&gt;", ">").replace("&amp;", "&"))
    return found


@pytest.mark.parametrize("width", [400, 1100])
@pytest.mark.parametrize(
    "path", ["/", "/incidents", "/incidents/1", "/findings", "/pulls", "/deliveries", "/repositories"]
)
def test_a_page_fits_asks_nobody_else_and_can_be_used_by_everybody(
    board: Board, browser: str, tmp_path: Path, path: str, width: int
):
    with served(board) as root:
        found = looked_at(browser, tmp_path, root, path, width)

    assert (found["overflow"], found["foreign"], found["grave"], found["htmx"]) == (0, 0, [], "object")
    assert int(str(found["checks"])) > 10


@pytest.mark.parametrize("path", ["/", "/findings", "/incidents/1"])
def test_a_page_can_be_read_in_the_dark(board: Board, browser: str, tmp_path: Path, path: str):
    with served(board) as root:
        found = looked_at(browser, tmp_path, root, path, 1100, "--blink-settings=preferredColorScheme=0")

    assert found["grave"] == []
