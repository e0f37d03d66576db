"""`reviewbot retro` from end to end: a real repository, a real process, and a model service on the loopback."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reviewbot.bootstrap import repository_finder
from reviewbot.domain.incident import CaseKind, Exposure
from reviewbot.domain.repository import RepoName
from reviewbot.domain.review import ReviewerRun
from reviewbot.pipelines.replay import Arm, ReplayPlan, replay
from reviewbot.ports import ReviewTask
from tests.fakes.llm import FakeService, serve
from tests.flows.world import (
    MODEL,
    REPO,
    SECRETS,
    Command,
    Ran,
    Stage,
    World,
    arm_of,
    ended,
    incidents_yaml,
    is_judging,
    play,
    rows,
    scorecard,
    scripted_reviewer,
    text_of,
    timeless,
)

FILES = {"report.html", "report.md", "scorecard.json", "replays.jsonl", "verdicts.jsonl", "run.json", "ledger.jsonl"}
SCRIPTED = "scripted:said.json"
REVIEWS, JUDGEMENTS = 5, 3
"""Requests of one trial of the model reviewer: each change that is there; each finding on an incident's."""


@dataclass(frozen=True)
class WholeRun:
    """A run of two arms that nothing disturbed."""

    home: Path
    out: Path
    ran: Ran
    requests: list[dict[str, Any]]
    database: Path


@pytest.fixture(scope="module")
def whole(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeRun]:
    home = tmp_path_factory.mktemp("home")
    (home / "incidents.yaml").write_text(incidents_yaml(world))
    (home / "said.json").write_text(scripted_reviewer(world))
    with serve() as service:
        service.answerer = play
        ran = Command(home, service).child(*two_arms(world, "out"))
        yield WholeRun(home, home / "out", ran, list(service.requests), home / "reviews.db")


