from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reviewbot.domain.repository import RepoName
from reviewbot.errors import FileProblems
from reviewbot.retro import incident_keys as keys
from reviewbot.retro.answers import load_answers
from reviewbot.retro.exposures import load_exposures
from reviewbot.retro.fields import ProblemList, Repository
from reviewbot.retro.incident_schema import check_incidents, incident_check, incident_json_schema
from reviewbot.yaml_document import Scalar
from tests.retro.bad_incident_texts import BAD, BEYOND_THE_SCHEMA, OK
from tests.retro.incident_texts import FULL, SHA_1, SHA_4, incidents_text, json_value

VALIDATOR = jsonschema.Draft202012Validator(incident_json_schema())
PUBLIC = Path(__file__).parents[3] / "shared" / "incidents" / "public.yaml"


def written(directory: Path, text: str) -> Path:
    path = directory / "incidents.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(directory: Path, text: str) -> list[str]:
    path = written(directory, text)
    return [str(problem).removeprefix(f"{path}:") for problem in check_incidents(path)]


def test_the_schema_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(incident_json_schema())


GOOD = {
    "the full example": FULL,
    "the least there can be": incidents_text(
        OK, head="repositories: {acme/shop: {url: git@host:acme/shop.git}}\n"
    ).replace("id: A,", "id: A, repo: acme/shop,"),
    "only a fix": incidents_text("id: A, fixed: [{pr: 1}]"),
    "no cause in code": incidents_text("id: A, cause_type: infra", "id: B, exclude: {reason: not-code}"),
    "empty keys": incidents_text(
        f"{OK}, name: , severity: ~, labels: , locations: ", head="defaults: {repo: acme/shop}\nrepositories:\n"
    ),
    "words that look like numbers": incidents_text(
        "id: 17, name: 404, severity: 1, fixed: [{pr: 1}], labels: {a: true}"
    ),
    "no incident at all": incidents_text(head="defaults: {repo: acme/shop}\n").replace("incidents:", "incidents: []"),
    "controls by rule alone": incidents_text(OK, tail="controls: {auto: {}}\n"),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_passes_the_checks_both_doors_and_the_schema(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, GOOD[name])

    assert check_incidents(path) == []
    assert load_answers(path) and load_exposures(path)
    assert [error.message for error in VALIDATOR.iter_errors(json_value(GOOD[name]))] == []


@pytest.mark.parametrize(("text", "message"), BAD, ids=[message for _, message in BAD])
def test_a_bad_file_is_refused_by_the_checks_and_by_the_schema(text: str, message: str, tmp_path: Path) -> None:
    problems = problems_of(tmp_path, text)

    assert len(problems) == 1
    assert problems[0].startswith(message)
    assert not VALIDATOR.is_valid(json_value(text))


@pytest.mark.parametrize(("text", "message"), BEYOND_THE_SCHEMA, ids=[message for _, message in BEYOND_THE_SCHEMA])
def test_what_a_schema_cannot_say_is_refused_by_the_checks(text: str, message: str, tmp_path: Path) -> None:
    problems = problems_of(tmp_path, text)

    assert len(problems) == 1
    assert problems[0].startswith(message)


def test_every_problem_of_a_file_is_reported_once_and_in_order(tmp_path: Path) -> None:
    text = incidents_text(
        "id: A, introduced: [{commit: 1234567}], split: x",
        "id: B, cause_type: bug, nmae: y",
        "id: A, fixed: [{pr: 1}], started_at: soon, started_at: late",
    )

    lines = [problem.split(": ")[0] for problem in problems_of(tmp_path, text)]

    assert lines == ["4:35", "4:53", "5:25", "5:30", "6:10", "6:43", "6:49"]


@pytest.mark.parametrize("field", keys.INCIDENT.fields, ids=lambda field: field.key)
def test_every_key_of_an_incident_is_checked_and_in_the_schema(field: keys.Field[object], tmp_path: Path) -> None:
    others = {"id": "A", "fixed": "[{pr: 1}]"} | {field.key: "[[bad]]"}
    text = incidents_text(", ".join(f"{key}: {value}" for key, value in others.items()))

    assert any("4:" in problem for problem in problems_of(tmp_path, text))
    assert not VALIDATOR.is_valid(json_value(text))


def test_the_public_incidents_have_no_problem_and_fit_the_schema() -> None:
    if not PUBLIC.exists():
        pytest.skip("shared/incidents/public.yaml is not beside the checkout")

    check = incident_check(PUBLIC)

    assert (check.problems, check.notes) == ((), ())
    assert [error.message for error in VALIDATOR.iter_errors(json_value(PUBLIC.read_text("utf-8")))] == []


@pytest.mark.parametrize(
    ("second", "is_same"),
    [
        (f'commit: "{SHA_1}"', True),
        (f'commit: "{SHA_1[:8]}"', True),
        ("pr: 7", True),
        (f'commit: "{SHA_4}"', False),
        ("pr: 8", False),
        ("pr: 7, repo: acme/till", False),
    ],
)
def test_two_incidents_with_one_cause_are_a_note_and_no_problem(second: str, is_same: bool, tmp_path: Path) -> None:
    text = incidents_text(f'id: A, introduced: [{{pr: 7, commit: "{SHA_1}"}}]', f"id: B, introduced: [{{{second}}}]")

    check = incident_check(written(tmp_path, text))

    assert check.problems == ()
    assert [note.what for note in check.notes] == ["the incident 'B' names the same cause as 'A'"] * is_same


def test_a_cause_that_is_its_own_fix_is_a_note(tmp_path: Path) -> None:
    text = incidents_text(f'id: A, introduced: [{{commit: "{SHA_1}"}}], fixed: [{{commit: "{SHA_1[:9]}"}}]')

    assert [note.what for note in incident_check(written(tmp_path, text)).notes] == [
        "the incident 'A' names one change both as its cause and as its fix"
    ]


def test_incidents_that_name_each_others_fix_as_their_cause_are_a_note_for_each(tmp_path: Path) -> None:
    text = incidents_text(
        f'id: A, introduced: [{{commit: "{SHA_1}"}}], fixed: [{{commit: "{SHA_4}"}}]',
        f'id: B, introduced: [{{commit: "{SHA_4}"}}], fixed: [{{commit: "{SHA_1}"}}]',
    )

    said = [note.what for note in incident_check(written(tmp_path, text)).notes]

    assert said == [
        "the incidents 'A' and 'B' name each other's fix as their cause",
        "the incidents 'B' and 'A' name each other's fix as their cause",
    ]


def test_a_fix_that_caused_another_incident_is_no_circle(tmp_path: Path) -> None:
    text = incidents_text(
        f'id: A, introduced: [{{commit: "{SHA_1}"}}], fixed: [{{commit: "{SHA_4}"}}]',
        f'id: B, introduced: [{{commit: "{SHA_4}"}}]',
    )

    assert incident_check(written(tmp_path, text)).notes == ()


def test_an_end_before_the_start_is_a_note(tmp_path: Path) -> None:
    text = incidents_text(f"{OK}, started_at: 2026-03-04, resolved_at: 2026-03-03")

    assert [note.what for note in incident_check(written(tmp_path, text)).notes] == [
        "the incident 'A' was resolved before it started"
    ]


@given(st.from_regex(r"[A-Za-z0-9._/ -]{1,12}", fullmatch=True) | st.text(max_size=12))
@example("acme/.github")
@example("acme/-")
@example("acme/..")
@example("-acme/shop")
def test_the_name_of_a_repository_is_what_the_domain_says_it_is(text: str) -> None:
    try:
        expected = RepoName.parse(text)
    except ValueError:
        expected = None

    assert Repository().read(Scalar(text, False, 1, 1), ProblemList("x.yaml")) == expected


def unknown_keys(count: int) -> str:
    return "\n".join(f"key{number}: 1" for number in range(count))


def bad_incidents(count: int) -> str:
    return incidents_text(*["id: A, x: 1"] * count)


def many_incidents(count: int) -> str:
    return incidents_text(*[f"id: A{number}, fixed: [{{pr: {number + 1}}}]" for number in range(count)])


def one_cause_many_times(count: int) -> str:
    return incidents_text("id: A, introduced: [" + "{pr: 1}, " * count + "]")


def steps_of(path: Path) -> int:
    """How many calls checking this file takes: the same on every machine, however busy it is."""
    counted = itertools.count()

    def count(_frame: object, event: str, _argument: object) -> None:
        if event in ("call", "c_call"):
            next(counted)

    sys.setprofile(count)
    try:
        incident_check(path)
    finally:
        sys.setprofile(None)
    return next(counted)


@pytest.mark.parametrize("made", [unknown_keys, bad_incidents, many_incidents, one_cause_many_times])
def test_a_file_of_twice_the_size_takes_twice_the_work(made: Callable[[int], str], tmp_path: Path) -> None:
    small = steps_of(written(tmp_path, made(1_500)))
    large = steps_of(written(tmp_path, made(3_000)))

    assert large <= 2.2 * small


@pytest.mark.parametrize("made", [unknown_keys, bad_incidents, many_incidents, one_cause_many_times])
def test_a_file_of_the_largest_size_ends_in_a_list_that_can_be_read(made: Callable[[int], str], tmp_path: Path) -> None:
    check = incident_check(written(tmp_path, made(25_000)))

    assert len(check.problems) <= 1_100


@given(text=st.lists(st.sampled_from(FULL.split("\n")), max_size=20).map("\n".join))
def test_any_arrangement_of_lines_ends_in_a_list_of_problems(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = written(tmp_path_factory.getbasetemp(), text)

    problems = check_incidents(path)

    try:
        load_answers(path)
        load_exposures(path)
    except FileProblems as refused:
        assert set(refused.problems) <= set(problems)
    else:
        assert all("is the cause of the incident" in problem.what for problem in problems)
