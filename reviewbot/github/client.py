"""The door to GitHub's API: what the rest of reviewbot takes from this package to read and write there."""

from __future__ import annotations

from reviewbot.github.answers import (
    Author,
    ChangedFile,
    CheckRun,
    HookDelivery,
    InstalledRepository,
    OpenPull,
    OpenPulls,
    PostedComment,
    PostedReview,
    Reaction,
    ReviewComment,
)
from reviewbot.github.app import AppSelf, GitHubApp
from reviewbot.github.graphql import Thread, ThreadComment
from reviewbot.github.pace import MemoryPace, Pace
from reviewbot.github.repository import RepositoryClient

__all__ = [
    "AppSelf",
    "Author",
    "ChangedFile",
    "CheckRun",
    "GitHubApp",
    "HookDelivery",
    "InstalledRepository",
    "MemoryPace",
    "OpenPull",
    "OpenPulls",
    "Pace",
    "PostedComment",
    "PostedReview",
    "Reaction",
    "RepositoryClient",
    "ReviewComment",
    "Thread",
    "ThreadComment",
]
