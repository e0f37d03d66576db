"""`reviewbot retro` and everything that can be wrong: named with the remedy, the rest done, nothing lost."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.llm import FakeService, Puppet
from tests.flows.world import (
    MODEL,
    REPO,
    Command,
    Ran,
    World,
    arm_of,
    diff_of,
    is_judging,
    play,
    review_answer,
    rows,
    scorecard,
    scripted_reviewer,
    timeless,
)

SILENT = '{"*": {"findings": []}}'


def run(command: Command, world: World, *further: str | Path) -> Ran:
    return command("retro", "--incidents", "incidents.yaml", "--repos", world.mirrors, "--out", "out", *further)


def with_incidents(command: Command, **causes: str) -> None:
    """An incidents file with one incident for each cause, by its id."""
    incidents = "".join(
        f'  - {{id: {name}, root_cause: "It broke.", introduced: [{{commit: "{sha}"}}]}}\n'
        for name, sha in causes.items()
    )
    text = f'schema_version: "1.0"\ndefaults: {{repo: {REPO}}}\nincidents:\n{incidents}'
    (command.home / "incidents.yaml").write_text(text)


def replays_of(command: Command, out: str = "out") -> dict[str, dict[str, Any]]:
    return {row["case"]: row for row in rows(command.home / out / "replays.jsonl")}


@dataclass(frozen=True)
class OddRun:
    """One run over changes that cannot be replayed, or only with a word of caution, and one that can."""

    ran: Ran
    replays: dict[str, dict[str, Any]]
    card: dict[str, Any]


@pytest.fixture(scope="module")
def odd(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OddRun]:
    command = Command(tmp_path_factory.mktemp("home"))
    causes = {name: world[name] for name in ("root", "empty", "huge", "merge", "twins", "guard")}
    with_incidents(command, unknown="ab" * 20, elsewhere="cd" * 20, **causes)
    text = (command.home / "incidents.yaml").read_text()
    elsewhere = text.replace("{id: elsewhere,", "{id: elsewhere, repo: acme/none,")
    (command.home / "incidents.yaml").write_text(elsewhere)
    (command.home / "silent.json").write_text(SILENT)
    ran = run(command, world, "--reviewer", "scripted:silent.json")
    yield OddRun(ran, replays_of(command), scorecard(command.home / "out"))


@pytest.mark.parametrize(
    ("case", "thing", "remedy"),
    [
        ("root", "is the first commit of acme/shop", "name the commit that brought the defect, or exclude the case"),
        ("empty", "changes nothing against its parent", "name the commit that holds the change"),
        ("unknown", f"there is no commit {'ab' * 20}", "fetch it (`git --git-dir="),
        ("twins", "is ambiguous in", "give more digits"),
        ("elsewhere", "acme/none", "clone"),
    ],
)
def test_a_change_that_cannot_be_replayed_is_named_with_the_remedy(
    odd: OddRun, case: str, thing: str, remedy: str
) -> None:
    said = next(line for line in odd.ran.err.splitlines() if line.startswith(f"{case}: could not be replayed: "))

    assert thing in said and remedy in said
    assert odd.replays[case]["outcome"] == "failed" and odd.replays[case]["reason"] in said
    assert odd.card["not_replayed"][case] == odd.replays[case]["reason"]


def test_beside_changes_that_cannot_be_replayed_the_others_are_done(odd: OddRun) -> None:
    assert odd.ran.code == 0
    assert odd.replays["guard"]["outcome"] == "complete"
    assert odd.replays["merge"]["outcome"] == "complete" and "first parent" in odd.replays["merge"]["notes"][0]
    arm = arm_of(odd.card, "scripted:silent.json")
    assert (arm["cases"], arm["failed"]) == (8, 6)


def test_a_change_over_the_size_limit_has_failed_and_is_no_miss(odd: OddRun) -> None:
    replay = odd.replays["huge"]

    assert replay["outcome"] == "failed"
    assert replay["reason"].startswith("nothing was read: shop/table.py: ") and "20,000" in replay["reason"]
    assert replay["reason"].endswith("; split it into smaller changes")
    assert f"huge: scripted:silent.json failed: {replay['reason']}" in odd.ran.err
    assert [file["skipped"] for file in replay["coverage"]["files"]] == ["too-large"]


def test_with_no_change_that_can_be_replayed_the_input_was_bad(reviewbot: Command, world: World) -> None:
    with_incidents(reviewbot, unknown="ab" * 20)

    ran = run(reviewbot, world, "--reviewer", "static")

    assert ran.code == 2
    assert f"unknown: could not be replayed: there is no commit {'ab' * 20}" in ran.err


def test_without_a_place_for_repositories_the_option_is_named(reviewbot: Command, incidents: Path) -> None:
    ran = reviewbot("retro", "--incidents", incidents, "--out", "out", "--reviewer", "static")

    assert ran.code == 2
    assert "INC-1: could not be replayed: acme/shop: no repository is known; give --repos DIR" in ran.err


BOMB = "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: [*b, *b, *b, *b]\n"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(('"{retry}"', "1234567"), "is a number in YAML: put the sha in quotes", id="a sha as a number"),
        pytest.param(
            ("severity: sev1", "gravity: sev1"),
            "an incident has no key 'gravity'; expected one of",
            id="an unknown key",
        ),
        pytest.param(("id: INC-2", "id: INC-1"), "the id 'INC-1' stands twice", id="an id that stands twice"),
        pytest.param(("id: quiet-1", "id: INC-1"), "the id 'INC-1' stands twice", id="a control with a taken id"),
        pytest.param(("incidents:", "incidents: ["), "incidents.yaml:", id="not YAML"),
        pytest.param(("schema_version", BOMB + "schema_version"), "incidents.yaml:1:4: ", id="a YAML bomb"),
        pytest.param(("{retry}", "not-a-sha"), "not-a-sha", id="no sha at all"),
        pytest.param(('schema_version: "1.0"', 'schema_version: "9.0"'), "9.0", id="another version"),
    ],
)
def test_an_incidents_file_that_is_wrong_is_refused_by_line_before_anything_is_done(
    reviewbot: Command, world: World, incidents: Path, change: tuple[str, str], said: str
) -> None:
    old, new = (text.format(retry=world["retry"]) for text in change)
    text = incidents.read_text()
    assert old in text
    incidents.write_text(text.replace(old, new, 1))

    ran = run(reviewbot, world)

    assert ran.code == 2
    assert said in ran.err and "incidents.yaml:" in ran.err
    assert not (reviewbot.home / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give the incident file: --incidents FILE"),
        (["--incidents", "none.yaml"], "none.yaml cannot be read (No such file or directory)"),
        (["--incidents", "."], "cannot be read"),
        (["--incidents", "external.yaml"], "no incident names the change that introduced it"),
        (["--incidents", "incidents.yaml", "--budget", "lots"], "--budget is 'lots'; expected US dollars above 0"),
        (["--incidents", "incidents.yaml", "--trials", "0"], "--trials"),
        (["--incidents", "incidents.yaml", "--reviewer", "nosuch"], "no package brings a reviewer 'nosuch'"),
        (["--incidents", "incidents.yaml", "--reviewer", "llm"], "the reviewer llm needs a model: give --model"),
        (["--incidents", "incidents.yaml", "--reviewer", "static", "--reviewer", "static"], "one reviewer twice"),
        (["--incidents", "incidents.yaml", "--reviewer", "command:"], "names no program"),
        (["--incidents", "incidents.yaml", "--reviewer", "scripted:none.json"], "none.json"),
        (["--incidents", "incidents.yaml", "--model", "gpt"], "'gpt' names no model: write anthropic:NAME"),
        (["--incidents", "incidents.yaml", "--model", MODEL], "ANTHROPIC_API_KEY is not set"),
        (["--incidents", "incidents.yaml", "--model", "scripted:none.json"], "none.json: cannot be read"),
        (["--incidents", "incidents.yaml", "--out", "incidents.yaml"], "name another folder with --out"),
    ],
    ids=lambda value: " ".join(value[-2:]) or "nothing" if isinstance(value, list) else "",
)
def test_an_option_that_is_wrong_is_named_with_what_it_should_be(
    reviewbot: Command, world: World, incidents: Path, arguments: list[str], said: str
) -> None:
    (reviewbot.home / "external.yaml").write_text(
        f'schema_version: "1.0"\ndefaults: {{repo: {REPO}}}\nincidents:\n'
        "  - {id: A, cause_type: external, exclude: {reason: not-code}}\n"
    )

    ran = reviewbot("retro", "--repos", world.mirrors, "--out", "out", *arguments)

    assert ran.code == 2
    assert said in " ".join(ran.err.split())
    assert not list((reviewbot.home / "out").glob("r*.json*")), "no run was begun"


def test_a_database_that_cannot_be_used_is_named_before_a_run_is_begun(
    reviewbot: Command, world: World, incidents: Path
) -> None:
    reviewbot.variables["REVIEWBOT_DATABASE_URL"] = f"sqlite:///{reviewbot.home}"

    ran = run(reviewbot, world)
    del reviewbot.variables["REVIEWBOT_DATABASE_URL"]
    again = run(reviewbot, world)

    assert ran.code == 2
    assert "cannot use the database" in ran.err and "set REVIEWBOT_DATABASE_URL" in ran.err
    assert again.code == 0, "the first start has left nothing that is in the way of the second"


@pytest.mark.parametrize("name", ["run.json", "replays.jsonl", "ledger.jsonl"])
def test_a_run_whose_files_are_no_longer_what_they_were_is_refused_by_name(
    keyed: Command, world: World, incidents: Path, name: str
) -> None:
    out = keyed.home / "out"
    out.mkdir()
    (out / name).write_text('{"case": "INC-1"}\n{"case": "INC-2"}\n')

    ran = run(keyed, world, "--resume")

    assert ran.code == 2
    assert f"out/{name}" in ran.err


@pytest.mark.parametrize("step", ["judge", "report"])
def test_a_step_without_what_it_builds_on_says_what_to_run_first(reviewbot: Command, step: str) -> None:
    ran = reviewbot("retro", step, "--out", "out")

    assert ran.code == 2
    assert "out holds no run; start one with reviewbot retro --incidents FILE --out out" in ran.err


def test_a_repository_that_is_gone_after_the_replay_leaves_its_verdicts_open_and_the_report_whole(
    keyed: Command, world: World, incidents: Path
) -> None:
    run(keyed, world, "--model", MODEL, "--trials", "1")
    (keyed.home / "empty").mkdir()

    judged = keyed("retro", "judge", "--out", "out", "--repos", "empty")
    reported = keyed("retro", "report", "--out", "out", "--repos", "empty")

    assert "INC-1, INC-2, INC-3: could not be judged: " in judged.err and "acme/shop" in judged.err
    assert (judged.code, reported.code) == (0, 0)
    assert arm_of(scorecard(keyed.home / "out"), "llm")["unjudged"] == 3
    assert scorecard(keyed.home / "out")["run"]["complete"] is False


# Models


@pytest.mark.parametrize(
    ("puppets", "said"),
    [
        ([Puppet.EMPTY] * 2, "gave no usable answer, even after one repair"),
        ([Puppet.TRUNCATED] * 2, "The answer was cut off at its length limit"),
        ([Puppet.SILENT_LIMIT] * 2, "gave no usable answer, even after one repair"),
        ([Puppet.REFUSAL], "declined to answer"),
        ([Puppet.TOO_LONG], "the prompt does not fit"),
        ([Puppet.UNPAID], "no credit is left"),
        ([Puppet.WEB_PAGE] * 2, "answered with a web page"),
        ([Puppet.NOT_JSON] * 2, "something that is not JSON"),
    ],
    ids=lambda value: value[0].name.lower() if isinstance(value, list) else "",
)
def test_an_answer_that_is_none_fails_its_case_and_no_other(
    keyed: Command, service: FakeService, world: World, puppets: list[Puppet], said: str
) -> None:
    with_incidents(keyed, one=world["retry"], other=world["guard"])
    service.puppets = list(puppets)

    ran = run(keyed, world, "--model", MODEL, "--trials", "1", "--concurrency", "1")

    assert ran.code == 0, ran.said
    outcomes = {case: (row["outcome"], row["reason"]) for case, row in replays_of(keyed).items()}
    failed = [case for case, (outcome, _) in outcomes.items() if outcome == "failed"]
    assert len(failed) == 1 and sorted(outcome for outcome, _ in outcomes.values()) == ["complete", "failed"]
    reason = outcomes[failed[0]][1]
    assert said in reason and "claude-opus-5" in reason
    assert f"{failed[0]}: llm failed: " in ran.err and said in ran.err
    arm = arm_of(scorecard(keyed.home / "out"), "llm")
    assert (arm["cases"], arm["failed"], arm["rates"]["strict"]["n"]) == (2, 1, 2)


def test_a_case_that_failed_is_tried_again_with_resume(keyed: Command, service: FakeService, world: World) -> None:
    with_incidents(keyed, one=world["retry"], other=world["guard"])
    service.puppets = [Puppet.UNPAID]
    run(keyed, world, "--model", MODEL, "--trials", "1", "--concurrency", "1")
    service.requests.clear()

    ran = run(keyed, world, "--model", MODEL, "--trials", "1", "--resume")

    assert ran.code == 0 and "failed" not in ran.err
    assert sum(not is_judging(request) for request in service.requests) == 1
    assert {row["outcome"] for row in rows(keyed.home / "out" / "replays.jsonl")[2:]} == {"complete"}


def test_a_model_that_answers_prose_is_asked_once_more_and_then_has_failed(
    keyed: Command, service: FakeService, world: World
) -> None:
    with_incidents(keyed, one=world["retry"], other=world["guard"])
    service.answerer = lambda request: "It looks fine!" if "fresh_key" in diff_of(request) else play(request)

    ran = run(keyed, world, "--model", MODEL, "--trials", "1")

    assert ran.code == 0, ran.said
    assert "one: llm failed: anthropic:claude-opus-5 gave no usable answer, even after one repair" in ran.err
    assert {case: row["outcome"] for case, row in replays_of(keyed).items()} == {"one": "failed", "other": "complete"}
    assert len(service.requests) == 2 + 1 + 1


def test_a_wrong_key_is_named_and_ends_in_bad_input(keyed: Command, world: World, incidents: Path) -> None:
    keyed.variables["ANTHROPIC_API_KEY"] = "sk-wrong-0123456789abcdef"

    ran = run(keyed, world, "--model", MODEL, "--trials", "1")

    assert ran.code == 2
    assert "INC-1, INC-2, INC-3, quiet-1, quiet-2: llm failed: llm failed" not in ran.err
    assert "INC-1, INC-2, INC-3, quiet-1, quiet-2: llm failed: " in ran.err
    assert "ANTHROPIC_API_KEY was refused by" in ran.err and "set ANTHROPIC_API_KEY to a key that may" in ran.err
    assert "sk-wrong" not in ran.said
    arm = arm_of(scorecard(keyed.home / "out"), "llm")
    assert (arm["cases"], arm["failed"], arm["missed"], arm["controls"]["n"]) == (4, 4, 0, 0)


def test_an_unreachable_model_is_named_and_its_case_marked(reviewbot: Command, world: World) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with_incidents(reviewbot, one=world["retry"])
    (reviewbot.home / "said.json").write_text(SILENT)
    model = f"compatible:open-model@http://127.0.0.1:{port}/v1"

    arms = ["--reviewer", "llm", "--reviewer", "scripted:said.json", "--model", model]
    ran = run(reviewbot, world, *arms, "--trials", "1")

    assert ran.code == 0, "the other arm has been measured"
    assert "one: llm failed: " in ran.err and f"127.0.0.1:{port}" in ran.err
    card = scorecard(reviewbot.home / "out")
    assert [arm["failed"] for arm in card["arms"]] == [1, 0]


def test_a_judge_that_never_answers_is_named_and_leaves_verdicts_open(
    keyed: Command, service: FakeService, world: World
) -> None:
    with_incidents(keyed, one=world["retry"], other=world["guard"])
    service.answerer = lambda request: "Hm." if is_judging(request) else review_answer(request)

    ran = run(keyed, world, "--model", MODEL, "--trials", "1")

    assert ran.code == 2
    assert "one, other: the judge failed: anthropic:claude-opus-5 gave no usable answer" in ran.err
    arm = arm_of(scorecard(keyed.home / "out"), "llm")
    assert (arm["caught"], arm["missed"], arm["unjudged"]) == (0, 0, 2)
    assert arm["rates"]["strict"]["k"] is None, "not judged is not zero"


def test_a_judge_that_fails_once_leaves_one_verdict_open_and_resume_settles_it(
    keyed: Command, service: FakeService, world: World
) -> None:
    with_incidents(keyed, one=world["retry"], other=world["guard"])
    service.puppets = [Puppet.HONEST, Puppet.HONEST, Puppet.UNPAID]

    first = run(keyed, world, "--model", MODEL, "--trials", "1", "--concurrency", "1")
    open_verdicts = arm_of(scorecard(keyed.home / "out"), "llm")["unjudged"]
    second = run(keyed, world, "--model", MODEL, "--trials", "1", "--resume")

    assert (first.code, second.code, open_verdicts) == (0, 0, 1)
    assert "the judge failed: anthropic:claude-opus-5: no credit is left" in first.err
    assert arm_of(scorecard(keyed.home / "out"), "llm")["unjudged"] == 0


# Reviewers

PLUGINS = """
import sys

