"""Routes by which people log in through the App: the code is exchanged for a token, the token asked who it is."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fakes.github.state import RepositoryState, User
from tests.fakes.github.views import repository_view, user_view
from tests.fakes.github.web import ApiError, Response, Visit, route

if TYPE_CHECKING:
    from tests.fakes.github.world import World

CLIENT_ID, CLIENT_SECRET = "Iv23fake", "a-client-secret-of-the-tests"
_LEVELS = {"admin": 4, "maintain": 3, "write": 2, "triage": 1, "read": 0}


@dataclass
class Code:
    """What a browser is sent back with: good once, and only with the secret behind the challenge."""

    user: User
    challenge: str


def authorize(world: World, login: str, challenge: str) -> str:
    """Somebody says yes on GitHub's page; the code that the browser brings back."""
    code = secrets.token_hex(10)
    world.login_codes[code] = Code(world.user(login), challenge)
    return code


@route("POST", "/login/oauth/access_token", who="anyone")
def access_token(visit: Visit) -> Response:
    given = visit.request.json
    if (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
        return Response(200, {"error": "incorrect_client_credentials"})
    code = visit.world.login_codes.pop(str(given.get("code")), None)
    digest = hashlib.sha256(str(given.get("code_verifier")).encode()).digest()
    if code is None or base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != code.challenge:
        return Response(200, {"error": "bad_verification_code"})
    token = f"ghu_{secrets.token_hex(16)}"
    visit.world.user_tokens[token] = code.user
    return Response(200, {"access_token": token, "token_type": "bearer", "scope": ""})


def _user(visit: Visit) -> User:
    found = visit.world.user_tokens.get(visit.request.headers.get("authorization", "").partition(" ")[2])
    if found is None:
        raise ApiError(401, "Bad credentials")
    return found


def _level(repository: RepositoryState, user: User) -> int | None:
    name = repository.permissions.get(user.login.lower())
    return _LEVELS.get(name or "")


@route("GET", "/user", who="anyone")
def user(visit: Visit) -> Response:
    return Response(200, user_view(visit.world, _user(visit)))


@route("GET", "/user/installations", who="anyone")
def user_installations(visit: Visit) -> Response:
    found, who = visit.world.repositories.values(), _user(visit)
    ids = {one.installation.id for one in found if one.installation and _level(one, who) is not None}
    return Response(200, {"total_count": len(ids), "installations": [{"id": number} for number in sorted(ids)]})


@route("GET", "/user/installations/{id:int}/repositories", who="anyone")
def user_repositories(visit: Visit) -> Response:
    who, wanted = _user(visit), visit.number("id")
    listed = []
    for one in visit.world.repositories.values():
        level = _level(one, who)
        if one.installation is not None and one.installation.id == wanted and level is not None:
            names = {"admin": 4, "maintain": 3, "push": 2, "triage": 1, "pull": 0}
            permissions = {name: level >= least for name, least in names.items()}
            listed.append(repository_view(visit.world, one) | {"permissions": permissions})
    return Response(200, {"total_count": len(listed), "repositories": listed})
