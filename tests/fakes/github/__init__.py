"""A fake GitHub over loopback HTTP that keeps the real one's rules, and breaks when told to.

    from tests.fakes.github import Expected, Sender, Twist, serve, violations

    with serve() as github:                      # one server; make it a session fixture
        world = github.world()                   # a GitHub of its own, about 1 ms; world.close() at the end
        shop = world.repository("octo/shop", files={"a.py": "x = 1\\n"})    # real git: shop.file_url, shop.git_url
        shop.allow("ada", "write")
        GitHubApp(world.app_id, world.private_key, world.api_url, ...)     # what the product is given
        pull = shop.pull(files={"a.py": "x = 2\\n"}, author="ada")          # .number .head .base; event: pull.opened
        sender = Sender(world, "http://127.0.0.1:8000/github/webhook", "secret")
        sender.send(pull.opened, times=2)        # the same GUID twice; twist=Twist(secret="wrong", as_form=True, ...)
        event = pull.push(files={"a.py": "x = 3\\n"})   # every step gives its Event (name, action, payload, body)
        sender.send_all()                        # all world.events not sent yet; send_all(Random(1)) shuffles;
        sender.hold(event), sender.release(), sender.drop(event), sender.lose(event)    # late, failed, lost
        pull.comment("ada", "@reviewbot help"), pull.close(), pull.reopen(), pull.force_push({...}), pull.lock()
        world.fault("POST", "/repos/**/reviews", "5xx after effect", nth=1, times=1, status=502, stale_seconds=30)
        world.fault("GET", "/repos/*/*/pulls/*", "403 secondary", retry_after=60)      # kinds: faults.Kind
        world.fault("PATCH", "**/check-runs/*", "delay", seconds=0.2, before=lambda: pull.push({"b.py": "1\\n"}))
        world.clock.advance(3600), world.expire_tokens(), world.suspend()
        pull.checks, pull.reviews, pull.inline_comments, pull.answers      # what our App wrote
        len(world.calls), world.calls.of("POST", "/repos/**/reviews"), world.calls.writes, world.mints
        assert violations(world, Expected(incomplete_heads={pull.head})) == []          # see invariants.py

Addresses of a world: `api_url`, `graphql_url`, `git_url` (HTTP), `file_url` (fast); `github.world(enterprise=True)`
puts the API under /api/v3. Paths of faults and calls are without the world's prefix and without /api/v3. What the
App writes comes back as events unless `world.echoes` is False.
A request to an unknown route, an approval, a call in a penalty window and the like are noted in `world.violations`.
"""

from tests.fakes.github.events import Event
from tests.fakes.github.faults import Fault, Kind
from tests.fakes.github.invariants import Expected, violations
from tests.fakes.github.issues import Issue
from tests.fakes.github.pulls import Pull
from tests.fakes.github.repositories import Repository
from tests.fakes.github.sender import Sender, Twist
from tests.fakes.github.server import GitHub, serve
from tests.fakes.github.world import World

__all__ = [
    "Event",
    "Expected",
    "Fault",
    "GitHub",
    "Issue",
    "Kind",
    "Pull",
    "Repository",
    "Sender",
    "Twist",
    "World",
    "serve",
    "violations",
]
