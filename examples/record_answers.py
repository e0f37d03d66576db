"""Records the model's answers of the example anew: `python examples/record_answers.py --model SPEC`.

Runs the retrospective of the example with a real model as reviewer and as judge and keeps every answer in answers.json,
misses included. Needed when a prompt, or what it is filled with, has changed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="anthropic:NAME, openai:NAME or compatible:NAME@URL")
    parser.add_argument("--judge", help="by default the same model")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, HERE / "build_shop.py", f"{folder}/repos"], check=True)
        command = [sys.executable, "-m", "reviewbot", "retro", "--incidents", str(HERE / "incidents.yaml")]
        command += ["--repos", f"{folder}/repos", "--out", f"{folder}/run", "--trials", "1"]
        command += ["--reviewer", "static", "--reviewer", "llm", "--model", options.model]
        command += ["--judge", options.judge or options.model, "--judges", "1", "--record", str(HERE / "answers.json")]
        raise SystemExit(subprocess.run(command, check=False).returncode)


if __name__ == "__main__":
    main()
