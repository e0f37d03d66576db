"""Fetching from GitHub's side: which addresses, over what, with which secret, and what went wrong."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from reviewbot.domain.repository import RepoName, Sha
from reviewbot.errors import GitError, InputError
from reviewbot.git.command import git_output, git_version
from reviewbot.telemetry import span

# Older ones know no settings in the environment, and a token may stand nowhere else.
_OLDEST_GIT_WITH_SECRETS = (2, 31)
_TRANSPORTS: Final = {"https": "https", "http": "http", "file": "file"}

# What old, ordinary histories hold in the headers of commits and the modes of trees, and what does no harm to a program
# that only reads. Everything else that git's own check refuses stays refused, above all names of paths.
_HARMLESS: Final = (
    *("zeroPaddedFilemode", "badTimezone", "missingSpaceBeforeDate", "badDate", "badDateOverflow", "zeroPaddedDate"),
    *("missingNameBeforeEmail", "missingEmail", "missingSpaceBeforeEmail", "badEmail", "badName", "multipleAuthors"),
    *("nulInCommit", "missingTaggerEntry", "badTagName"),
)
_SETTINGS: Final = (
    "transfer.fsckObjects=true",
    *(f"fetch.fsck.{name}=ignore" for name in _HARMLESS),
    "protocol.version=2",
    "fetch.unpackLimit=1",
    "fetch.writeCommitGraph=false",
    # The address is read anew from the API for each review: who redirects would get the token.
    "http.followRedirects=false",
    # No byte at all for a minute; a server that packs a large repository sends one now and then.
    "http.lowSpeedLimit=1",
    "http.lowSpeedTime=60",
    "http.sslVerify=true",
)
_FETCH: Final = (
    *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance"),
    "--no-show-forced-updates",
)
# Names of branches that git takes, without any character that means something in a refspec.
_BRANCH: Final = re.compile(r"(?!.*(?:\.\.|@\{|//|\.lock(?:/|\Z)))[^\x00-\x20\x7f~^:?*\[\\]{1,255}\Z")

_GONE: Final = re.compile(r"not our ref ([0-9a-f]{40,64})|unadvertised object ([0-9a-f]{40,64})")
_NO_REF: Final = re.compile(r"couldn't find remote ref (\S+?)(?:;|\s|\Z)")


class Cause(StrEnum):
    """Why a fetch failed."""

    UNREACHABLE = "the server cannot be reached, or broke off"
    SLOW = "it took too long"
    DENIED = "the token was refused"
    ABSENT = "there is no such repository, or the App may not see it"
    REFUSED = "git refuses what the repository holds"
    DISK = "the disk is full"
    UNEXPLAINED = "git failed"


_SIGNS: Final = (
    (Cause.SLOW, re.compile(r"did not finish within|Operation too slow|timed? ?out", re.I)),
    (Cause.DISK, re.compile(r"No space left|quota exceeded", re.I)),
    (Cause.REFUSED, re.compile(r"fsck error", re.I)),
    (
        Cause.DENIED,
        re.compile(r"Authentication failed|could not read (?:Username|Password)|returned error: 40[13]\b|not granted"),
    ),
    (
        Cause.ABSENT,
        re.compile(r"repository '[^']*' not found|returned error: (?:404|410|451)|not appear to be a git repo", re.I),
    ),
    (
        Cause.UNREACHABLE,
        re.compile(
            r"unable to access|Could not resolve|Failed to connect|RPC failed|early EOF|hung up|disconnect"
            r"|remote error|expected flush|protocol error|bad line length|unable to update url base"
            r"|Could not read from remote",
            re.I,
        ),
    ),
)


class CommitGone(GitError):
    """A commit is not to be had any more: its branch was deleted or pushed over, or its fork is gone."""

    def __init__(self, commit: Sha) -> None:
        super().__init__(
            f"commit {commit} is not on the server any more; read the pull request again, for it may have moved on"
        )
        self.commit = commit


class FetchFailed(GitError):
    """Nothing came; the text may be shown to strangers. `is_transient`: it is worth trying again, with a fresh token.

    GitHub's replicas may deny for some seconds a repository that was just announced, so that counts as transient.
    """

    def __init__(self, message: str, cause: Cause) -> None:
        super().__init__(message)
        self.cause = cause

    @property
    def is_transient(self) -> bool:
        return self.cause is not Cause.REFUSED


class RefAbsent(GitError):
    """The server has no ref of this name."""

    def __init__(self, ref: str) -> None:
        super().__init__(f"the server has no {ref}; read the pull request again")
        self.ref = ref


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a repository is fetched from, and as whom; `token` None for nobody."""

    address: str
    token: str | None = field(default=None, repr=False)

    def fetch(self, git_dir: Path, refspecs: Sequence[str], depth: int | None, timeout_seconds: float) -> None:
        """Brings refs and commits into a bare repository; `depth` None for all that is missing.

        Raises CommitGone, RefAbsent or FetchFailed. The token stands in none of them, nor in the arguments of git.
        """
        reach = [f"--depth={depth:d}"] if depth is not None else _all_of_it(git_dir)
        try:
            with span("git fetch"):
                git_output(
                    [*_FETCH, *reach, "--end-of-options", self.address, *refspecs],
                    git_dir=git_dir,
                    settings=_SETTINGS,
                    secret_settings=self._authorization(),
                    transports=self._transport(),
                    timeout_seconds=timeout_seconds,
                )
        except GitError as error:
            failure = self._failure(str(error), git_dir)
        else:
            return
        # Raised outside the handler, so that no traceback carries git's words with a token in them.
        raise failure

    def _transport(self) -> str:
        scheme = urlsplit(self.address).scheme
        if scheme not in _TRANSPORTS:
            raise InputError(
                f"{self.address!r}: expected https://, http:// or file://; correct REVIEWBOT_GITHUB_GIT_URL"
            )
        return _TRANSPORTS[scheme]

    def _authorization(self) -> list[tuple[str, str]]:
        """The header that carries the token, for this server alone."""
        if self.token is None or self._transport() == "file":
            return []
        if git_version() < _OLDEST_GIT_WITH_SECRETS:
            raise InputError("git is too old to be given a token in a safe way; install git 2.31 or later")
        parts = urlsplit(self.address)
        name = f"http.{parts.scheme}://{parts.netloc}/.extraHeader"
        return [(name, f"Authorization: Basic {self._credentials()}")]

    def _credentials(self) -> str:
        return base64.b64encode(f"x-access-token:{self.token}".encode()).decode()

    def _failure(self, message: str, git_dir: Path) -> GitError:
        gone = _GONE.search(message)
        if gone:
            return CommitGone(Sha(gone[1] or gone[2]))
        absent = _NO_REF.search(message)
        if absent:
            return RefAbsent(absent[1])
        cause = cause_of(message)
        return FetchFailed(f"{self.address}: {cause} ({self._without_token(gits_words(message, git_dir))})", cause)

    def _without_token(self, text: str) -> str:
        if self.token is None:
            return text
        return text.replace(self._credentials(), "…").replace(self.token, "…")


