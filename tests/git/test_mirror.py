from __future__ import annotations

from pathlib import Path

import pytest

from reviewbot.domain.repository import RepoName
from reviewbot.errors import GitError, InputError
from reviewbot.git.mirror import mirrored
from tests.fakes.repositories import RepositoryBuilder

SHOP = RepoName("acme", "shop")


def test_an_address_is_cloned_once_and_then_found(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "origin")
    builder.write("a.py", "x = 1\n")
    sha = builder.commit("First")

    with mirrored(f"file://{tmp_path / 'origin'}", tmp_path / "repos", SHOP) as repository:
        assert repository.resolve(sha) == sha
    with mirrored("https://nobody.invalid/gone.git", tmp_path / "repos", SHOP) as again:
        assert again.git_dir == (tmp_path / "repos/acme/shop.git").resolve()


@pytest.mark.parametrize(
    "url", ["ext::sh -c touch% x", "--upload-pack=x", "/etc", "https://-x", "ssh://-oProxyCommand=x"]
)
def test_what_is_no_address_is_not_given_to_git(tmp_path: Path, url: str) -> None:
    with pytest.raises(InputError, match="not the address of a repository"):
        mirrored(url, tmp_path, SHOP)


def test_a_clone_that_fails_leaves_nothing_behind_and_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="git clone --mirror"):
        mirrored(f"file://{tmp_path / 'none'}", tmp_path / "repos", SHOP)

    assert list((tmp_path / "repos/acme").iterdir()) == []
