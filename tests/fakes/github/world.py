"""One GitHub of its own: an App, its installations, repositories and people, and all that happens to them."""

from __future__ import annotations

import itertools
import shutil
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.github.clock import MovableClock
from tests.fakes.github.deliveries import Delivery, Hook
from tests.fakes.github.events import Event, installation_event, repositories_event
from tests.fakes.github.faults import Fault, Faults, Kind
from tests.fakes.github.ledger import Ledger
from tests.fakes.github.objects import Files, GitStore
from tests.fakes.github.rates import Limits, Rates
from tests.fakes.github.repositories import Repository
from tests.fakes.github.state import FULL_PERMISSIONS, Installation, RepositoryState, Token, User

APP_ID, SLUG = 4711, "reviewbot"


@cache
def app_key() -> tuple[rsa.RSAPrivateKey, str]:
    """The App's key and its PEM, made once: reading a PEM takes longer than all the rest of a scenario."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return private, pem_of(private)


def pem_of(private: rsa.RSAPrivateKey) -> str:
    form, kind = serialization.PrivateFormat.TraditionalOpenSSL, serialization.Encoding.PEM
    return private.private_bytes(kind, form, serialization.NoEncryption()).decode()


class World:
    """All state behind one base address. `api_url` is what the product is given as GitHub's API.

    `violations` collects what a product must never do: unknown routes, approvals, calls while it was told to wait.
    """

    def __init__(self, root: Path, server_url: str, is_enterprise: bool, app_id: int, slug: str) -> None:
        self.root = root
        self.web_url = server_url
        self.api_url = f"{server_url}/api/v3" if is_enterprise else server_url
        self.graphql_url = f"{server_url}/api/graphql" if is_enterprise else f"{server_url}/graphql"
        self.git_url = f"{server_url}/git"
        self.file_url = f"file://{root / 'git'}"
        self.app_id, self.slug = app_id, slug
        self.signing_key, self.private_key = app_key()
        self.app_permissions = dict(FULL_PERMISSIONS)
        self.clock = MovableClock()
        self.began_at = self.clock.now()
        self.lock = threading.RLock()
        self.calls = Ledger()
        self.faults = Faults()
        self.rates = Rates()
        self.violations: list[str] = []
        self.users: dict[str, User] = {}
        self.installations: dict[int, Installation] = {}
        self.repositories: dict[int, RepositoryState] = {}
        self.tokens: dict[str, Token] = {}
        self.mints: list[Token] = []
        self.events: list[Event] = []
        self.deliveries: list[Delivery] = []
        self.hook: Hook | None = None
        self.manifest_codes: dict[str, dict[str, Any]] = {}
        self.login_codes: dict[str, Any] = {}
        self.user_tokens: dict[str, User] = {}
        self.echoes = True
        """Whether what the App writes makes events too, as it does at GitHub."""
        self.announces_suites = False
        """Whether every push makes a `check_suite requested` too, as it does at GitHub."""
        self.stale_reads_seconds = 0.0
        self.fresh_token_seconds = 0.0
        """Tokens younger than this get a 401, as on replicas that have not heard of them."""
        self.fresh_token_refusals = 0
        """So many of the first uses of every token get a 401."""
        self.token_seconds = 3600.0
        self.wants_narrow_tokens = True
        """Whether a write with a token for more than one repository is a violation."""
        self.graphql_wants_contents_write = False
        self._numbers = itertools.count(1_000_001)
        self.app_owner = self.user("reviewbot-makers", kind="Organization")
        self.bot = self.user(f"{slug}[bot]", kind="Bot")
        self.forget: Callable[[], object] = lambda: None

    @property
    def limits(self) -> Limits:
        return self.rates.limits

    def next_id(self) -> int:
        return next(self._numbers)

    def violate(self, text: str) -> None:
        self.violations.append(text)

    def user(self, login: str, kind: str = "User") -> User:
        """The user of this name; made when it is new."""
        key = login.lower()
        if key not in self.users:
            self.users[key] = User(self.next_id(), login, kind)
        return self.users[key]

    def installation(self, account: str = "octo", **options: Any) -> Installation:
        """The App's installation on an account; made when it is new. `permissions` narrows what was granted."""
        for found in self.installations.values():
            if found.account.login == account and not found.is_removed:
                return found
        made = Installation(self.next_id(), self.user(account, kind="Organization"), **options)
        self.installations[made.id] = made
        return made

    def repository(
        self,
        full_name: str = "octo/shop",
        files: Files | None = None,
        default_branch: str = "main",
        installed: bool = True,
        origin: Path | None = None,
        **options: Any,
    ) -> Repository:
        """A repository with one commit of these files, or a copy of the one at `origin` (a RepositoryBuilder's path).

        The App is installed on it unless `installed` is False.
        """
        owner, _, name = full_name.partition("/")
        installation = self.installation(owner) if installed else None
        store = GitStore(self.root / "git" / f"{full_name}.git")
        number = self.next_id()
        state = RepositoryState(number, self.user(owner, "Organization"), name, store, installation, default_branch)
        for option, value in options.items():
            setattr(state, option, value)
        if origin is not None:
            store.adopt(origin)
        else:
            store.point(f"refs/heads/{default_branch}", store.commit(files or {"README.md": "# Shop\n"}))
        if default_branch != "main":
            (store.path / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n")
        with self.lock:
            self.repositories[number] = state
        return Repository(self, state)

    def fault(self, method: str, pattern: str, kind: str | Kind, **options: Any) -> Fault:
        """What goes wrong with the nth call of this method whose path fits (see `ledger.matcher` and `Fault`)."""
        return self.faults.add(Fault(method, pattern, Kind(kind), **options))

    def find_repository(self, full_name: str) -> RepositoryState | None:
        wanted = full_name.lower()
        return next((one for one in self.repositories.values() if one.full_name.lower() == wanted), None)

    def formerly_named(self, full_name: str) -> RepositoryState | None:
        wanted = full_name.lower()
        return next((one for one in self.repositories.values() if wanted in one.former_names), None)

    def suspend(self, installation: Installation | None = None) -> Event:
        found = installation or self.installation()
        found.suspended_at = self.clock.now()
        return installation_event(self, found, "suspend")

    def unsuspend(self, installation: Installation | None = None) -> Event:
        found = installation or self.installation()
        found.suspended_at = None
        return installation_event(self, found, "unsuspend")

    def uninstall(self, installation: Installation | None = None) -> Event:
        """The App is removed from an account."""
        found = installation or self.installation()
        event = installation_event(self, found, "deleted")
        found.is_removed = True
        return event

    def installed(self, installation: Installation | None = None) -> Event:
        return installation_event(self, installation or self.installation(), "created", requester=None)

    def withdraw(self, repository: Repository) -> Event:
        """A repository is taken out of its installation."""
        installation = repository.state.installation
        assert installation is not None
        event = repositories_event(self, installation, [], [repository.state])
        repository.state.installation = None
        return event

    def admit(self, repository: Repository, account: str | None = None) -> Event:
        """A repository is taken into an installation, or back into its own."""
        installation = self.installation(account or repository.state.owner.login)
        repository.state.installation = installation
        return repositories_event(self, installation, [repository.state], [])

    def expire_tokens(self) -> None:
        for token in self.tokens.values():
            token.expires_at = self.clock.now() - 1

    def rotate_key(self) -> str:
        """The App's key is another from now on; the new one as PEM. The old one is refused."""
        self.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.private_key = pem_of(self.signing_key)
        return self.private_key

    def close(self) -> None:
        """Takes the world's repositories off the disk, and the world out of its server."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.forget()