@pytest.fixture(scope="module")
def undisturbed(world: World, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The scorecard of one arm that nothing disturbed."""
    home = tmp_path_factory.mktemp("home")
    (home / "incidents.yaml").write_text(incidents_yaml(world))
    with serve() as service:
        service.answerer = play
        assert Command(home, service)(*one_arm(world, "--trials", "1")).code == 0
    return timeless(home / "out")


def two_arms(world: World, out: str) -> list[str]:
    arms = ["--reviewer", "llm", "--model", MODEL, "--reviewer", SCRIPTED, "--trials", "1"]
    return ["retro", "--incidents", "incidents.yaml", "--repos", str(world.mirrors), "--out", out, *arms]


def one_arm(world: World, *further: str, model: str = MODEL) -> list[str]:
    arms = ["--reviewer", "llm", "--model", model, "--concurrency", "1"]
    return ["retro", "--incidents", "incidents.yaml", "--repos", str(world.mirrors), "--out", "out", *arms, *further]


def kinds(requests: list[dict[str, Any]]) -> tuple[int, int]:
    judging = sum(map(is_judging, requests))
    return len(requests) - judging, judging


def test_a_whole_run_leaves_the_documented_files_and_nothing_else(whole: WholeRun) -> None:
    assert whole.ran.code == 0, whole.ran.said
    assert {path.name for path in whole.out.iterdir()} == FILES
    assert "<html" in (whole.out / "report.html").read_text()
    assert "INC-1" in (whole.out / "report.html").read_text()
    assert (whole.out / "report.md").stat().st_size
    assert f"Report: {Path('out') / 'report.html'}" in whole.ran.out


def test_the_scorecard_has_the_documented_keys(whole: WholeRun) -> None:
    card = scorecard(whole.out)

    documented = ["schema_version", "run", "denominators", "arms", "comparisons", "judge", "contamination"]
    assert list(card)[:7] == documented
    arm = arm_of(card, "llm")
    assert {"name", "cases", "caught", "partial", "missed", "unjudged", "failed", "rates", "controls"} <= set(arm)
    assert {"findings_per_change", "cost_usd", "cost_per_catch_usd", "tokens", "funnel"} <= set(arm)
    assert {"by_severity", "by_category"} <= set(arm)
    assert set(arm["rates"]["strict"]) == {"k", "n", "rate", "low", "high"}
    assert set(arm["controls"]) == {"n", "with_findings", "findings", "per_control", "low", "high"}
    assert set(arm["funnel"]) == {"generated", "anchored", "merged", "verified", "chosen"}


def test_the_numbers_are_those_of_the_story(whole: WholeRun) -> None:
    card = scorecard(whole.out)

    assert card["denominators"] == {"incidents": 5, "code_cause": 4, "linked": 4, "replayed": 3}
    llm, scripted = arm_of(card, "llm"), arm_of(card, SCRIPTED)
    counted = ("cases", "caught", "partial", "missed", "unjudged", "failed")
    assert [llm[name] for name in counted] == [4, 1, 1, 1, 0, 1]
    assert [scripted[name] for name in counted] == [4, 1, 0, 2, 0, 1]
    rates = {name: (rate["k"], rate["n"]) for name, rate in llm["rates"].items()}
    assert rates["strict"] == (1, 4)
    assert rates["strict_or_partial"] == (2, 4)
    assert rates["located"] == (3, 4), "a miss on the very line of the cause is located and still a miss"
    assert rates["of_all_incidents"] == (1, 5), "what has no code cause stays in the denominator"
    assert (llm["controls"]["n"], llm["controls"]["with_findings"], llm["controls"]["findings"]) == (2, 1, 1)
    assert (scripted["controls"]["n"], scripted["controls"]["with_findings"]) == (2, 0)
    assert llm["tokens"] == {"input": 150 * REVIEWS, "output": 20 * REVIEWS, "cache_read": 40 * REVIEWS}
    assert llm["cost_usd"] == pytest.approx(REVIEWS * (100 * 5 + 40 * 0.5 + 10 * 6.25 + 20 * 25) / 1e6)
    assert scripted["cost_usd"] == 0
    assert card["comparisons"] == [
        {"a": "llm", "b": SCRIPTED, "gained": 1, "lost": 1, "p_mcnemar": 1.0, "minimum_detectable": None}
    ]
    assert (card["judge"]["judged"], card["judge"]["unusable"]) == (JUDGEMENTS + 1, 0)
    assert (card["run"]["complete"], card["run"]["stopped_by"]) == (True, None)
    assert list(card["not_replayed"]) == ["INC-4"]


def test_every_replay_and_verdict_is_a_row_of_the_log_and_of_the_database(whole: WholeRun) -> None:
    replays, verdicts = rows(whole.out / "replays.jsonl"), rows(whole.out / "verdicts.jsonl")

    assert len(replays) == 2 * 6 and len(verdicts) == 2 * 4
    said = {(row["case"], row["arm"]): row["verdict"] for row in verdicts}
    assert said["INC-1", "llm"] == "caught" and said["INC-2", "llm"] == "partial" and said["INC-3", "llm"] == "missed"
    assert said["INC-2", SCRIPTED] == "caught"
    with sqlite3.connect(whole.database) as database:
        stored = database.execute("SELECT case_name, arm, verdict FROM verdict").fetchall()
        replayed = database.execute("SELECT case_name, arm, trial FROM replay").fetchall()
    assert {(case, arm): verdict for case, arm, verdict in stored} == said
    assert set(replayed) == {(row["case"], row["arm"], row["trial"]) for row in replays}


def test_a_run_in_the_database_is_named_by_its_full_path(whole: WholeRun) -> None:
    with sqlite3.connect(whole.database) as database:
        assert database.execute("SELECT folder FROM retro_run").fetchall() == [(str(whole.out),)]


def test_a_case_that_cannot_be_replayed_is_named_with_the_remedy_and_the_others_are_done(whole: WholeRun) -> None:
    said = [line for line in whole.ran.err.splitlines() if line.startswith("INC-4: could not be replayed: ")]

    assert len(said) == 1
    assert f"there is no commit {'f' * 40}" in said[0] and "fetch it" in said[0]
    assert "INC-4" in (whole.out / "report.html").read_text()


def test_a_merge_commit_as_a_cause_is_compared_with_its_first_parent_and_says_so(whole: WholeRun, world: World) -> None:
    replay = next(row for row in rows(whole.out / "replays.jsonl") if row["case"] == "INC-3")

    assert replay["head"] == world["merge"]
    assert replay["notes"] == [f"{world['merge'][:10]} is a merge commit: compared with its first parent"]
    assert "compared with its first parent" in (whole.out / "report.html").read_text()


def test_reviewers_are_told_nothing_of_what_came_later(whole: WholeRun) -> None:
    reviews = [json.dumps(request) for request in whole.requests if not is_judging(request)]

    assert len(reviews) == REVIEWS
    instructions = {json.dumps(request["system"]) for request in whole.requests if not is_judging(request)}
    assert len(instructions) == 1, "culprits and controls get the same instructions"
    for request in (request for request in whole.requests if not is_judging(request)):
        assert [word for word in SECRETS if word.lower() in text_of(request).lower()] == []


def test_judges_are_told_nothing_of_who_made_a_remark_and_how_sure_he_was(whole: WholeRun) -> None:
    judged = [text_of(request) for request in whole.requests if is_judging(request)]

    assert len(judged) == JUDGEMENTS + 1
    hidden = ("reviewer", "claude", "llm", "scripted", "said.json", "confidence", "0.77", "severity", "high", "sev1")
    for text in judged:
        assert [word for word in hidden if word in text.lower()] == []
    assert any("idempotency key" in text for text in judged), "a judge is told the root cause"


def test_the_steps_one_by_one_end_in_the_scorecard_of_the_whole_run(
    whole: WholeRun, keyed: Command, world: World
) -> None:
    for name in ("incidents.yaml", "said.json"):
        shutil.copy(whole.home / name, keyed.home)

    replayed = keyed("retro", "replay", *two_arms(world, "steps")[1:])
    only_replays = {path.name for path in (keyed.home / "steps").iterdir()}
    judged = keyed("retro", "judge", "--out", "steps")
    reported = keyed("retro", "report", "--out", "steps")
    again = keyed("retro", "report", "--out", "steps")

    assert [ran.code for ran in (replayed, judged, reported, again)] == [0, 0, 0, 0], judged.said
    assert only_replays == {"replays.jsonl", "run.json", "ledger.jsonl"}
    assert "Next: reviewbot retro judge --out steps" in replayed.out
    assert "Next: reviewbot retro report --out steps" in judged.out
    assert timeless(keyed.home / "steps") == timeless(whole.out)


def test_reporting_before_all_is_replayed_and_judged_says_that_the_report_is_partial(
    keyed: Command, world: World, incidents: Path
) -> None:
    keyed("retro", "replay", *one_arm(world, "--trials", "1")[1:])

    reported = keyed("retro", "report", "--out", "out")

    card = scorecard(keyed.home / "out")
    assert card["run"]["complete"] is False
    assert "reviewbot retro judge --out out" in reported.err


@pytest.mark.parametrize("free_answers", [2, REVIEWS + 1], ids=["while replaying", "while judging"])
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_run_that_was_ended_goes_on_where_it_was_and_repeats_no_answered_call(
    keyed: Command,
    service: FakeService,
    world: World,
    incidents: Path,
    undisturbed: str,
    end: signal.Signals,
    free_answers: int,
) -> None:
    stage = service.answerer = Stage(free_answers)

    process = keyed.start(*one_arm(world, "--trials", "1"))
    assert stage.is_full.wait(30)
    process.send_signal(end)
    stopped = ended(process)
    partial = {path.name for path in (keyed.home / "out").iterdir()}
    card = scorecard(keyed.home / "out") if end is signal.SIGINT else {}
    stage.is_open.set()
    service.requests.clear()
    resumed = keyed(*one_arm(world, "--trials", "1", "--resume"))

    if end is signal.SIGINT:
        assert (stopped.code, partial) == (3, FILES)
        assert "Stopped early: interrupted. Go on with --resume --out out." in stopped.err
        assert (card["run"]["complete"], card["run"]["stopped_by"]) == (False, "interrupted")
        assert arm_of(card, "llm")["caught"] + arm_of(card, "llm")["missed"] <= 1, "what nobody judged is not a miss"
    assert resumed.code == 0, resumed.said
    asked_again = {text_of(request) for request in service.requests} & set(stage.answered)
    assert asked_again == set()
    assert len(service.requests) == REVIEWS + JUDGEMENTS - free_answers
    assert timeless(keyed.home / "out") == undisturbed


def test_from_three_trials_to_five_only_two_are_paid(
    keyed: Command, service: FakeService, world: World, incidents: Path
) -> None:
    three = keyed(*one_arm(world, "--trials", "3"))
    assert kinds(service.requests) == (3 * REVIEWS, JUDGEMENTS), "one remark is judged once, however often it is made"
    service.requests.clear()

    five = keyed(*one_arm(world, "--trials", "5", "--resume"))

    assert (three.code, five.code) == (0, 0)
    assert kinds(service.requests) == (2 * REVIEWS, 0)
    assert set(Counter(text_of(request) for request in service.requests).values()) == {2}
    arm = arm_of(scorecard(keyed.home / "out"), "llm")
    assert arm["trials"] == 5 and arm["rates"]["strict_in_every_trial"]["k"] == 1


def test_a_budget_stops_the_run_before_it_is_overspent_and_leaves_a_partial_report(
    keyed: Command, service: FakeService, world: World, incidents: Path
) -> None:
    service.usage["output"] = 4_000

    stopped = keyed(*one_arm(world, "--trials", "1", "--budget", "0.35"))

    assert stopped.code == 3
    assert len(service.requests) == 2, "two answers at $0.10; a third could have cost $0.20 more"
    assert "Stopped early: the budget of $0.35 is used up" in stopped.err
    assert "--resume --out out" in stopped.err
    assert {path.name for path in (keyed.home / "out").iterdir()} == FILES
    card = scorecard(keyed.home / "out")
    assert card["run"]["complete"] is False and "budget" in card["run"]["stopped_by"]
    assert arm_of(card, "llm")["cost_usd"] < 0.35


def test_a_budget_holds_for_the_run_and_not_for_each_start_of_it(
    keyed: Command, service: FakeService, world: World, incidents: Path
) -> None:
    service.usage["output"] = 4_000
    keyed(*one_arm(world, "--trials", "1", "--budget", "0.35"))
    service.requests.clear()

    same = keyed(*one_arm(world, "--trials", "1", "--budget", "0.35", "--resume"))
    asked_within_the_same = len(service.requests)
    raised = keyed(*one_arm(world, "--trials", "1", "--budget", "5", "--resume"))

    assert (same.code, asked_within_the_same) == (3, 0)
    assert raised.code == 0, raised.said
    assert kinds(service.requests) == (REVIEWS - 2, JUDGEMENTS)


def test_a_budget_without_a_known_price_is_refused_before_anything_is_asked(
    reviewbot: Command, service: FakeService, world: World, incidents: Path
) -> None:
    model = f"compatible:open-model@{service.url}/v1"

    ran = reviewbot(*one_arm(world, "--budget", "1", model=model))

    assert ran.code == 2
    assert "no price is known for compatible:open-model" in ran.err and "REVIEWBOT_PRICES_FILE" in ran.err
    assert service.requests == [] and not (reviewbot.home / "out").exists()


def test_a_dry_run_asks_nothing_writes_nothing_and_says_what_it_would_take(
    keyed: Command, service: FakeService, world: World, incidents: Path
) -> None:
    ran = keyed(*one_arm(world, "--dry-run"))

    assert ran.code == 0, ran.said
    assert "6 cases; each arm with what it would ask:" in ran.out
    line = next(line for line in ran.out.splitlines() if line.startswith(f"llm ({MODEL}) × 3: "))
    assert f"{3 * REVIEWS} calls, " in line and " tokens in, " in line and "$" in line
    assert "INC-4: cannot be replayed: there is no commit" in ran.err
    assert service.requests == [] and not (keyed.home / "out").exists()


def test_without_a_key_the_static_reviewer_runs_nobody_judges_and_both_are_said(
    reviewbot: Command, world: World, incidents: Path
) -> None:
    ran = reviewbot("retro", "--incidents", incidents, "--repos", world.mirrors, "--out", "out")

    assert ran.code == 0, ran.said
    assert "Reviewer: static, because no model is set." in ran.out.splitlines()[0]
    assert "No judge: without a model nothing is called caught" in ran.out
    assert {row["verdict"] for row in rows(reviewbot.home / "out" / "verdicts.jsonl") if not row["review_failed"]} == {
        "unjudged"
    }
    arm = arm_of(scorecard(reviewbot.home / "out"), "static")
    assert (arm["caught"], arm["missed"], arm["unjudged"], arm["failed"]) == (0, 0, 3, 1)
    assert arm["rates"]["strict"]["rate"] is None and arm["rates"]["located"]["rate"] is not None


def test_a_folder_that_holds_a_run_is_not_written_over(whole: WholeRun, world: World, reviewbot: Command) -> None:
    shutil.copytree(whole.home, reviewbot.home, dirs_exist_ok=True)
    before = {path.name: path.read_bytes() for path in (reviewbot.home / "out").iterdir()}

    ran = reviewbot("retro", "--incidents", "incidents.yaml", "--repos", world.mirrors, "--out", "out")

    assert ran.code == 2
    assert "out holds a run already; continue it with --resume or name another --out" in ran.err
    assert {path.name: path.read_bytes() for path in (reviewbot.home / "out").iterdir()} == before


def test_a_run_is_not_resumed_with_other_arms(whole: WholeRun, world: World, reviewbot: Command) -> None:
    shutil.copytree(whole.home, reviewbot.home, dirs_exist_ok=True)

    ran = reviewbot("retro", "--incidents", "incidents.yaml", "--repos", world.mirrors, "--out", "out", "--resume")

    assert ran.code == 2
    assert "out holds a run with other arms" in ran.err and "name another --out" in ran.err


def test_a_resumed_run_brings_into_the_database_what_is_only_in_the_log(
    reviewbot: Command, world: World, incidents: Path
) -> None:
    arguments = ["retro", "--incidents", "incidents.yaml", "--repos", str(world.mirrors), "--out", "out"]
    reviewbot(*arguments, "--reviewer", "static")
    reviewbot.variables["REVIEWBOT_DATABASE_URL"] = f"sqlite:///{reviewbot.home / 'other.db'}"

    reviewbot(*arguments, "--reviewer", "static", "--resume")

    with sqlite3.connect(reviewbot.home / "other.db") as database:
        assert database.execute("SELECT count(*) FROM replay").fetchone() == (6,)


def test_a_recorded_run_is_replayed_without_a_key_to_the_same_figures(
    keyed: Command, service: FakeService, world: World, incidents: Path
) -> None:
    recorded = keyed(*one_arm(world, "--trials", "1", "--record", "answers.json"))
    service.requests.clear()
    alone = Command(keyed.home)
    arguments = one_arm(world, "--trials", "1", "--out", "again", model="scripted:answers.json")

    replayed = alone(*arguments)

    assert (recorded.code, replayed.code) == (0, 0), replayed.said
    assert "Recorded: answers.json" in recorded.out
    assert service.requests == []
    first, second = (arm_of(scorecard(keyed.home / out), "llm") for out in ("out", "again"))
    assert second["label"].startswith("llm (recorded answers of anthropic:claude-opus-5, ")
    told_apart = ("label", "cost_usd", "cost_per_catch_usd")
    cutoff = "strict_uncontaminated"
    assert {name: value for name, value in first.items() if name not in (*told_apart, "rates")} == {
        name: value for name, value in second.items() if name not in (*told_apart, "rates")
    }
    assert {name: rate for name, rate in first["rates"].items() if name != cutoff} == {
        name: rate for name, rate in second["rates"].items() if name != cutoff
    }


@pytest.mark.parametrize(
    ("gate", "code", "said"),
    [
        ("llm:strict=0.01", 0, ""),
        ("llm:strict=1", 1, "Gate failed: llm: strict is"),
        ("strict=0.01", 2, "say which, as"),
        ("llm:recall=0.5", 2, "rates are strict,"),
    ],
)
def test_a_gate_turns_a_rate_into_an_exit_code(
    whole: WholeRun, world: World, reviewbot: Command, gate: str, code: int, said: str
) -> None:
    shutil.copytree(whole.home, reviewbot.home, dirs_exist_ok=True)

    ran = reviewbot("retro", "report", "--out", "out", "--repos", str(world.mirrors), "--fail-under", gate)

    assert ran.code == code, ran.said
    assert said in ran.err


def test_two_runs_are_compared_and_a_worse_one_ends_in_one(
    whole: WholeRun, world: World, keyed: Command, service: FakeService
) -> None:
    shutil.copytree(whole.home, keyed.home, dirs_exist_ok=True)
    arm = ("--reviewer", SCRIPTED, "--model", MODEL, "--judge", MODEL)
    (keyed.home / "silent.json").write_text('{"*": {"findings": []}}')
    blind = keyed("retro", *_retro(world, "blind"), "--reviewer", "scripted:silent.json", "--judge", MODEL)
    assert blind.code == 0, blind.said

    same = keyed("retro", *_retro(world, "again"), *arm, "--fail-if-worse-than", "out")
    worse = keyed("retro", "report", "--out", "blind", "--repos", str(world.mirrors), "--fail-if-worse-than", "again")
    shown = keyed("retro", "compare", "again", "blind")
    rows = json.loads(keyed("retro", "compare", "blind", "again", "--format", "json").out)

    assert (same.code, worse.code, shown.code) == (0, 1, 0), same.said + worse.said
    assert f"Gate failed: scripted:silent.json does worse than {SCRIPTED} in again." in worse.err
    assert "lost   " in shown.out and "McNemar's exact test: p = " in shown.out
    assert [(row["lost"], row["is_worse"]) for row in rows] == [([], False)]
    assert rows[0]["gained"] != []


def _retro(world: World, out: str) -> tuple[str, ...]:
    return ("--incidents", "incidents.yaml", "--repos", str(world.mirrors), "--out", out)


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_a_run_that_is_none_is_named_before_anything_is_asked(
    world: World, keyed: Command, incidents: Path, service: FakeService, folder: str
) -> None:
    ran = keyed("retro", *_retro(world, "new"), "--model", MODEL, "--fail-if-worse-than", folder)

    assert ran.code == 2 and f"{folder} holds no run" in ran.err
    assert service.requests == [] and keyed("retro", "compare", folder, folder).code == 2


def test_a_changed_policy_is_replayed_and_named_and_not_mixed_with_another(
    whole: WholeRun, world: World, keyed: Command, service: FakeService
) -> None:
    shutil.copytree(whole.home, keyed.home, dirs_exist_ok=True)
    (keyed.home / "strict.yml").write_text("version: 1\nreviewers: [llm]\npaths: {ignore: ['shop/**']}\n")
    (keyed.home / "bad.yml").write_text("version: 1\nmax_findings: many\n")
    options = ("--model", MODEL, "--judge", MODEL, "--trials", "1")

    ran = keyed("retro", "run", *_retro(world, "quiet"), *options, "--policy", "strict.yml")
    other = keyed("retro", *_retro(world, "quiet"), *options, "--resume")
    bad = keyed("retro", *_retro(world, "bad"), *options, "--policy", "bad.yml")

    card = scorecard(keyed.home / "quiet")
    assert (card["run"]["policy"], arm_of(card, "llm")["caught"]) == ("strict.yml", 0), ran.said
    assert service.requests == []
    assert other.code == 2 and "holds a run with other policy hash" in other.err
    assert bad.code == 2 and "bad.yml:2:15: " in bad.err


def test_quiet_changes_are_found_by_rule_once_and_kept_with_the_run(
    world: World, keyed: Command, incidents: Path, service: FakeService
) -> None:
    """The shop is a few minutes old: nothing in it has been quiet for a day, and that is said for each culprit."""
    text = incidents.read_text()
    assert text.count("controls:\n") == 1
    incidents.write_text(text.replace("controls:\n", "controls:\n  auto: {per_incident: 1, quiet_days: 1}\n"))

    ran = keyed("retro", "replay", *_retro(world, "auto"), "--reviewer", "static")

    assert ran.code in (0, 3), ran.said
    assert "0 found for" in ran.out and "INC-1: 0 of 1 controls found in acme/shop" in ran.out
    assert json.loads((keyed.home / "auto" / "run.json").read_text())["controls"] == []
    assert (
        "Looking for quiet"
        not in keyed("retro", "replay", *_retro(world, "auto"), "--reviewer", "static", "--resume").out
    )


def test_misses_are_told_with_the_stage_that_lost_them_and_what_sets_them_apart(whole: WholeRun) -> None:
    misses = {miss["case"]: miss for miss in arm_of(scorecard(whole.out), "llm")["misses"]}

    assert misses["INC-2"]["lost_by"] == "seen in part: another mechanism or place"
    assert misses["INC-2"]["traits"] == ["removed code", "five changed lines or fewer"]
    assert misses["INC-3"]["lost_by"] == "no reviewer raised it"
    for name in ("report.html", "report.md"):
        assert "Why incidents were missed" in (whole.out / name).read_text()


def test_an_arm_without_titles_is_compared_with_its_twin(keyed: Command, world: World, home: Path) -> None:
    (home / "incidents.yaml").write_text(incidents_yaml(world))

    ran = keyed(*one_arm(world, "--trials", "1", "--untitled-arms"))

    assert ran.code == 0, ran.said
    card = scorecard(home / "out")
    assert [arm["name"] for arm in card["arms"]] == ["llm", "llm-untitled"]
    assert arm_of(card, "llm-untitled")["label"].endswith("without title and description")
    assert [(one["a"], one["b"]) for one in card["comparisons"]] == [("llm", "llm-untitled")]


@dataclass
class Listener:
    """A reviewer that finds nothing and keeps what it was told of the change."""

    name = "listener"
    told: list[tuple[str, str]] = field(default_factory=list)

    def review(self, task: ReviewTask) -> ReviewerRun:
        self.told.append((task.change.title, task.change.description))
        return ReviewerRun(self.name, paths_read=frozenset(task.paths))


def test_an_untitled_arm_is_told_nothing_of_what_the_author_wrote(world: World) -> None:
    titled, untitled = Listener(), Listener()
    arms = [
        Arm("a", "a", (titled,), None, 1),
        Arm("b", "b", (untitled,), None, 1, is_untitled=True),
    ]
    exposure = Exposure("INC-1", RepoName.parse(REPO), world["retry"])
    find = repository_finder(world.mirrors, {})

    assert replay(ReplayPlan([exposure], {"INC-1": CaseKind.INCIDENT}, arms, find), lambda _: None) is None

    assert titled.told[0][0]
    assert untitled.told == [("", "")]
