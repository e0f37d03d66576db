"""What a review of one change costs: calls, tokens, seconds. `python -m tests.bench.bench_calls [--rival PYTHON]`

The change has 500 lines in ten files. The model answers at once and finds nothing, so that the seconds are the
program's own; tokens are characters divided by four, counted where they arrive, the same way for both programs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.bench.bench_startup import _repository

_ROOT = Path(__file__).parents[2]
_RIVAL = """
import asyncio, os, sys
from pr_agent.config_loader import get_settings
settings = get_settings()
for name, value in {
    "config.git_provider": "local", "config.model": "openai/instant", "config.fallback_models": [],
    "config.custom_model_max_tokens": 200000, "config.max_model_tokens": 120000, "config.publish_output": False,
    "config.use_repo_settings_file": False, "config.log_level": "ERROR", "openai.key": "k",
    "openai.api_base": sys.argv[1], "local.review_path": sys.argv[2],
}.items():
    settings.set(name, value)
from pr_agent.tools.pr_reviewer import PRReviewer
asyncio.run(PRReviewer("main", is_answer=False).run())
"""


@dataclass
class Instant:
    """A model that answers every chat at once with `text`, and counts what it is asked."""

    url: str = ""
    text: str = '{"findings": []}'
    calls: int = 0
    characters: int = 0

    @property
    def tokens(self) -> int:
        return self.characters // 4


@contextmanager
def instant() -> Iterator[Instant]:
    """On the loopback, by OpenAI's chat completions."""
    model = Instant()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send({"object": "list", "data": [{"id": "instant", "object": "model"}]})

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            model.calls += 1
            model.characters += sum(len(_words(one["content"])) for one in asked["messages"])
            message = {"role": "assistant", "content": model.text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            head = {"id": "one", "object": "chat.completion", "created": 1, "model": asked["model"]}
            self._send({**head, "choices": [choice], "usage": usage})

        def _send(self, content: object) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    model.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()


def _words(content: object) -> str:
    return content if isinstance(content, str) else json.dumps(content)


def rows(rival: str | None = None) -> Iterator[tuple[str, str, str]]:
    """What was measured: the program, calls and tokens, seconds of the whole process."""
    with tempfile.TemporaryDirectory() as folder, instant() as model:
        place = Path(folder)
        _repository(place / "shop")
        for effort in ("quick", "standard", "deep"):
            seconds = _ours(place, model, effort)
            yield f"reviewbot, {effort}", _asked(model), f"{seconds:.1f} s"
        if rival:
            seconds = _theirs(place, model, rival)
            yield "PR-Agent, /review", _asked(model), f"{seconds:.1f} s"


def _asked(model: Instant) -> str:
    said = f"{model.calls} calls, {model.tokens:,} tokens"
    model.calls = model.characters = 0
    return said


def _ours(place: Path, model: Instant, effort: str) -> float:
    spec = f"compatible:instant@{model.url}"
    command = [sys.executable, "-m", "reviewbot", "review", "--reviewer", "llm", "--effort", effort, "--model", spec]
    environment = {"PATH": os.environ["PATH"], "HOME": str(place), "REVIEWBOT_COMPATIBLE_API_KEY": "k" * 20}
    return _seconds(command, place / "shop", environment)


def _theirs(place: Path, model: Instant, python: str) -> float:
    """Of the same change, as the branch that it wants to see; its answer is a review without a remark."""
    model.text = "review:\n  estimated_effort_to_review_[1-5]: 1\n  relevant_tests: No\n  key_issues_to_review: []\n"
    shop, git = place / "shop", ["git", "-c", "user.name=B", "-c", "user.email=b@example.org"]
    for arguments in (["checkout", "-q", "-b", "topic"], ["commit", "-qam", "Change"]):
        subprocess.run([*git, *arguments], cwd=shop, check=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(place), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    tokenizers = next(Path(python).parents[1].glob("lib/*/site-packages/litellm/litellm_core_utils/tokenizers"), None)
    if tokenizers:
        environment["TIKTOKEN_CACHE_DIR"] = str(tokenizers)
    return _seconds([python, "-c", _RIVAL, model.url, str(place / "review.md")], shop, environment)


def _seconds(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rival", help="the Python of an environment with PR-Agent alone")
    for what, asked, seconds in rows(parser.parse_args().rival):
        print(f"{what:<24}{asked:<28}{seconds}")


if __name__ == "__main__":
    main()