class Crashing:
    name = "crashing"
    def review(self, task):
        raise ValueError("no licence")

class Leaving:
    name = "leaving"
    def review(self, task):
        sys.exit(0)

class Babbling:
    name = "babbling"
    def review(self, task):
        return "all fine"
"""


def test_reviewers_that_crash_leave_or_talk_rubbish_fail_and_the_others_are_done(
    reviewbot: Command, world: World
) -> None:
    with_incidents(reviewbot, one=world["guard"])
    (reviewbot.home / "said.json").write_text(scripted_reviewer(world))
    site = reviewbot.home / "site"
    (site / "odd-1.0.dist-info").mkdir(parents=True)
    (site / "odd_reviewers.py").write_text(PLUGINS)
    (site / "odd-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    names = ("Crashing", "Leaving", "Babbling")
    points = "".join(f"{name.lower()} = odd_reviewers:{name}\n" for name in names)
    (site / "odd-1.0.dist-info" / "entry_points.txt").write_text(f"[reviewbot.reviewers]\n{points}")
    reviewbot.variables["PYTHONPATH"] = str(site)
    said = {
        "crashing": "crashed with ValueError: no licence; leave it out, or show this to its author",
        "leaving": "crashed with SystemExit: 0; leave it out, or show this to its author",
        "babbling": "returned str and not a ReviewerRun; show this to its author",
        "command:sh -c 'echo out of memory >&2; exit 3'": "sh ended with exit code 3: out of memory",
        "command:sh -c 'kill -SEGV $$'": "sh was ended by signal SIGSEGV",
        "command:echo all fine": "all fine",
        "command:no-such-tool": "no-such-tool was not found",
    }
    arms = [word for name in (*said, "scripted:said.json") for word in ("--reviewer", name)]

    options = ["--incidents", "incidents.yaml", "--repos", str(world.mirrors), "--out", "out", "--trials", "1"]
    ran = reviewbot.child("retro", *options, *arms)

    assert ran.code == 0, ran.said
    replays = {row["arm"]: row for row in rows(reviewbot.home / "out" / "replays.jsonl")}
    for name, reason in said.items():
        assert replays[name]["outcome"] == "failed", name
        assert reason in replays[name]["reason"], name
        assert f"one: {name} failed: " in ran.err
    assert replays["scripted:said.json"]["outcome"] == "complete" and replays["scripted:said.json"]["findings"]


# The disk


def test_a_full_disk_is_named_and_nothing_that_was_paid_is_lost(
    keyed: Command, service: FakeService, world: World, incidents: Path
) -> None:
    options = ["--repos", str(world.mirrors), "--model", MODEL, "--trials", "1", "--concurrency", "1"]
    service.answerer = lambda request: play(request) + " " * 1_500_000
    undisturbed = keyed("retro", "--incidents", "incidents.yaml", "--out", "undisturbed", *options)
    service.requests.clear()

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))

    full = keyed.child("retro", "--incidents", "incidents.yaml", "--out", "out", *options, preexec_fn=small_disk)
    asked = len(service.requests)
    kept = len(rows(keyed.home / "out" / "ledger.jsonl"))
    resumed = keyed("retro", "--incidents", "incidents.yaml", "--out", "out", *options, "--resume")

    assert (undisturbed.code, full.code, resumed.code) == (0, 2, 0), full.said
    assert "out/ledger.jsonl: the ledger cannot be written" in full.err and "the space left" in full.err
    assert "What was answered is kept: go on with --resume --out out." in full.err
    assert kept == 2 and asked == 3
    assert len(service.requests) == asked + (5 + 3 - kept), "what was kept is not asked again"
    assert timeless(keyed.home / "out") == timeless(keyed.home / "undisturbed")


def test_a_folder_that_cannot_be_written_is_named(reviewbot: Command, world: World, incidents: Path) -> None:
    ran = reviewbot("retro", "--incidents", incidents, "--repos", world.mirrors, "--out", "/dev/full/out")

    assert ran.code == 2
    assert "/dev/full/out" in ran.err and "--out" in ran.err
