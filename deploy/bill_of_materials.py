"""The bill of materials of what is installed, in CycloneDX 1.6, from the hash-pinned lock file.

`python deploy/bill_of_materials.py requirements/run.txt > dist/reviewbot.cdx.json`
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path

_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def bill_of_materials(lock: str, project: dict[str, str]) -> dict[str, object]:
    """Every package of a lock file with its version and the digests of its files."""
    components: list[dict[str, object]] = []
    hashes: list[dict[str, str]] = []
    for line in lock.splitlines():
        pinned = _PINNED.match(line)
        if pinned is not None:
            name, version = re.sub(r"[-_.]+", "-", pinned[1]).lower(), pinned[2]
            hashes = []
            url = f"pkg:pypi/{name}@{version}"
            components.append(
                {"type": "library", "bom-ref": url, "name": name, "version": version, "purl": url, "hashes": hashes}
            )
        hashes += [{"alg": "SHA-256", "content": digest} for digest in _HASH.findall(line)]
    main = {"type": "application", "name": project["name"], "version": project["version"]}
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": main}, "components": components}


def main() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    document = bill_of_materials(Path(sys.argv[1]).read_text(encoding="utf-8"), project)
    sys.stdout.write(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
