from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reviewbot.domain.diff import Side
from reviewbot.domain.finding import Location
from reviewbot.domain.repository import RepoName
from reviewbot.errors import FileProblems
from reviewbot.retro.answers import (
    AnswerKey,
    ChangeRef,
    ControlKey,
    Denominators,
    Reference,
    load_answers,
)
from reviewbot.retro.exposures import load_exposures
from reviewbot.retro.incident_keys import CauseType, Confidence, ReferenceType, Split
from tests.retro.incident_texts import FULL, SHA_1, SHA_2, SHA_3, incidents_text

SHOP = RepoName("acme", "shop")
PUBLIC = Path(__file__).parents[3] / "shared" / "incidents" / "public.yaml"


def written(directory: Path, text: str) -> Path:
    path = directory / "incidents.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def one_answer(directory: Path, entry: str) -> AnswerKey:
    return load_answers(written(directory, incidents_text(f"id: INC-1, {entry}"))).incidents[0]


def test_every_key_of_an_incident_is_read(tmp_path: Path) -> None:
    found = load_answers(written(tmp_path, FULL))

    assert found.incidents[0] == AnswerKey(
        id="INC-123",
        repo=SHOP,
        name="Checkout double-charges on retry",
        severity="sev1",
        started_at=datetime(2026, 3, 4, 14, 2, tzinfo=UTC),
        detected_at=datetime(2026, 3, 4, 14, 10, tzinfo=UTC),
        resolved_at=datetime(2026, 3, 5, tzinfo=UTC),
        services=("checkout",),
        summary="Retried payment intents were charged twice for 41 minutes.",
        root_cause="charge() makes a new idempotency key on every retry, so the gateway sees a new charge.",
        category="concurrency",
        cause_type=CauseType.CODE,
        introduced=(ChangeRef(SHOP, SHA_1, 4821, "human", Confidence.CONFIRMED),),
        fixed=(ChangeRef(SHOP, SHA_2, 4907),),
        locations=(Location("payments/charge.py", 88, 97, Side.RIGHT),),
        references=(Reference("https://app.example/INC-123", ReferenceType.REPORT),),
        split=Split.HELD_OUT,
        labels={"team": "payments"},
    )
    assert found.incidents[1].excluded == "not-code"
    assert found.controls == (ControlKey("quiet-1", SHOP, SHA_3), ControlKey("quiet-2", SHOP, None, 12))
    assert found.severity_scale == ("sev1", "sev2", "sev3")
    assert found.denominators == Denominators(incidents=2, code_cause=1, linked=1)


@pytest.mark.parametrize(
    ("entry", "has_code_cause"),
    [
        ("cause_type: code, fixed: [{pr: 1}]", True),
        ("cause_type: config, fixed: [{pr: 1}]", True),
        ("cause_type: data, fixed: [{pr: 1}]", True),
        ("cause_type: dependency, fixed: [{pr: 1}]", True),
        ("cause_type: infra, introduced: [{pr: 1}]", False),
        ("cause_type: capacity", False),
        ("cause_type: external", False),
        ("cause_type: human", False),
        ("cause_type: unknown", False),
        ("cause_type: unknown, introduced: [{pr: 1}]", True),
        ("introduced: [{pr: 1}]", True),
        ("fixed: [{pr: 1}]", False),
        ("cause_type: code, introduced: [{pr: 1}], exclude: {reason: duplicate}", False),
    ],
)
def test_the_cause_type_decides_and_where_it_is_unset_the_culprit_does(
    entry: str, has_code_cause: bool, tmp_path: Path
) -> None:
    assert one_answer(tmp_path, entry).has_code_cause is has_code_cause


@pytest.mark.parametrize(
    ("written_as", "moment"),
    [
        ("2026-03-04T14:02:00Z", datetime(2026, 3, 4, 14, 2, tzinfo=UTC)),
        ('"2026-03-04 14:02+01:00"', datetime(2026, 3, 4, 13, 2, tzinfo=UTC)),
        ("2026-03-04T14:02:00.250z", datetime(2026, 3, 4, 14, 2, 0, 250_000, tzinfo=UTC)),
        ("2026-03-04T14:02:00.123456789Z", datetime(2026, 3, 4, 14, 2, 0, 123_456, tzinfo=UTC)),
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_into_utc_and_a_date_is_its_midnight(
    written_as: str, moment: datetime, tmp_path: Path
) -> None:
    assert one_answer(tmp_path, f"fixed: [{{pr: 1}}], started_at: {written_as}").started_at == moment


@pytest.mark.parametrize(
    "written_as",
    [
        "2026-03-04T14:02:00",
        "yesterday",
        "2026-02-30",
        "2026-03-04T25:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "1772633000",
    ],
)
def test_a_moment_without_offset_or_out_of_the_calendar_is_refused(written_as: str, tmp_path: Path) -> None:
    with pytest.raises(
        FileProblems, match=r":4:47: .* is not a timestamp.*expected 2026-03-04T14:02:00Z, with an offset"
    ):
        one_answer(tmp_path, f"fixed: [{{pr: 1}}], started_at: {written_as}")


def test_plain_words_that_yaml_would_convert_stay_text(tmp_path: Path) -> None:
    key = one_answer(tmp_path, "fixed: [{pr: 1}], name: 404, category: no, severity: 1, labels: {fresh: true, n: 1.10}")

    assert (key.name, key.category, key.severity) == ("404", "no", "1")
    assert key.labels == {"fresh": "true", "n": "1.10"}


def test_empty_keys_are_missing_keys(tmp_path: Path) -> None:
    key = one_answer(tmp_path, "fixed: [{pr: 1}], name: , severity: ~, locations: null, split: null")

    assert (key.name, key.severity, key.locations, key.split) == ("", "", (), None)


def test_a_location_of_one_line_needs_no_end_and_no_side(tmp_path: Path) -> None:
    key = one_answer(tmp_path, "fixed: [{pr: 1}], locations: [{path: a b.py, start_line: 7}]")

    assert key.locations == (Location("a b.py", 7, 7, Side.RIGHT),)


def test_without_a_scale_the_severities_in_use_are_ordered_worst_first(tmp_path: Path) -> None:
    entries = [
        f"id: I{n}, cause_type: human, severity: {word}" for n, word in enumerate(("low", "sev2", "high", "sev1"))
    ]

    assert load_answers(written(tmp_path, incidents_text(*entries))).severity_scale == ("high", "low", "sev1", "sev2")


def test_both_doors_use_the_same_cases(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        incidents_text(
            "id: A, introduced: [{pr: 1}, {pr: 2}]",
            "id: B, introduced: [{pr: 3}], cause_type: human",
            "id: C, fixed: [{pr: 4}]",
            "id: D, introduced: [{pr: 5}], cause_type: dependency",
        ),
    )

    by_case = load_answers(path).by_case

    assert list(by_case) == [exposure.case for exposure in load_exposures(path).exposures] == ["A", "A#2", "D"]
    assert by_case["A#2"].id == "A"


def test_the_public_incidents_have_a_cause_a_fix_and_a_place() -> None:
    if not PUBLIC.exists():
        pytest.skip("shared/incidents/public.yaml is not beside the checkout")

    found = load_answers(PUBLIC)

    assert found.denominators == Denominators(46, 46, 46)
    assert all(key.root_cause and key.fixed and key.locations for key in found.incidents)
    assert found.severity_scale == ("high", "medium", "low")
