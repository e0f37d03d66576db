"""Reviewers from other packages: found by real entry points, loaded on demand, refused in words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewbot.errors import InputError
from reviewbot.plugins import load_plugin_reviewer, plugin_reviewers
from reviewbot.testing import check_reviewer

MODULE = """
from reviewbot.domain.review import ReviewerRun

class Reviewer:
    name = "sample"

    def review(self, task):
        return ReviewerRun(self.name, paths_read=frozenset(task.paths))

class Nameless(Reviewer):
    name = ""

class Demanding(Reviewer):
    def __init__(self, key):
        pass

ready = Reviewer()
number = 7

def made():
    return Reviewer()

def made_wrong():
    return 7

def explodes():
    raise RuntimeError("no licence")
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    """A directory of installed packages, on the import path for the time of one test."""
    (tmp_path / "sample_reviewer.py").write_text(MODULE)
    (tmp_path / "broken_reviewer.py").write_text("import a_module_that_nobody_has\n")
    sys.path.insert(0, str(tmp_path))
    yield tmp_path
    sys.path.remove(str(tmp_path))
    for module in ("sample_reviewer", "broken_reviewer"):
        sys.modules.pop(module, None)


def install(site: Path, package: str, **entries: str) -> None:
    folder = site / f"{package}-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    rows = "".join(f"{name} = {value}\n" for name, value in entries.items())
    (folder / "entry_points.txt").write_text(f"[reviewbot.reviewers]\n{rows}")


@pytest.mark.parametrize("named", ["Reviewer", "ready", "made"])
def test_a_class_an_object_and_a_function_each_give_a_reviewer(site: Path, named: str) -> None:
    install(site, "sample", sample=f"sample_reviewer:{named}")

    reviewer = load_plugin_reviewer("sample")

    assert reviewer.name == "sample"
    check_reviewer(reviewer)


def test_plugins_are_listed_without_being_loaded(site: Path) -> None:
    install(site, "sample", sample="sample_reviewer:Reviewer", broken="broken_reviewer:Reviewer")

    assert {"sample", "broken"} <= set(plugin_reviewers())
    assert "sample_reviewer" not in sys.modules


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("broken_reviewer:Reviewer", "ModuleNotFoundError: No module named 'a_module_that_nobody_has'"),
        ("sample_reviewer:Absent", "AttributeError"),
        ("sample_reviewer:Demanding", "TypeError"),
        ("sample_reviewer:explodes", "RuntimeError: no licence"),
        ("sample_reviewer:number", "TypeError"),
        ("sample_reviewer:made_wrong", "gave int, which is no reviewer"),
        ("sample_reviewer:Nameless", "its name is ''"),
        ("sample_reviewer", "TypeError"),
    ],
)
def test_a_plugin_that_cannot_be_used_is_named_with_its_package_and_the_cause(
    site: Path, value: str, words: str
) -> None:
    install(site, "sample", sample=value)

    with pytest.raises(InputError) as caught:
        load_plugin_reviewer("sample")

    assert words in str(caught.value)
    assert str(caught.value).startswith("sample 1.0: ")


def test_an_unknown_name_lists_the_known_ones(site: Path) -> None:
    install(site, "sample", sample="sample_reviewer:Reviewer")

    with pytest.raises(InputError, match=r"'absent'; installed plug-in reviewers: .*sample"):
        load_plugin_reviewer("absent")


def test_two_packages_with_one_name_are_refused(site: Path) -> None:
    install(site, "sample", sample="sample_reviewer:Reviewer")
    install(site, "second", sample="sample_reviewer:ready")

    with pytest.raises(InputError, match="two packages"):
        plugin_reviewers()


def test_a_name_that_reads_as_another_kind_of_reviewer_is_refused(site: Path) -> None:
    install(site, "sample", **{"Bad Name": "sample_reviewer:Reviewer"})

    with pytest.raises(InputError, match="is no name for a reviewer"):
        load_plugin_reviewer("Bad Name")
