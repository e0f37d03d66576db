"""What an answer of GitHub means, status by status and word by word."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.github.classification import failure_of, failure_of_graphql
from reviewbot.github.failures import (
    Forbidden,
    GitHubFailure,
    Locked,
    NotThere,
    RateLimited,
    Refused,
    Suspended,
    TokenRefused,
    TooLarge,
    Unreachable,
)

NOW = 1_800_000_000.0
DATE = format_datetime(datetime.fromtimestamp(NOW, UTC), usegmt=True)


def failure(status: int, message: str = "", is_write: bool = False, errors: Any = None, **headers: str) -> Any:
    body = json.dumps({"message": message, "errors": errors}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return failure_of("GET", status, named, body, is_write=is_write, now=NOW)


TABLE: list[tuple[str, int, str, type[GitHubFailure]]] = [
    ("f25 an expired token", 401, "Bad credentials", TokenRefused),
    ("f27 suspended", 403, "This installation has been suspended", Suspended),
    ("f30 permission", 403, "Resource not accessible by integration", Forbidden),
    ("f30 by an organisation", 403, "the `acme` organization has an IP allow list enabled", Forbidden),
    ("f30 by single sign-on", 403, "Resource protected by organization SAML enforcement.", Forbidden),
    ("f30 unexplained", 403, "", Forbidden),
    ("f50 locked", 403, "Unable to create comment because issue is locked.", Locked),
    ("f50 archived", 403, "Repository was archived so is read-only.", Locked),
    (
        "f50 interaction limits",
        403,
        "Interactions on this repository have been restricted to collaborators only",
        Locked,
    ),
    ("f50 blocked", 403, "User is blocked", Locked),
    ("f29 taken down", 403, "Repository access blocked", NotThere),
    ("f28 gone", 404, "Not Found", NotThere),
    ("f28 deleted", 410, "This issue was deleted", NotThere),
    ("f29 by law", 451, "Repository access blocked", NotThere),
    ("f48 primary", 403, "API rate limit exceeded for installation ID 5.", RateLimited),
    ("f48 primary", 429, "API rate limit exceeded for installation ID 5.", RateLimited),
    ("f49 secondary", 403, "You have exceeded a secondary rate limit. Please wait a few minutes", RateLimited),
    ("f49 secondary", 429, "You have exceeded a secondary rate limit", RateLimited),
    ("f49 abuse", 403, "You have triggered an abuse detection mechanism.", RateLimited),
    ("f49 content creation", 403, "You have been temporarily blocked from content creation.", RateLimited),
    ("f49 content creation", 422, "Validation Failed: was submitted too quickly", RateLimited),
    ("f49 without words", 429, "", RateLimited),
    ("f33 too many files", 406, "Sorry, the diff exceeded the maximum number of files (300).", TooLarge),
    ("f33 too many lines", 406, "Sorry, the diff exceeded the maximum number of lines (20000)", TooLarge),
    ("f33 said as 422", 422, "Sorry, there was a problem generating this diff.", TooLarge),
    ("f33 too slow", 503, "Server Error: Sorry, this diff is taking too long to generate.", TooLarge),
    ("f45 wrong commit", 422, "Unprocessable Entity", Refused),
    ("malformed", 400, "Problems parsing JSON", Refused),
    ("method", 405, "Method Not Allowed", Refused),
    ("too long", 413, "Payload too large", Refused),
    ("conflict", 409, "Conflict", Unreachable),
    ("slow", 408, "Request Timeout", Unreachable),
    ("f41 broken", 500, "Server Error", Unreachable),
    ("f41 broken", 502, "Server Error", Unreachable),
    ("f53 down", 503, "Service unavailable", Unreachable),
    ("f41 slow", 504, "We couldn't respond to your request in time", Unreachable),
    ("a redirect", 304 - 1, "See other", Unreachable),
]


@pytest.mark.parametrize(("name", "status", "message", "kind"), TABLE, ids=[f"{one[0]} {one[1]}" for one in TABLE])
def test_an_answer_is_told_by_its_status_and_words(name: str, status: int, message: str, kind: type[GitHubFailure]):
    assert type(failure(status, message)) is kind


@pytest.mark.parametrize("status", [200, 201, 202, 204, 304])
def test_a_good_answer_is_no_failure(status: int):
    assert failure(status) is None


def test_f48_the_primary_limit_lasts_until_its_reset_by_githubs_own_clock():
    an_hour_later = {"date": DATE, "x_ratelimit_remaining": "0", "x_ratelimit_reset": str(int(NOW) + 900)}

    limit = failure_of(
        "GET",
        403,
        {name.replace("_", "-"): v for name, v in an_hour_later.items()},
        b"{}",
        is_write=False,
        now=NOW + 3600,
    )

    assert isinstance(limit, RateLimited)
    assert (limit.until_seconds_from_now, limit.is_secondary) == (901, False)


def test_f48_a_reset_that_has_passed_still_asks_for_a_moment_of_silence():
    limit = failure(429, "API rate limit exceeded", x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW) - 50))

    assert 1 <= limit.until_seconds_from_now <= 2


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("120", 120), ("5", 60), ("", 60), ("soon", 60), ("-3", 60), ("nan", 60), ("9e99", 7200)],
)
def test_f49_a_secondary_limit_lasts_as_given_and_a_minute_at_least(retry_after: str, seconds: float):
    limit = failure(403, "You have exceeded a secondary rate limit", retry_after=retry_after)

    assert (limit.until_seconds_from_now, limit.is_secondary) == (seconds, True)


def test_f49_retry_after_may_be_a_date():
    later = format_datetime(datetime.fromtimestamp(NOW + 300, UTC), usegmt=True)

    assert failure(429, "", retry_after=later, date=DATE).until_seconds_from_now == 300


def test_f49_a_403_with_retry_after_is_a_limit_whatever_its_words():
    limit = failure(403, "Forbidden", retry_after="90")

    assert (limit.until_seconds_from_now, limit.is_secondary) == (90, True)


def test_f30_the_last_request_of_an_hour_that_lacks_a_permission_is_no_limit():
    said = failure(403, "Resource not accessible by integration", x_ratelimit_remaining="0")

    assert isinstance(said, Forbidden)


def test_f49_a_server_error_never_parks_an_installation():
    said = failure(503, "You have exceeded a secondary rate limit", retry_after="60")

    assert isinstance(said, Unreachable)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_f42_a_write_that_met_a_server_error_may_have_been_carried_out(status: int):
    assert failure(status, is_write=True).maybe_applied
    assert not failure(status, is_write=False).maybe_applied


@pytest.mark.parametrize("status", [401, 408, 409])
def test_f41_a_write_that_was_turned_away_was_not_carried_out(status: int):
    assert not failure(status, is_write=True).maybe_applied


def test_f44_the_reasons_of_a_422_are_listed():
    reasons = [
        "Pull request review thread line must be part of the diff",
        {"resource": "PullRequestReviewComment", "field": "line", "code": "invalid"},
        {"resource": "IssueComment", "field": "body", "code": "custom", "message": "body is too long"},
    ]

    said = failure(422, "Unprocessable Entity", is_write=True, errors=reasons)

    assert said.errors == (
        "Pull request review thread line must be part of the diff",
        "PullRequestReviewComment.line: invalid",
        "IssueComment.body: custom body is too long",
    )


def test_f46_a_body_that_is_too_long_is_refused_and_no_large_diff():
    said = failure(422, "Validation Failed", is_write=True, errors=["body is too long (maximum is 65536 characters)"])

    assert type(said) is Refused


def test_f52_a_page_instead_of_a_403_comes_from_something_in_between():
    said = failure_of("GET", 403, {}, b"<html>Blocked</html>", is_write=False, now=NOW)

    assert isinstance(said, Unreachable)
    assert "<html>" not in str(said)


def test_words_of_github_are_shown_without_hidden_characters_and_not_at_length():
    said = str(failure(422, "a\u202eb" + "x" * 5000))

    assert "\u202e" not in said
    assert len(said) < 500


@pytest.mark.parametrize(
    ("kind", "message", "wanted"),
    [
        ("NOT_FOUND", "Could not resolve to a PullRequest", NotThere),
        ("FORBIDDEN", "Resource not accessible by integration", Forbidden),
        ("RATE_LIMITED", "API rate limit exceeded", RateLimited),
        ("UNPROCESSABLE", "Could not resolve the thread", Refused),
        ("UNPROCESSABLE", "Repository was archived so is read-only.", Locked),
        (None, "Something went wrong while executing your query", Unreachable),
        (None, "You have exceeded a secondary rate limit", RateLimited),
    ],
)
def test_an_error_of_graphql_is_told_by_its_type(kind: str | None, message: str, wanted: type[GitHubFailure]):
    error = {"type": kind, "message": message} if kind else {"message": message}

    said = failure_of_graphql([error], {}, is_write=True, now=NOW, what="POST /graphql")

    assert type(said) is wanted


@given(
    status=st.integers(100, 599),
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset", "date"]), st.text(max_size=12)
    ),
    body=st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["message", "errors", "code", "field"]), inner, max_size=3)
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
    is_write=st.booleans(),
)
def test_f52_no_answer_is_without_a_meaning(status: int, headers: dict[str, str], body: bytes, is_write: bool):
    said = failure_of("POST", status, headers, body, is_write=is_write, now=NOW)

    assert (said is None) == (status < 300 or status == 304)
    assert said is None or isinstance(said, GitHubFailure)
    if isinstance(said, RateLimited):
        assert 1 <= said.until_seconds_from_now <= 7200
