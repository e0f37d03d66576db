from __future__ import annotations

import gc
import subprocess
import sys
import types
from pathlib import Path

import pytest

from reviewbot.domain.incident import CaseKind, Exposure
from reviewbot.domain.repository import RepoName
from reviewbot.errors import FileProblems
from reviewbot.retro.exposures import ControlRule, RepositoryPlace, load_exposures
from tests.retro.incident_texts import FULL, SHA_1, SHA_2, SHA_3, incidents_text

SHOP = RepoName("acme", "shop")
PUBLIC = Path(__file__).parents[3] / "shared" / "incidents" / "public.yaml"


def written(directory: Path, text: str) -> Path:
    path = directory / "incidents.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def reachable_texts(start: object) -> set[str]:
    """Every text and byte string that can be got at from an object, classes and code apart."""
    seen, waiting, texts = set(), [start], set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type | types.ModuleType | types.FunctionType):
            continue
        seen.add(id(one))
        if isinstance(one, str | bytes):
            texts.add(one if isinstance(one, str) else one.decode("utf-8", "replace"))
        waiting.extend(gc.get_referents(one))
    return texts


def test_a_file_becomes_the_changes_to_replay_and_where_to_find_them(tmp_path: Path) -> None:
    found = load_exposures(written(tmp_path, FULL))

    assert found.exposures == (
        Exposure("INC-123", SHOP, SHA_1, 4821),
        Exposure("quiet-1", SHOP, SHA_3),
        Exposure("quiet-2", SHOP, None, 12),
    )
    assert found.kinds == {
        "INC-123": CaseKind.INCIDENT,
        "quiet-1": CaseKind.CONTROL,
        "quiet-2": CaseKind.CONTROL,
    }
    assert found.repositories == {
        SHOP: RepositoryPlace(path=tmp_path / "../shop.git"),
        RepoName("acme", "till"): RepositoryPlace(url="https://git.example/acme/till.git"),
    }
    assert found.default_repo == SHOP
    assert found.auto_controls == ControlRule()


def test_nothing_that_can_be_reached_from_exposures_is_an_answer(tmp_path: Path) -> None:
    answers = ["double-charges", "sev1", "2026-03", "14:02", "idempotency", "41 minutes", "concurrency", "4907", SHA_2]
    answers += ["payments", "charge.py", "app.example", "held-out", "Region", "external", "not-code", "INC-124"]
    assert all(answer in FULL for answer in answers)

    texts = reachable_texts(load_exposures(written(tmp_path, FULL)))

    assert "INC-123" in texts and SHA_1 in texts
    assert [answer for answer in answers if any(answer in text for text in texts)] == []


def test_importing_exposures_does_not_import_answers() -> None:
    program = "import sys, reviewbot.retro.exposures; sys.exit('reviewbot.retro.answers' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2]).returncode == 0


def test_several_causes_of_an_incident_are_several_cases(tmp_path: Path) -> None:
    text = incidents_text("id: INC-1, introduced: [{pr: 1}, {pr: 2, repo: acme/till}, {pr: 3}]")

    found = load_exposures(written(tmp_path, text))

    assert [(one.case, str(one.repo), one.pull) for one in found.exposures] == [
        ("INC-1", "acme/shop", 1),
        ("INC-1#2", "acme/till", 2),
        ("INC-1#3", "acme/shop", 3),
    ]


@pytest.mark.parametrize(
    ("entry", "is_replayed"),
    [
        ("introduced: [{pr: 1}]", True),
        ("introduced: [{pr: 1}], cause_type: unknown", True),
        ("introduced: [{pr: 1}], cause_type: config", True),
        ("introduced: [{pr: 1}], cause_type: infra", False),
        ("introduced: [{pr: 1}], exclude: {reason: not-code}", False),
        ("fixed: [{pr: 1}]", False),
    ],
)
def test_only_incidents_with_a_code_cause_and_a_culprit_are_replayed(
    entry: str, is_replayed: bool, tmp_path: Path
) -> None:
    found = load_exposures(written(tmp_path, incidents_text(f"id: INC-1, {entry}")))

    assert bool(found.exposures) is is_replayed


def test_a_sha_is_kept_in_lower_case_and_may_be_abbreviated(tmp_path: Path) -> None:
    found = load_exposures(written(tmp_path, incidents_text('id: INC-1, introduced: [{commit: "9F1C2AB"}]')))

    assert found.exposures[0].commit == "9f1c2ab"


def test_the_repository_is_that_of_the_change_then_of_the_incident_then_the_default(tmp_path: Path) -> None:
    text = incidents_text(
        "id: A, introduced: [{pr: 1}]",
        "id: B, repo: acme/b, introduced: [{pr: 1}, {pr: 2, repo: acme/c}]",
    )

    found = load_exposures(written(tmp_path, text))

    assert [str(one.repo) for one in found.exposures] == ["acme/shop", "acme/b", "acme/c"]


def test_a_change_without_any_repository_is_refused_where_it_stands(tmp_path: Path) -> None:
    path = written(tmp_path, incidents_text("id: A, introduced: [{pr: 1}]", head=""))

    with pytest.raises(FileProblems) as refused:
        load_exposures(path)

    assert str(refused.value).startswith(f"{path}:3:26: no repository is named for this change; expected repo:")


def test_the_second_case_of_an_incident_may_not_have_the_name_of_another(tmp_path: Path) -> None:
    text = incidents_text("id: A, introduced: [{pr: 1}, {pr: 2}]", "id: A#2, introduced: [{pr: 3}]")

    with pytest.raises(FileProblems, match="'A#2' stands twice, first in line 4"):
        load_exposures(written(tmp_path, text))


def test_a_bad_answer_does_not_keep_the_replay_from_its_changes(tmp_path: Path) -> None:
    text = incidents_text("id: A, introduced: [{pr: 1}], started_at: yesterday, split: both")

    assert len(load_exposures(written(tmp_path, text)).exposures) == 1


def test_the_public_incidents_are_read() -> None:
    if not PUBLIC.exists():
        pytest.skip("shared/incidents/public.yaml is not beside the checkout")

    found = load_exposures(PUBLIC)

    kinds = list(found.kinds.values())
    assert (kinds.count(CaseKind.INCIDENT), kinds.count(CaseKind.CONTROL)) == (46, 21)
    assert not any("root" in text or "reverseproxy" in text for text in reachable_texts(found))
