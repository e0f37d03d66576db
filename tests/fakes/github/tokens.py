"""Who asks: the App by its signed JWT, or an installation by its token."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jwt

from tests.fakes.github.state import Installation, RepositoryState, Token
from tests.fakes.github.web import ApiError, Request, not_found

if TYPE_CHECKING:
    from tests.fakes.github.world import World

MOST_SECONDS, TOLERANCE_SECONDS = 600, 5
LEVELS = ("none", "read", "write", "admin")


def check_jwt(world: World, request: Request) -> None:
    """Raises the 401 that GitHub gives for a JWT of another key, from the future, too long or expired."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or token.count(".") != 2:
        raise ApiError(401, "A JSON web token could not be decoded")
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
    try:
        claims = jwt.decode(
            token, world.signing_key.public_key(), algorithms=["RS256"], options=options | {"verify_iss": False}
        )
    except jwt.PyJWTError as error:
        raise ApiError(401, "A JSON web token could not be decoded") from error
    now = world.clock.now()
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(expires, int):
        raise ApiError(401, "Missing 'exp' claim ('Expiration time') in the JSON web token")
    if not isinstance(issued, int):
        raise ApiError(401, "Missing 'iat' claim ('Issued at') in the JSON web token")
    if expires <= now:
        raise ApiError(401, "'Expiration time' claim ('exp') must be a numeric value representing a time in the future")
    if expires > now + MOST_SECONDS + TOLERANCE_SECONDS:
        raise ApiError(401, "'Expiration time' claim ('exp') is too far in the future")
    if issued > now + TOLERANCE_SECONDS:
        raise ApiError(
            401, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
        )
    if str(claims.get("iss")) not in (str(world.app_id), f"Iv1.{world.app_id:016x}"):
        raise ApiError(401, "Integration not found")


def token_of(world: World, request: Request) -> Token:
    """The live token of a request; raises 401 or, for a suspended installation, 403."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            value = base64.b64decode(value).decode().partition(":")[2]
        except ValueError:
            value = ""
    token = world.tokens.get(value) if scheme.lower() in ("bearer", "token", "basic") else None
    now = world.clock.now()
    if token is None or token.expires_at <= now or token.installation.is_removed:
        raise ApiError(401, "Bad credentials" if scheme else "Requires authentication")
    token.uses += 1
    if now - token.minted_at < world.fresh_token_seconds or token.uses <= world.fresh_token_refusals:
        raise ApiError(401, "Bad credentials")
    if token.installation.suspended_at is not None:
        raise ApiError(403, "This installation has been suspended")
    return token


def mint(world: World, installation_id: int, wish: Mapping[str, Any]) -> Token:
    """A new token, narrowed as wished; raises 404, 403 or 422 as GitHub does."""
    installation = world.installations.get(installation_id)
    if installation is None or installation.is_removed:
        raise not_found()
    if installation.suspended_at is not None:
        raise ApiError(403, "This installation has been suspended")
    permissions = _wished_permissions(installation, wish.get("permissions"))
    now = world.clock.now()
    repositories = _wished_repositories(world, installation, wish)
    value = f"ghs_{secrets.token_hex(18)}"
    token = Token(value, installation, repositories, permissions, now, now + world.token_seconds)
    world.tokens[value] = token
    world.mints.append(token)
    return token


def sees(world: World, token: Token, repository: RepositoryState) -> bool:
    if repository.is_deleted or repository.installation is not token.installation:
        return False
    chosen = token.installation.repository_ids
    if chosen is not None and repository.id not in chosen:
        return False
    return token.repository_ids is None or repository.id in token.repository_ids


def _wished_permissions(installation: Installation, wish: Any) -> dict[str, str]:
    if wish is None:
        return dict(installation.permissions)
    if not isinstance(wish, dict):
        raise ApiError(422, "Invalid request.\n\nFor 'properties/permissions', it is not an object.")
    for name, level in wish.items():
        granted = installation.permissions.get(name, "none")
        if level not in LEVELS or LEVELS.index(level) > LEVELS.index(granted):
            raise ApiError(422, "The permissions requested are not granted to this installation.")
    return {"metadata": "read"} | dict(wish)


def _wished_repositories(world: World, installation: Installation, wish: Mapping[str, Any]) -> frozenset[int] | None:
    ids, names = wish.get("repository_ids"), wish.get("repositories")
    if ids is None and names is None:
        return None
    mine = {
        one.id: one
        for one in world.repositories.values()
        if one.installation is installation
        and not one.is_deleted
        and (installation.repository_ids is None or one.id in installation.repository_ids)
    }
    wanted = set(ids or ()) | {one.id for one in mine.values() if one.name in (names or ())}
    is_unknown = any(one not in mine for one in wanted) or len(names or ()) > len(wanted)
    if is_unknown or len(wanted) > 500:
        raise ApiError(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        )
    return frozenset(wanted)
