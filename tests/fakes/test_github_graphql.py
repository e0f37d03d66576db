"""The fake GitHub's GraphQL: threads, read in pages, resolved and opened again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.github import GitHub, Repository, World
from tests.fakes.github.plain_client import PlainClient

THREADS = """
query Threads($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    reviewThreads(first: 2, after: $after) {
      totalCount
      nodes { ...thread }
      pageInfo { hasNextPage endCursor }
    } } }
}
fragment thread on PullRequestReviewThread {
  id isResolved path line
  comments(first: 10) { nodes { databaseId body author { __typename login ... on Bot { databaseId } } } }
}
"""
RESOLVE = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { id isResolved } } }"
VARIABLES = {"owner": "octo", "name": "shop", "number": 1}


@pytest.fixture
def pull(shop: Repository, client: PlainClient, token: str):
    made = shop.pull(files={"b.py": "b = 2\nc = 3\nd = 4\n"})
    comments = [{"path": "b.py", "line": line, "body": f"line {line}"} for line in (1, 2, 3)]
    body = {"event": "COMMENT", "body": "x", "comments": comments}
    assert client.request("POST", "/repos/octo/shop/pulls/1/reviews", body, token).status == 200
    return made


def asked(client: PlainClient, token: str, query: str, **variables: Any) -> dict[str, Any]:
    answer = client.request("POST", "/graphql", {"query": query, "variables": variables}, token)
    assert answer.status == 200
    return answer.json


def test_threads_come_in_pages(client: PlainClient, token: str, pull):
    lines, after = [], None
    while True:
        found = asked(client, token, THREADS, **VARIABLES, after=after)
        threads = found["data"]["repository"]["pullRequest"]["reviewThreads"]
        lines += [node["line"] for node in threads["nodes"]]
        after = threads["pageInfo"]["endCursor"]
        if not threads["pageInfo"]["hasNextPage"]:
            break

    assert lines == [1, 2, 3]
    assert threads["totalCount"] == 3


def test_the_login_of_a_bot_has_no_suffix_here(client: PlainClient, world: World, token: str, pull):
    pull.reply("ada", pull.inline_comments[0].id, "Why?")

    found = asked(client, token, THREADS, **VARIABLES)

    (ours, theirs) = found["data"]["repository"]["pullRequest"]["reviewThreads"]["nodes"][0]["comments"]["nodes"]
    assert ours["author"] == {"__typename": "Bot", "login": "reviewbot", "databaseId": world.bot.id}
    assert theirs["author"] == {"__typename": "User", "login": "ada"}
    assert ours["databaseId"] == pull.inline_comments[0].id


def test_a_thread_is_resolved_and_opened_again(client: PlainClient, world: World, token: str, pull):
    thread = pull.thread_of(pull.inline_comments[1].id)

    done = asked(client, token, RESOLVE, id=thread.id)
    assert done["data"]["resolveReviewThread"]["thread"] == {"id": thread.id, "isResolved": True}
    assert [one.is_resolved for one in pull.state.threads.values()] == [False, True, False]

    asked(client, token, RESOLVE.replace("resolveR", "unresolveR"), id=thread.id)
    assert not thread.is_resolved
    assert [call.mutation for call in world.calls.writes][1:] == ["resolveReviewThread", "unresolveReviewThread"]


def test_a_person_resolves_a_thread_and_its_event_names_it(pull):
    comment = pull.inline_comments[0].id

    event = pull.resolve(comment)

    assert (event.name, event.action) == ("pull_request_review_thread", "resolved")
    assert event.payload["thread"]["node_id"] == pull.thread_of(comment).id
    assert [one["id"] for one in event.payload["thread"]["comments"]] == [comment]


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        (RESOLVE, "NOT_FOUND"),
        ('query { repository(owner: "octo", name: "none") { id } }', "NOT_FOUND"),
        ('query { repository(owner: "octo", name: "shop") { pullRequest(number: 9) { id } } }', "NOT_FOUND"),
    ],
)
def test_what_is_not_there_is_an_error_with_status_200(client: PlainClient, token: str, pull, query: str, kind: str):
    assert asked(client, token, query, id="PRRT_none")["errors"][0]["type"] == kind


def test_a_thread_needs_the_permission_to_write(client: PlainClient, shop: Repository, pull):
    token = client.token(shop, pull_requests="read")
    thread = next(iter(pull.state.threads))

    assert asked(client, token, RESOLVE, id=thread)["errors"][0]["type"] == "FORBIDDEN"


def test_resolving_can_need_more_than_was_granted(client: PlainClient, world: World, token: str, pull):
    world.graphql_wants_contents_write = True

    refused = asked(client, token, RESOLVE, id=next(iter(pull.state.threads)))

    assert refused["errors"][0]["message"] == "Resource not accessible by integration"


def test_an_unknown_field_is_a_violation(client: PlainClient, world: World, token: str, pull):
    asked(client, token, 'query { repository(owner: "octo", name: "shop") { stars } }')

    assert world.violations == ["GraphQL: Field 'stars' doesn't exist on 'repository'"]


def test_a_node_is_found_by_its_id(client: PlainClient, token: str, pull):
    shown = client.request("GET", "/repos/octo/shop/pulls/1", token=token).json["node_id"]

    found = asked(client, token, "query($id: ID!) { node(id: $id) { ... on PullRequest { number } } }", id=shown)

    assert found["data"]["node"] == {"number": 1}


def test_f43_stale_reads_hide_fresh_threads(client: PlainClient, world: World, shop: Repository, token: str):
    world.stale_reads_seconds = 30
    shop.pull(files={"b.py": "b = 2\n"})
    body = {"event": "COMMENT", "body": "x", "comments": [{"path": "b.py", "line": 1, "body": "y"}]}
    client.request("POST", "/repos/octo/shop/pulls/1/reviews", body, token)

    found = asked(client, token, THREADS, **VARIABLES)

    assert found["data"]["repository"]["pullRequest"]["reviewThreads"]["totalCount"] == 0


def test_enterprise_has_graphql_beside_its_api(github: GitHub):
    world = github.world(enterprise=True)
    repository = world.repository("octo/shop")
    client = PlainClient(world)
    token = client.token(repository)

    assert world.graphql_url == world.api_url.removesuffix("/v3") + "/graphql"
    client._prefix = client._prefix.removesuffix("/api/v3")
    found = client.request("POST", "/api/graphql", {"query": "{ viewer { login } }"}, token)
    assert found.json == {"data": {"viewer": {"login": "reviewbot[bot]"}}}
    client.close()
