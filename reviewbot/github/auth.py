"""The App's identity: its private key, and the short-lived JWT that is signed with it.

The key is nowhere else, and nothing here shows it; installation tokens are minted by those who hold an AppIdentity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from github.Auth import AppAuth, AppAuthToken

from reviewbot.github.failures import KeyRefused

ISSUED_BEFORE_SECONDS = 60
EXPIRES_AFTER_SECONDS = 480
"""GitHub's limit is ten minutes by its own clock; eight leave room for a clock that is two minutes ahead."""


class AppIdentity:
    """A GitHub App by its id and private key (PEM; a key on one line with `\\n` for its breaks is taken too).

    Raises KeyRefused where the key is none that can sign.
    """

    def __init__(self, app_id: int, private_key: str) -> None:
        self.app_id = app_id
        pem = private_key.strip().replace("\\n", "\n")
        self._sign: Callable[[dict[str, Any]], str | bytes] = AppAuth.create_jwt_sign(pem, "RS256")
        self.jwt(0.0)

    def jwt(self, now: float) -> AppAuthToken:
        """A JWT for the moment `now`, in unix seconds of GitHub's clock as far as it is known."""
        claims = {
            "iat": int(now) - ISSUED_BEFORE_SECONDS,
            "exp": int(now) + EXPIRES_AFTER_SECONDS,
            "iss": str(self.app_id),
        }
        try:
            signed = self._sign(claims)
        except (ValueError, TypeError, AttributeError, UnsupportedAlgorithm, jwt.PyJWTError):
            # The cause is left out on purpose: it could quote the key.
            raise KeyRefused(
                f"the private key of App {self.app_id} is not an RSA key in PEM form without a passphrase:"
                " set REVIEWBOT_GITHUB_PRIVATE_KEY to the file that GitHub gave for the App"
            ) from None
        return AppAuthToken(signed.decode() if isinstance(signed, bytes) else signed)

    def __repr__(self) -> str:
        return f"AppIdentity({self.app_id})"
