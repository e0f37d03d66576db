"""The App's identity: its private key, and the short-lived JWT that is signed with it.

The key is nowhere else, and nothing here shows it; installation tokens are minted by those who hold an AppIdentity.
"""

from __future__ import annotations

from functools import lru_cache

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from github.Auth import AppAuthToken

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
        try:
            self._key = _loaded(private_key.strip().replace("\\n", "\n"))
        except (ValueError, TypeError, AttributeError, UnsupportedAlgorithm):
            # The cause is left out on purpose: it could quote the key.
            raise KeyRefused(
                f"the private key of App {self.app_id} is not an RSA key in PEM form without a passphrase:"
                " set REVIEWBOT_GITHUB_PRIVATE_KEY to the file that GitHub gave for the App"
            ) from None

    def jwt(self, now: float) -> AppAuthToken:
        """A JWT for the moment `now`, in unix seconds of GitHub's clock as far as it is known."""
        claims = {
            "iat": int(now) - ISSUED_BEFORE_SECONDS,
            "exp": int(now) + EXPIRES_AFTER_SECONDS,
            "iss": str(self.app_id),
        }
        return AppAuthToken(jwt.encode(claims, self._key, algorithm="RS256"))

    def __repr__(self) -> str:
        return f"AppIdentity({self.app_id})"


@lru_cache(maxsize=4)
def _loaded(pem: str) -> RSAPrivateKey:
    """Checking a key takes forty times as long as signing with it."""
    key = load_pem_private_key(pem.encode(), None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("not an RSA key")
    return key
