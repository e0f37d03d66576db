"""The manual: made pages are those of the code, every page is in the table of contents, every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.manual import ROOT, pages

DOCS = sorted((ROOT / "docs").glob("*.md"))
READ = [*DOCS, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_a_page_that_is_made_is_what_the_code_says(path: Path):
    assert path.read_text() == pages()[path], f"docs/{path.name} is out of date: run `make manual`"


def in_contents(entry: object) -> list[str]:
    match entry:
        case str():
            return [entry]
        case list():
            return [page for one in entry for page in in_contents(one)]
        case dict():
            return [page for one in entry.values() for page in in_contents(one)]
    raise AssertionError(entry)


def test_every_page_is_in_the_table_of_contents():
    contents = yaml.safe_load((ROOT / "mkdocs.yml").read_text())

    assert sorted(in_contents(contents["nav"])) == sorted(path.name for path in DOCS)


@pytest.mark.parametrize("path", READ, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path):
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if not target.startswith(("https://", "http://", "#")):
            assert (path.parent / target.partition("#")[0]).exists(), target


def test_every_package_is_on_the_page_of_the_architecture():
    page = (ROOT / "docs" / "architecture.md").read_text()
    packages = [one.name for one in (ROOT / "reviewbot").iterdir() if (one / "__init__.py").exists()]

    assert [name for name in packages if f"`{name}`" not in page] == []


def test_the_architecture_tells_the_layers_of_the_import_contract():
    import tomllib

    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    page = (ROOT / "docs" / "architecture.md").read_text()
    layers = [line.replace("reviewbot.", "") for line in contracts[0]["layers"]]

    told = re.search(r"```text\n(.*?)```", page, re.S)
    assert told is not None
    assert told[1].split("\n")[:-1] == layers
