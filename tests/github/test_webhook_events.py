"""What a delivery means to us, and why the others mean nothing (F13, F15, F16, F22, S05)."""

from __future__ import annotations

import pytest

from reviewbot.domain.events import (
    CheckRequested,
    CommentPlace,
    CommentWritten,
    Event,
    Ignored,
    InstallationChanged,
    PullChanged,
    PullStopped,
    RepositoriesRemoved,
    RepositoryMoved,
    ThreadSettled,
    Trigger,
)
from reviewbot.domain.pull import PullRef
from reviewbot.domain.repository import RepoName
from reviewbot.github.webhook import UnreadablePayload
from tests.github.payload_samples import (
    HEAD,
    INSTALLATION_ID,
    NUMBER,
    OTHER_APP_ID,
    OWN_APP_ID,
    REPO_ID,
    Json,
    account,
    bot,
    changed,
    check,
    comment,
    delivery,
    installation_delivery,
    issue_comment_delivery,
    parsed,
    pull_delivery,
    removal_delivery,
    review_comment_delivery,
    review_delivery,
    samples,
    thread_delivery,
    without,
)

REF = PullRef(REPO_ID, NUMBER)
REPO = RepoName("analytical", "engine")

COMMENTS: list[tuple[str, Json, str]] = [
    ("issue_comment", issue_comment_delivery(), "comment"),
    ("pull_request_review_comment", review_comment_delivery(), "comment"),
    ("pull_request_review", review_delivery(), "review"),
]
COMMENT_EVENTS = [event for event, _, _ in COMMENTS]


def reason_of(event: Event) -> str:
    assert isinstance(event, Ignored), event
    assert event.reason.isprintable()
    return event.reason


class TestPullRequests:
    @pytest.mark.parametrize(
        ("action", "trigger"),
        [
            ("opened", Trigger.OPENED),
            ("synchronize", Trigger.PUSHED),
            ("reopened", Trigger.REOPENED),
            ("ready_for_review", Trigger.READY_FOR_REVIEW),
        ],
    )
    def test_something_new_is_a_reason_to_look(self, action: str, trigger: Trigger):
        event = parsed("pull_request", pull_delivery(action))

        assert event == PullChanged(INSTALLATION_ID, REF, REPO, trigger, sender_id=1001)

    def test_another_base_branch_is_a_reason_to_look(self):
        event = parsed("pull_request", pull_delivery("edited", changes={"base": {"ref": {"from": "main"}}}))

        assert isinstance(event, PullChanged)
        assert event.trigger is Trigger.RETARGETED

    @pytest.mark.parametrize("changes", [{"title": {"from": "x"}}, {"body": {"from": None}}, {}, None])
    def test_another_title_or_description_is_none(self, changes: object):
        event = parsed("pull_request", pull_delivery("edited", changes=changes))

        assert "title" in reason_of(event)

    @pytest.mark.parametrize("action", ["closed", "converted_to_draft"])
    def test_an_end_stops_the_review(self, action: str):
        assert parsed("pull_request", pull_delivery(action)) == PullStopped(INSTALLATION_ID, REF, REPO)

    @pytest.mark.parametrize(
        "action", ["assigned", "labeled", "locked", "review_requested", "auto_merge_enabled", "enqueued", "milestoned"]
    )
    def test_f13_all_else_is_ignored(self, action: str):
        assert reason_of(parsed("pull_request", pull_delivery(action))).startswith(f"pull_request {action}")

    @pytest.mark.parametrize("sender", [bot(), bot("reviewbot[bot]", 5), account("renovate", 9, "Organization"), None])
    def test_f22_a_bots_pull_request_is_reviewed_like_a_persons(self, sender: Json | None):
        payload = changed(pull_delivery("opened"), "sender", sender)

        assert isinstance(parsed("pull_request", payload), PullChanged)

    def test_f16_an_event_holds_nothing_of_the_payload_that_could_be_old(self):
        early, late = pull_delivery("synchronize"), pull_delivery("synchronize")
        late["pull_request"].update(state="closed", draft=True, merged=True, title="Other")
        late["pull_request"]["head"]["sha"] = "0" * 40

        assert parsed("pull_request", early) == parsed("pull_request", late)