def git_address(git_url: str, name: RepoName) -> str:
    """Where a repository is fetched from: below an address, or below a directory of bare repositories."""
    root = Path(git_url).as_uri() if git_url.startswith("/") else git_url
    return f"{root.rstrip('/')}/{name}.git"


def commit_refspec(commit: Sha) -> str:
    """Brings one commit, and keeps it."""
    return f"+{Sha(commit)}:refs/reviewbot/commit/{commit}"


def pull_refspec(number: int) -> str:
    """Brings the head of a pull request, also where its fork is gone."""
    return f"+refs/pull/{number:d}/head:refs/reviewbot/pull/{number:d}"


def branch_refspec(branch: str, target: str) -> str:
    """Brings the tip of a branch; a GitError for a name that is none."""
    if branch.startswith("-") or branch.endswith(("/", ".")) or not _BRANCH.match(branch):
        raise RefAbsent(f"branch {branch!r}")
    return f"+refs/heads/{branch}:{target}"


def _all_of_it(git_dir: Path) -> list[str]:
    return ["--unshallow"] if (git_dir / "shallow").exists() else []


def gits_words(message: str, git_dir: Path) -> str:
    """What git said, without advice for whoever sits at this machine and without its paths: strangers may read it."""
    words = message.partition(f"in {git_dir}: ")[2].rpartition("; ")[0] or message
    return words.replace(str(git_dir), "the cache")


def cause_of(message: str) -> Cause:
    """Why git failed, by its own words."""
    return next((cause for cause, sign in _SIGNS if sign.search(message)), Cause.UNEXPLAINED)
