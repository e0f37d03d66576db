"""`reviewbot review` in a real checkout: which change, in which form, with which exit code, and what is said."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fakes.llm import KEY, FakeService, Puppet
from tests.fakes.repositories import RepositoryBuilder
from tests.flows.world import MODEL, Command, ended, finding

BEFORE = "def total(cart):\n    if cart is None:\n        return 0\n    return sum(cart)\n"
AFTER = "def total(cart):\n    return sum(cart)\n"
BUG = {"path": "cart.py", "first_line": 2, "title": "Absent carts crash totals", "severity": "high"}
SAYING = ["--reviewer", "scripted:said.json"]


@pytest.fixture
def checkout(home: Path) -> RepositoryBuilder:
    """A branch that takes a guard away, and a reviewer beside it that says so."""
    builder = RepositoryBuilder(home / "shop")
    builder.write("cart.py", BEFORE).write("notes.txt", "one\n").commit("Open the shop")
    builder.branch("topic").write("cart.py", AFTER).commit("Simplify")
    (builder.path / "said.json").write_text(json.dumps({"*": {"findings": [BUG]}}))
    (builder.path / "silent.json").write_text('{"*": {"findings": []}}')
    return builder


def as_json(command: Command, checkout: RepositoryBuilder, *arguments: str, stdin: bytes = b"") -> dict[str, object]:
    ran = command("review", "--format", "json", *arguments, cwd=checkout.path, stdin=stdin)
    assert ran.code == 0, ran.said
    review = json.loads(ran.out)
    assert isinstance(review, dict)
    return review


def paths(review: dict[str, object]) -> list[str]:
    coverage = review["coverage"]
    assert isinstance(coverage, dict)
    return [file["path"] for file in coverage["files"]]


# What it would cost


def test_a_dry_run_asks_nothing_and_says_what_each_effort_would_take(
    keyed: Command, checkout: RepositoryBuilder, service: FakeService
) -> None:
    ran = keyed("review", "--dry-run", "--effort", "standard", "--model", MODEL, cwd=checkout.path)

    assert ran.code == 0, ran.said
    rows = {line.split()[0]: line for line in ran.out.splitlines()}
    assert [rows[tier].split()[1] for tier in ("quick", "standard", "deep")][:2] == ["1", "3"]
    assert int(rows["deep"].split()[1]) > 3
    assert "<- this one" in rows["standard"] and "up to 5 checks" in rows["standard"]
    assert service.requests == []


def test_a_dry_run_without_a_model_says_that_nothing_is_paid_for(
    reviewbot: Command, checkout: RepositoryBuilder
) -> None:
    ran = reviewbot("review", "--dry-run", "--reviewer", "static", cwd=checkout.path)

    assert (ran.code, ran.out) == (0, "static: no model is asked, nothing is paid for.\n")


# Which change


def test_by_default_the_work_since_the_default_branch_is_reviewed_committed_or_not(
    reviewbot: Command, checkout: RepositoryBuilder
) -> None:
    checkout.write("notes.txt", "two\n")

    ran = reviewbot("review", *SAYING, cwd=checkout.path)

    assert ran.code == 0
    assert "Absent carts crash totals" in ran.out
    assert "2 untracked files are not part of it" in ran.err
    assert paths(as_json(reviewbot, checkout, *SAYING)) == ["cart.py", "notes.txt"]


def test_with_a_base_the_work_since_that_commit_is_reviewed(reviewbot: Command, checkout: RepositoryBuilder) -> None:
    checkout.write("notes.txt", "two\n").commit("Note")

    assert paths(as_json(reviewbot, checkout, *SAYING, "--base", "topic~2")) == [
        "cart.py",
        "notes.txt",
        "said.json",
        "silent.json",
    ]
    assert "cart.py" not in paths(as_json(reviewbot, checkout, *SAYING, "--base", "topic~1"))


def test_with_staged_only_the_index_is_reviewed(reviewbot: Command, checkout: RepositoryBuilder) -> None:
    checkout.write("notes.txt", "two\n").git("add", "notes.txt")
    checkout.write("cart.py", BEFORE)

    ran = reviewbot("review", "--staged", "--format", "json", "--reviewer", "scripted:silent.json", cwd=checkout.path)

    assert paths(json.loads(ran.out)) == ["notes.txt"]
    assert "1 files have unstaged changes, which are not part of it." in ran.err


def test_a_diff_comes_from_a_file_or_from_a_pipe(reviewbot: Command, checkout: RepositoryBuilder) -> None:
    diff = checkout.git("diff", "main", "topic")
    (checkout.path / "change.diff").write_text(diff)

    from_file = as_json(reviewbot, checkout, *SAYING, "--diff", "change.diff")
    from_pipe = as_json(reviewbot, checkout, *SAYING, "--diff", "-", stdin=diff.encode())

    assert paths(from_file) == ["cart.py"]
    assert from_file["findings"] == from_pipe["findings"] and from_file["findings"]


def test_a_diff_is_reviewed_outside_a_checkout_and_that_is_said(
    reviewbot: Command, checkout: RepositoryBuilder, tmp_path: Path
) -> None:
    diff = checkout.git("diff", "main", "topic").encode()
    said = checkout.path / "said.json"

    ran = reviewbot("review", "--diff", "-", "--reviewer", f"scripted:{said}", cwd=tmp_path, stdin=diff)

    assert ran.code == 0, ran.said
    assert "No checkout here: the diff is reviewed alone, without the files around it." in ran.err
    assert "Absent carts crash totals" in ran.out


# Forms and exit codes


@pytest.mark.parametrize("form", ["json", "sarif", "rdjson"])
def test_each_form_for_machines_is_json_and_nothing_else_is_on_standard_output(
    reviewbot: Command, checkout: RepositoryBuilder, form: str
) -> None:
    ran = reviewbot("review", *SAYING, "--format", form, cwd=checkout.path)

    document = json.loads(ran.out)
    assert "Absent carts crash totals" in json.dumps(document)
    key = {"json": "findings", "sarif": "runs", "rdjson": "diagnostics"}[form]
    assert document[key]
    assert "Reviewers: scripted:said.json." in ran.err


@pytest.mark.parametrize("form", ["terminal", "markdown"])
def test_each_form_for_people_names_the_finding_and_its_place(
    reviewbot: Command, checkout: RepositoryBuilder, form: str
) -> None:
    ran = reviewbot("review", *SAYING, "--format", form, cwd=checkout.path)

    assert "Absent carts crash totals" in ran.out and "cart.py" in ran.out
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(("threshold", "code"), [("critical", 0), ("high", 1), ("medium", 1), ("low", 1)])
def test_the_gate_fails_from_the_given_severity_on(
    reviewbot: Command, checkout: RepositoryBuilder, threshold: str, code: int
) -> None:
    ran = reviewbot("review", *SAYING, "--fail-on", threshold, cwd=checkout.path)

    assert ran.code == code
    assert "Absent carts crash totals" in ran.out


def test_nothing_found_is_said_with_what_was_read(reviewbot: Command, checkout: RepositoryBuilder) -> None:
    ran = reviewbot("review", "--reviewer", "scripted:silent.json", "--fail-on", "low", cwd=checkout.path)

    assert ran.code == 0
    assert "Nothing found in 1 file (1 hunk)." in ran.out


# Bad input


def test_outside_a_repository_the_remedy_is_named(reviewbot: Command, tmp_path: Path) -> None:
    ran = reviewbot("review", "--reviewer", "static", cwd=tmp_path)

    assert ran.code == 2
    assert "is a git checkout; go to one, or name it" in ran.err


def test_without_a_default_branch_the_base_is_asked_for(reviewbot: Command, checkout: RepositoryBuilder) -> None:
    checkout.git("branch", "--delete", "--force", "main")

    ran = reviewbot("review", *SAYING, cwd=checkout.path)

    assert ran.code == 2
    assert "give it with --base" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--base", "nowhere"], "there is no commit nowhere"),
        (["--base", "main", "--staged"], "--base, --diff and --staged exclude each other"),
        (["--diff", "none.diff"], "--diff none.diff: No such file or directory"),
        (["--format", "pdf"], "'pdf' is not one of"),
        (["--fail-on", "sometimes"], "'sometimes' is not one of"),
        (["--reviewer", "nosuch"], "no package brings a reviewer 'nosuch'"),
        (["--model", "gpt"], "'gpt' names no model"),
        (["--model", MODEL], "ANTHROPIC_API_KEY is not set"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_option_that_is_wrong_is_named(
    reviewbot: Command, checkout: RepositoryBuilder, arguments: list[str], said: str
) -> None:
    ran = reviewbot("review", *arguments, cwd=checkout.path)

    assert ran.code == 2
    assert said in " ".join(ran.err.split())
    assert ran.out == ""


def test_words_that_are_no_diff_are_not_taken_for_an_empty_change(
    reviewbot: Command, checkout: RepositoryBuilder
) -> None:
    ran = reviewbot("review", *SAYING, "--diff", "-", cwd=checkout.path, stdin=b"Please review my change.\n")

    assert ran.code == 2
    assert "this is not a diff" in ran.err and "give the output of `git diff`" in ran.err


# What was not read


def test_an_empty_change_is_skipped_and_not_clean(reviewbot: Command, checkout: RepositoryBuilder) -> None:
    ran = reviewbot("review", *SAYING, "--base", "HEAD", cwd=checkout.path)

    assert ran.code == 0
    assert "SKIPPED: the change is empty. Nothing was read." in ran.out


def test_a_change_of_lock_files_alone_is_skipped_and_says_why(reviewbot: Command, checkout: RepositoryBuilder) -> None:
    checkout.switch("main").branch("locks").write("uv.lock", "version = 1\n").git("add", "uv.lock")

    ran = reviewbot("review", *SAYING, "--staged", cwd=checkout.path)

    assert ran.code == 0
    assert "SKIPPED: nothing to review: 1 × lock file. Nothing was read." in ran.out


def test_a_file_over_the_size_limit_makes_the_review_partial(reviewbot: Command, checkout: RepositoryBuilder) -> None:
    checkout.write("table.py", "x = 1\n" * 25_000).git("add", "table.py")

    ran = reviewbot("review", *SAYING, cwd=checkout.path)

    assert ran.code == 0
    assert "PARTIAL: 1 of 2 files was not read in full; 1 finding in what was read." in ran.out
    assert "table.py: over the size limit" in ran.out


def test_a_change_of_which_nothing_could_be_read_is_no_success(reviewbot: Command, checkout: RepositoryBuilder) -> None:
    checkout.switch("main").branch("tables").write("table.py", "x = 1\n" * 25_000).git("add", "table.py")

    ran = reviewbot("review", *SAYING, "--staged", cwd=checkout.path)

    assert ran.code == 3
    assert "PARTIAL: nothing was read: table.py: " in ran.out
    assert "This says nothing about the change." in ran.out


# Reviewers that fail


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("sh -c 'echo no licence >&2; exit 4'", "sh ended with exit code 4: no licence"),
        ("sh -c 'kill -KILL $$'", "sh was ended by signal SIGKILL"),
        ("echo looks good", "looks good"),
        ("true", "command:true failed"),
        ("no-such-tool", "no-such-tool was not found"),
    ],
)
def test_a_program_that_fails_is_a_failed_review_and_never_a_clean_one(
    reviewbot: Command, checkout: RepositoryBuilder, program: str, said: str
) -> None:
    ran = reviewbot("review", "--reviewer", f"command:{program}", cwd=checkout.path)

    assert ran.code == 3
    assert "FAILED: nothing was reviewed: " in ran.out and said in ran.out
    assert "Nothing found" not in ran.out


def test_beside_a_program_that_fails_the_findings_of_another_reviewer_stand(
    reviewbot: Command, checkout: RepositoryBuilder
) -> None:
    ran = reviewbot("review", *SAYING, "--reviewer", "command:false", "--fail-on", "high", cwd=checkout.path)

    assert ran.code == 1
    assert "PARTIAL: command:false failed: false ended with exit code 1; 1 finding in what was read." in ran.out


def test_a_program_that_works_is_a_reviewer(reviewbot: Command, checkout: RepositoryBuilder) -> None:
    program = checkout.path / "tool.py"
    program.write_text(
        "import json, os, sys\n"
        "change = json.load(sys.stdin)['change']\n"
        "assert 'return sum(cart)' in change['diff'] and not os.path.exists('.git')\n"
        f"print(json.dumps({{'findings': [{BUG!r}]}}))\n"
    )

    ran = reviewbot("review", "--reviewer", f"command:{sys.executable} {program}", cwd=checkout.path)

    assert ran.code == 0, ran.said
    assert "Absent carts crash totals" in ran.out


def test_ctrl_c_ends_a_review_at_once_and_the_program_with_it(reviewbot: Command, checkout: RepositoryBuilder) -> None:
    begun = checkout.path / "begun"
    process = reviewbot.start(
        "review", "--reviewer", f"command:sh -c 'echo $$ > {begun}; sleep 60'", cwd=checkout.path, text=False
    )
    deadline = time.monotonic() + 20
    while not (begun.exists() and begun.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    ran = ended(process)

    assert ran.code == 130
    assert time.monotonic() - started < 5
    assert _is_gone(int(begun.read_text()))


def _is_gone(pid: int) -> bool:
    """Whether a process has ended, within two seconds."""
    for _ in range(100):
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


# Models


def test_a_key_alone_leads_to_the_model_reviewer_and_is_never_shown(
    keyed: Command, service: FakeService, checkout: RepositoryBuilder
) -> None:
    bug = finding("Absent carts crash totals", "cart.py", 2, "    if cart is None:", "LEFT")
    service.answerer = lambda request: json.dumps({"findings": [bug]})

    ran = keyed("review", "--format", "json", "--model", MODEL, cwd=checkout.path)

    assert ran.code == 0, ran.said
    assert "Reviewer: llm with anthropic:claude-opus-5." in ran.err
    assert [one["title"] for one in json.loads(ran.out)["findings"]] == ["Absent carts crash totals"]
    assert KEY not in ran.said
    assert len(service.headers) == 1 and KEY in "".join(service.headers[0].values())


@pytest.mark.parametrize(
    ("puppets", "said"),
    [
        ([Puppet.FORBIDDEN], "ANTHROPIC_API_KEY was refused"),
        ([Puppet.REFUSAL], "declined to answer"),
        ([Puppet.EMPTY] * 2, "gave no usable answer"),
        ([Puppet.TRUNCATED] * 2, "cut off at its length limit"),
        ([Puppet.WEB_PAGE] * 2, "a web page"),
    ],
    ids=lambda value: value[0].name.lower() if isinstance(value, list) else "",
)
def test_a_model_that_fails_is_a_failed_review(
    keyed: Command, service: FakeService, checkout: RepositoryBuilder, puppets: list[Puppet], said: str
) -> None:
    service.puppets = list(puppets)

    ran = keyed("review", "--model", MODEL, cwd=checkout.path)

    assert ran.code == 3
    assert "FAILED: nothing was reviewed: llm failed: " in ran.out and said in ran.out
    assert "This says nothing about the change." in ran.out


def test_a_budget_that_is_too_small_is_said_before_anything_is_asked(
    keyed: Command, service: FakeService, checkout: RepositoryBuilder
) -> None:
    keyed.variables["REVIEWBOT_BUDGET_PER_REVIEW_USD"] = "0.01"

    ran = keyed("review", "--model", MODEL, cwd=checkout.path)

    assert ran.code == 3
    assert "the budget of $0.01 is used up" in ran.err
    assert service.requests == []


# Whoever reads the output


def test_a_reader_that_goes_away_changes_neither_the_exit_code_nor_makes_noise(
    reviewbot: Command, checkout: RepositoryBuilder
) -> None:
    many = [
        {**BUG, "explanation": "It crashes. " * 40, "title": f"Finding number {number} of a long list"}
        for number in range(300)
    ]
    (checkout.path / "said.json").write_text(json.dumps({"*": {"findings": many}}))
    process = reviewbot.start("review", *SAYING, "--format", "json", "--fail-on", "critical", cwd=checkout.path)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()

    errors = process.stderr.read().decode()
    process.stderr.close()

    assert process.wait(30) == 0
    assert "Traceback" not in errors and "Broken pipe" not in errors


def test_a_terminal_that_knows_ascii_alone_gets_the_findings_all_the_same(
    reviewbot: Command, checkout: RepositoryBuilder
) -> None:
    (checkout.path / "said.json").write_text(json.dumps({"*": {"findings": [{**BUG, "title": "Ünknown cärts"}]}}))
    reviewbot.variables["PYTHONIOENCODING"] = "ascii"

    ran = reviewbot.child("review", *SAYING, cwd=checkout.path)

    assert ran.code == 0, ran.said
    assert "\\xdcnknown c\\xe4rts" in ran.out


def test_the_command_is_there_by_its_name() -> None:
    program = Path(sys.executable).with_name("reviewbot")

    done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60)

    assert done.returncode == 0 and done.stdout.startswith("reviewbot ")
