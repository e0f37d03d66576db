"""`python -m reviewbot`."""

from __future__ import annotations

from reviewbot.cli.main import run

if __name__ == "__main__":
    run()
