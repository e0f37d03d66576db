"""The file of people's labels, and what they change in verdicts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reviewbot.domain.finding import Finding
from reviewbot.domain.incident import LocationClass, Verdict
from reviewbot.domain.replay import CaseVerdict, Judgement, Label
from reviewbot.domain.review import Stage
from reviewbot.errors import InputError, StoreError
from reviewbot.pipelines.judge.labelling import labels_of_others, questions, with_labels
from reviewbot.retro.labels import HumanLabel, add_label, finding_digest, labels_file, load_labels
from tests.engine.builders import finding

HIT, PARTIAL, MISS = Label.HIT, Label.PARTIAL, Label.MISS
MANY = [finding(title=f"Remark {number}") for number in range(60)]
INCIDENTS = """schema_version: "1.0"
incidents:
  - {id: INC-1, root_cause: it broke, introduced: [{commit: "%s", repo: a/b}]}
""" % ("a" * 40)


def judgement(one: Finding, label: Label, stage: Stage | None = None) -> Judgement:
    return Judgement(one, label, LocationClass.SAME_FILE, stage)


def verdict(*judgements: Judgement, overall: Verdict = Verdict.MISSED, case: str = "INC-1") -> CaseVerdict:
    return CaseVerdict(case, "llm", 1, overall, LocationClass.SAME_FILE, judgements=judgements)


def human(one: Finding, label: Label, case: str = "INC-1", by: str = "ada") -> HumanLabel:
    assert label in (HIT, PARTIAL, MISS)
    return HumanLabel(case, finding_digest(one), label, by, "2026-01-01T00:00:00+00:00", one.title)


def laid(before: CaseVerdict, *labels: HumanLabel) -> CaseVerdict:
    return with_labels([before], {label.key: label for label in labels})[0]


def test_labels_are_beside_their_incidents() -> None:
    assert labels_file(Path("a/incidents.yaml")) == Path("a/incidents.labels.jsonl")


def test_what_is_added_is_read_back_and_the_last_label_of_a_finding_holds(tmp_path: Path) -> None:
    path = tmp_path / "incidents.labels.jsonl"
    for label in (human(MANY[0], MISS), human(MANY[1], PARTIAL), human(MANY[0], HIT, by="bob")):
        add_label(path, label)

    known = load_labels(path)

    assert {key[1]: (label.label, label.by) for key, label in known.items()} == {
        finding_digest(MANY[0]): (HIT, "bob"),
        finding_digest(MANY[1]): (PARTIAL, "ada"),
    }


def test_no_file_is_no_labels(tmp_path: Path) -> None:
    assert load_labels(tmp_path / "none.jsonl") == {}


@pytest.mark.parametrize(
    "row", ['{"case": "INC-1"}', "rubbish", '{"case":"a","finding":"b","label":"unjudged","by":"c","at":"d"}', "\xff"]
)
def test_a_bad_row_is_named_with_its_line(tmp_path: Path, row: str) -> None:
    path = tmp_path / "l.jsonl"
    add_label(path, human(MANY[0], HIT))
    path.write_bytes(path.read_bytes() + b"\n" + row.encode("latin-1") + b"\n")

    with pytest.raises(InputError, match=r"l\.jsonl:3: not a label: .*correct or delete it"):
        load_labels(path)


def test_a_folder_in_the_place_of_the_file_is_said_clearly(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_labels(tmp_path)
    with pytest.raises(StoreError, match="cannot be written"):
        add_label(tmp_path, human(MANY[0], HIT))


def test_the_digest_is_of_what_is_said_and_where_and_of_nothing_else() -> None:
    one = finding()

    assert finding_digest(replace(one, reviewer="other", confidence=0.01)) == finding_digest(one)
    assert finding_digest(replace(one, title="Another")) != finding_digest(one)
    assert finding_digest(replace(one, location=None)) != finding_digest(one)


def test_a_label_makes_a_miss_a_catch_and_a_catch_a_miss() -> None:
    missed = verdict(judgement(MANY[0], MISS), judgement(MANY[1], MISS))
    caught = verdict(judgement(MANY[0], HIT), judgement(MANY[1], MISS), overall=Verdict.CAUGHT)

    assert laid(missed, human(MANY[1], HIT)).verdict is Verdict.CAUGHT
    after = laid(caught, human(MANY[0], PARTIAL))
    assert after.verdict is Verdict.PARTIAL
    assert after.decisive is not None and (after.decisive.finding, after.decisive.labelled_by) == (MANY[0], "ada")


def test_what_no_judge_could_judge_is_settled_once_all_of_it_is_labelled() -> None:
    unjudged = verdict(judgement(MANY[0], Label.UNJUDGED), judgement(MANY[1], Label.UNJUDGED), overall=Verdict.UNJUDGED)

    assert laid(unjudged, human(MANY[0], MISS)).verdict is Verdict.UNJUDGED
    assert laid(unjudged, human(MANY[0], MISS), human(MANY[1], MISS)).verdict is Verdict.MISSED
    assert laid(unjudged, human(MANY[0], HIT)).verdict is Verdict.CAUGHT


def test_the_stage_that_lost_it_follows_the_labels() -> None:
    lost = replace(verdict(judgement(MANY[0], MISS), judgement(MANY[1], HIT, Stage.VERIFY)), lost_at=Stage.VERIFY)

    assert laid(lost, human(MANY[1], MISS)).lost_at is None
    assert laid(lost, human(MANY[0], HIT)).lost_at is None
    assert laid(lost, human(MANY[0], PARTIAL)).lost_at is Stage.VERIFY


def test_labels_of_other_cases_change_nothing() -> None:
    before = verdict(judgement(MANY[0], MISS))
    label = human(MANY[0], HIT, case="INC-2")

    assert laid(before, label) == before
    assert labels_of_others([before], {label.key: label}) == 1
    assert labels_of_others([before], {}) == 0


def test_hits_and_a_third_of_the_misses_are_asked_about_in_an_order_that_tells_nothing(tmp_path: Path) -> None:
    file = tmp_path / "incidents.yaml"
    file.write_text(INCIDENTS)
    said = [judgement(one, HIT if number < 10 else MISS) for number, one in enumerate(MANY)]
    held = [judgement(finding(title="held"), HIT, Stage.VERIFY)]

    asked = questions([verdict(*said, *held)], file)

    titles = [one.finding.title for one in asked]
    assert {f"Remark {number}" for number in range(10)} <= set(titles)
    assert 8 <= len(titles) - 10 <= 26, "about a third of 50 misses"
    assert "held" not in titles
    assert titles == [one.finding.title for one in questions([verdict(*reversed(said))], file)]
    assert titles != sorted(titles)