class TestF15ThingsThatAreGone:
    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("pull_request.body", None),
            ("pull_request.head.repo", None),
            ("pull_request.head.user", None),
            ("pull_request.user", None),
            ("pull_request.base.repo", None),
            ("sender", None),
            ("organization", None),
            ("pull_request", None),
        ],
    )
    def test_f15_null_where_somebody_or_something_is_gone_changes_nothing(self, path: str, value: object):
        payload = pull_delivery("opened")

        event = parsed("pull_request", changed(payload, path, value))

        assert isinstance(event, PullChanged)
        assert event.ref == REF

    @pytest.mark.parametrize("path", ["pull_request", "sender", "pull_request.head", "organization"])
    def test_f15_a_field_that_nobody_needs_may_be_missing(self, path: str):
        assert isinstance(parsed("pull_request", without(pull_delivery("opened"), path)), PullChanged)

    @pytest.mark.parametrize("path", ["number", "repository", "repository.id", "repository.full_name"])
    def test_f15_a_field_that_is_needed_is_named_when_it_is_missing(self, path: str):
        with pytest.raises(UnreadablePayload, match=f"{path} "):
            parsed("pull_request", without(pull_delivery("opened"), path))

    @pytest.mark.parametrize(("event", "payload", "said"), COMMENTS, ids=COMMENT_EVENTS)
    def test_f15_a_comment_whose_author_is_gone_is_ignored(self, event: str, payload: Json, said: str):
        assert "gone" in reason_of(parsed(event, changed(payload, f"{said}.user", None)))

    @pytest.mark.parametrize("body", [None, "", " \n\t"])
    @pytest.mark.parametrize(("event", "payload", "said"), COMMENTS, ids=COMMENT_EVENTS)
    def test_f15_a_comment_without_text_is_ignored(self, event: str, payload: Json, said: str, body: str | None):
        assert "without text" in reason_of(parsed(event, changed(payload, f"{said}.body", body)))

    @pytest.mark.parametrize(("event", "payload"), samples())
    def test_f15_every_field_may_be_missing_null_or_of_another_kind(self, event: str, payload: Json):
        for path in _paths(payload):
            broken = [without(payload, path), *(changed(payload, path, value) for value in (None, [], {}, "x", -1))]
            for one in broken:
                try:
                    outcome = parsed(event, one)
                except UnreadablePayload as refused:
                    assert str(refused).isprintable()
                else:
                    assert isinstance(outcome, Event)

    @pytest.mark.parametrize("name", ["engine", "a/b/c", "/", "../x", "a/..", "", "a b/c", "-x/y"])
    def test_f15_a_repository_is_never_called_something_that_is_no_name(self, name: str):
        with pytest.raises(UnreadablePayload, match="full_name"):
            parsed("pull_request", changed(pull_delivery("opened"), "repository.full_name", name))


def _paths(payload: Json, before: str = "") -> list[str]:
    paths = []
    for key, value in payload.items():
        paths.append(before + key)
        if isinstance(value, dict):
            paths.extend(_paths(value, f"{before}{key}."))
    return paths


