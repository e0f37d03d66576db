"""What the texts on GitHub have to know beside the review itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """`app_slug` is what people call us by, without the `@`; `policy_source` says where the policy was read.

    `notices` are sentences for the check run, each about something that somebody ought to know or mend.
    `server_url` is where people read GitHub (`https://github.com`); "" where no links are to be built.
    """

    app_slug: str
    policy_source: str
    policy_hash: str
    notices: tuple[str, ...] = ()
    server_url: str = ""
