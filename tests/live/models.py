"""Live tests with the product's own reviewers, whose model is the fake service on the loopback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reviewbot.bootstrap import Patience
from reviewbot.bootstrap_live import Reviewers
from reviewbot.config import load_settings
from tests.fakes.llm import KEY, FakeService
from tests.live.service import Service

MODEL = "openai:gpt-6-sol"


def with_model(service: Service, model: FakeService, answer_seconds: float = 5.0, **variables: str) -> None:
    """From now on the service has the product's reviewers, with settings as an operator writes them.

    One model call per review, as most faults are told apart by their calls; ``REVIEWBOT_EFFORT`` says otherwise.
    """
    environment = {
        "REVIEWBOT_MODEL": MODEL,
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": f"{model.url}/v1",
        "ANTHROPIC_API_KEY": KEY,
        "ANTHROPIC_BASE_URL": model.url,
        "REVIEWBOT_REVIEWERS": "llm",
        "REVIEWBOT_EFFORT": "quick",
        "HOME": str(service.folder),
        **variables,
    }
    settings = load_settings(environment, Path(service.folder).parent)
    service.factory = Reviewers(settings, Patience(answer_seconds, sleep=lambda _: None))
    service.start()


def finding(line: int = 2, title: str = "second fails", **changes: Any) -> dict[str, Any]:
    """One finding as a model writes it, at a line of app.py."""
    return {
        "title": title,
        "explanation": "The sum is doubled on the second call. Orders are charged twice.",
        "severity": "high",
        "confidence": 0.9,
        "category": "correctness",
        "path": "app.py",
        "first_line": line,
        "last_line": line,
        "side": "RIGHT",
        "quote": "",
        "origin": "introduced",
        "suggestion": None,
        **changes,
    }


def answer(*findings: dict[str, Any]) -> str:
    return json.dumps({"findings": list(findings)})