class TestComments:
    def test_a_comment_in_the_conversation_is_heard(self):
        assert parsed("issue_comment", issue_comment_delivery()) == CommentWritten(
            installation_id=INSTALLATION_ID,
            ref=REF,
            repo=REPO,
            place=CommentPlace.CONVERSATION,
            comment_id=492_700_400,
            in_reply_to=None,
            author_id=1001,
            author="ada",
            body="@reviewbot review",
        )

    def test_a_reply_in_a_thread_knows_the_threads_first_comment(self):
        event = parsed("pull_request_review_comment", review_comment_delivery())

        assert isinstance(event, CommentWritten)
        assert (event.place, event.in_reply_to) == (CommentPlace.THREAD, 284_312_630)

    def test_a_comment_that_starts_a_thread_replies_to_nothing(self):
        payload = without(review_comment_delivery(), "comment.in_reply_to_id")

        event = parsed("pull_request_review_comment", payload)

        assert isinstance(event, CommentWritten)
        assert event.in_reply_to is None

    def test_a_reviews_text_is_heard_like_a_comment_under_the_reviews_id(self):
        event = parsed("pull_request_review", review_delivery())

        assert isinstance(event, CommentWritten)
        assert (event.place, event.comment_id, event.body) == (
            CommentPlace.CONVERSATION,
            492_700_400,
            "@reviewbot full review",
        )

    @pytest.mark.parametrize("issue_pull", [None, "missing"])
    def test_a_comment_on_an_issue_is_ignored(self, issue_pull: str | None):
        payload = issue_comment_delivery()
        payload = without(payload, "issue.pull_request") if issue_pull else changed(payload, "issue.pull_request", None)

        assert "on an issue" in reason_of(parsed("issue_comment", payload))

    @pytest.mark.parametrize(
        ("event", "payload"),
        [
            ("issue_comment", issue_comment_delivery("edited")),
            ("issue_comment", issue_comment_delivery("deleted")),
            ("pull_request_review_comment", review_comment_delivery("edited")),
            ("pull_request_review", review_delivery("edited")),
            ("pull_request_review", review_delivery("dismissed")),
        ],
    )
    def test_f13_edits_and_deletions_say_nothing(self, event: str, payload: Json):
        assert reason_of(parsed(event, payload)).startswith(event)

    @pytest.mark.parametrize(("event", "payload", "said"), COMMENTS, ids=COMMENT_EVENTS)
    def test_f22_our_own_words_are_known_by_the_apps_number(self, event: str, payload: Json, said: str):
        own = changed(payload, f"{said}.performed_via_github_app", {"id": OWN_APP_ID, "slug": "renamed"})

        assert "our own" in reason_of(parsed(event, own))

    @pytest.mark.parametrize(("event", "payload", "said"), COMMENTS, ids=COMMENT_EVENTS)
    def test_f22_any_bots_words_are_ignored(self, event: str, payload: Json, said: str):
        by_bot = changed(changed(payload, f"{said}.user", bot()), "sender", bot())

        assert "a bot" in reason_of(parsed(event, by_bot))

    @pytest.mark.parametrize(("event", "payload", "said"), COMMENTS, ids=COMMENT_EVENTS)
    def test_f22_a_bot_that_sends_for_a_person_is_ignored(self, event: str, payload: Json, said: str):
        assert "a bot" in reason_of(parsed(event, changed(payload, "sender", bot())))

    @pytest.mark.parametrize("kind", ["Bot", "Organization", "Mannequin", "", "user", "SomethingNew"])
    def test_s05_only_what_github_calls_a_user_is_a_person(self, kind: str):
        payload = changed(issue_comment_delivery(), "comment.user.type", kind)

        assert "no person" in reason_of(parsed("issue_comment", payload))

    @pytest.mark.parametrize("login", ["reviewbot[bot]", "x[bot]", "reviewb\u043et", "reviewbot", "Reviewbot", "bot"])
    def test_s05_a_login_makes_nobody_a_bot_and_a_bot_nobody(self, login: str):
        person = changed(issue_comment_delivery(), "comment.user", account(login, 5))
        robot = changed(issue_comment_delivery(), "comment.user", account(login, 5, "Bot"))

        assert isinstance(parsed("issue_comment", person), CommentWritten)
        assert "a bot" in reason_of(parsed("issue_comment", robot))

    def test_a_person_may_write_through_another_app(self):
        via = {"id": OTHER_APP_ID, "slug": "reviewbot"}
        payload = changed(issue_comment_delivery(), "comment.performed_via_github_app", via)

        assert isinstance(parsed("issue_comment", payload), CommentWritten)


class TestThreads:
    @pytest.mark.parametrize(("action", "is_resolved"), [("resolved", True), ("unresolved", False)])
    def test_a_persons_decision_is_heard(self, action: str, is_resolved: bool):
        assert parsed("pull_request_review_thread", thread_delivery(action)) == ThreadSettled(
            installation_id=INSTALLATION_ID,
            ref=REF,
            repo=REPO,
            thread_id="PRRT_kwDOFd42Pc4rQOUv",
            comment_ids=(492_700_400, 492_700_401),
            is_resolved=is_resolved,
            sender_id=1001,
        )

    def test_f22_a_thread_that_a_bot_or_we_settled_is_no_feedback(self):
        payload = changed(thread_delivery(), "sender", bot("reviewbot[bot]"))

        assert "a bot" in reason_of(parsed("pull_request_review_thread", payload))

    @pytest.mark.parametrize("node_id", ["", "a b", 'x"}) { id }', "x\n", "x" * 201])
    def test_an_id_that_could_be_more_than_an_id_is_refused(self, node_id: str):
        with pytest.raises(UnreadablePayload, match=r"thread\.node_id"):
            parsed("pull_request_review_thread", changed(thread_delivery(), "thread.node_id", node_id))


class TestChecks:
    @pytest.mark.parametrize("event", ["check_run", "check_suite"])
    def test_our_own_check_is_run_again_when_asked(self, event: str):
        payload = delivery("rerequested", **{event: check()})

        assert parsed(event, payload) == CheckRequested(INSTALLATION_ID, REPO_ID, REPO, HEAD, (NUMBER,))

    @pytest.mark.parametrize("event", ["check_run", "check_suite"])
    @pytest.mark.parametrize("app", [{"id": OTHER_APP_ID, "slug": "reviewbot"}, None])
    def test_f22_another_apps_check_is_not_ours(self, event: str, app: Json | None):
        payload = changed(delivery("rerequested", **{event: check()}), f"{event}.app", app)

        assert "another App" in reason_of(parsed(event, payload))

    @pytest.mark.parametrize("pulls", [[], None])
    def test_a_forks_check_names_no_pull_request_but_its_head(self, pulls: object):
        event = parsed("check_run", delivery("rerequested", check_run={**check(), "pull_requests": pulls}))

        assert isinstance(event, CheckRequested)
        assert (event.numbers, event.head) == ((), HEAD)

    def test_a_pull_request_of_the_repository_that_this_was_forked_from_is_left_out(self):
        run = check(pull_numbers=(1, 2))
        run["pull_requests"][0]["base"]["repo"]["id"] = 999

        event = parsed("check_run", delivery("rerequested", check_run=run))

        assert isinstance(event, CheckRequested)
        assert event.numbers == (2,)

    @pytest.mark.parametrize("head", ["", "main", "a" * 39, "A" * 40, "--upload-pack=x", f"{HEAD}\n"])
    def test_s23_a_head_that_is_no_full_sha_is_refused(self, head: str):
        with pytest.raises(UnreadablePayload, match="head_sha"):
            parsed("check_run", delivery("rerequested", check_run={**check(), "head_sha": head}))

    @pytest.mark.parametrize("action", ["created", "completed", "requested_action"])
    def test_f13_what_else_happens_to_a_check_is_ignored(self, action: str):
        assert reason_of(parsed("check_run", delivery(action, check_run=check()))).startswith(f"check_run {action}")

    def test_f13_a_suite_that_github_opens_for_every_push_is_ignored(self):
        assert "nothing to do" in reason_of(parsed("check_suite", delivery("requested", check_suite=check())))


class TestInstallations:
    @pytest.mark.parametrize("action", ["created", "deleted", "suspend", "unsuspend", "new_permissions_accepted"])
    def test_a_change_is_passed_on_in_githubs_word(self, action: str):
        event = parsed("installation", installation_delivery(action))

        assert event == InstallationChanged(INSTALLATION_ID, action)

    def test_repositories_that_are_taken_away_are_named(self):
        event = parsed("installation_repositories", removal_delivery())

        assert event == RepositoriesRemoved(INSTALLATION_ID, (REPO_ID,))

    def test_repositories_that_are_added_are_left_to_the_sweep(self):
        assert "the sweep finds" in reason_of(parsed("installation_repositories", removal_delivery("added")))

    @pytest.mark.parametrize("action", ["renamed", "transferred"])
    def test_f29_a_repository_with_another_name_keeps_its_number(self, action: str):
        assert parsed("repository", delivery(action)) == RepositoryMoved(INSTALLATION_ID, REPO_ID, REPO)

    def test_f28_a_deleted_repository_is_one_that_we_may_no_longer_see(self):
        assert parsed("repository", delivery("deleted")) == RepositoriesRemoved(INSTALLATION_ID, (REPO_ID,))

    @pytest.mark.parametrize("action", ["archived", "unarchived", "created", "edited", "privatized"])
    def test_f13_what_else_happens_to_a_repository_is_ignored(self, action: str):
        assert reason_of(parsed("repository", delivery(action))).startswith(f"repository {action}: ")


class TestF13AllElse:
    @pytest.mark.parametrize("payload", [{}, {"zen": "Keep it simple", "hook_id": 1}, {"installation": "odd"}])
    def test_f13_a_ping_is_answered_by_a_reason(self, payload: Json):
        assert reason_of(parsed("ping", payload)) == "ping: the webhook works"

    @pytest.mark.parametrize("event", ["push", "status", "star", "meta", "workflow_run", "", "pull_request\x00", "é"])
    @pytest.mark.parametrize("action", [None, "created", 7, ["opened"], {}, "x" * 10_000, "\x1b[31m"])
    def test_f13_an_unknown_event_is_ignored_whatever_its_action(self, event: str, action: object):
        reason = reason_of(parsed(event, {"action": action}))

        assert len(reason) < 250

    @pytest.mark.parametrize(("event", "payload"), samples())
    def test_f13_an_unknown_action_of_a_known_event_is_ignored(self, event: str, payload: Json):
        assert "nothing to do" in reason_of(parsed(event, {**payload, "action": "invented"}))

    @pytest.mark.parametrize(("event", "payload"), samples())
    @pytest.mark.parametrize("is_null", [True, False])
    def test_a_delivery_of_another_kind_of_webhook_is_ignored(self, event: str, payload: Json, is_null: bool):
        other = changed(payload, "installation", None) if is_null else without(payload, "installation")

        assert "not sent by an App installation" in reason_of(parsed(event, other))


def test_every_sample_means_something():
    meanings = [parsed(event, payload) for event, payload in samples()]

    assert [one for one in meanings if isinstance(one, Ignored)] == []


def test_a_comment_of_a_review_that_is_not_a_command_is_heard_too():
    payload = review_delivery(review=comment("Looks good", state="approved"))

    assert isinstance(parsed("pull_request_review", payload), CommentWritten)
