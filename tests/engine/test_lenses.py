"""The rules of choosing: which lenses a change gets, and how much work is made of it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from reviewbot.dialogue import load_prompt
from reviewbot.domain.diff import FileDiff
from reviewbot.domain.effort import Effort
from reviewbot.engine.effort import plan_for
from reviewbot.engine.kinds_of_change import kinds_of_change
from reviewbot.engine.lenses import INTENT, LENSES, fitting_lenses
from tests.engine.builders import file_diff


def best(*files: FileDiff, among: int = 3) -> list[str]:
    return [lens.name for lens in fitting_lenses(kinds_of_change(files))][:among]


def code(lines: int, path: str = "app.py") -> FileDiff:
    return file_diff(path, 1, *(f"+    total_{number} = price_{number} * 2" for number in range(lines)))


@pytest.mark.parametrize("lens", [*LENSES, INTENT], ids=lambda lens: lens.name)
def test_every_lens_is_a_short_prompt_file_of_its_own(lens):
    file = load_prompt(lens.prompt)

    assert file.text.startswith("Lens: ")
    assert 600 < len(file.text) < 1_800


@pytest.mark.parametrize(
    ("lens", "changed"),
    [
        ("removed-code", file_diff("app.py", 1, "-    if order is None:", "-        return", "     total = 1")),
        ("small-change", file_diff("deploy/values.yaml", 4, "-  replicas: 3", "+  replicas: 1")),
        ("small-change", file_diff("requirements.txt", 4, "-django==4.2", "+django==5.0")),
        ("data-rollout", file_diff("db/migrations/0007_names.py", 1, "+    op.add_column('users', name)")),
        ("data-rollout", file_diff("store.py", 1, "-CACHE_KEY = 'v1'", "+CACHE_KEY = 'v2'")),
        ("front-end", file_diff("web/Cart.tsx", 1, *("+  const [open, setOpen] = useState(false)",) * 20)),
        ("concurrency", file_diff("pool.go", 1, *("+\tmu.Lock()", "+\tgo worker(queue)", "+\tmu.Unlock()") * 5)),
        ("error-paths", file_diff("io.py", 1, *("+    try:", "+        open(path)", "+    except OSError:") * 5)),
        ("numbers-time", file_diff("clock.py", 1, *("+    timeout_ms = seconds * 1000",) * 15)),
        ("security", file_diff("login.py", 1, *("+    session['token'] = password",) * 15)),
        ("contracts", file_diff("api.py", 1, *("+    def fetch(self, option=None):",) * 15)),
    ],
)
def test_a_change_gets_the_lens_that_has_something_to_look_at(lens: str, changed: FileDiff):
    assert lens in best(changed)


def test_prose_and_tests_get_no_lens():
    assert best(file_diff("README.md", 1, "+try the lock"), file_diff("tests/test_app.py", 1, "+assert lock")) == []


def test_the_lens_that_sees_claims_is_chosen_for_deep_reviews_of_changes_with_claims_alone():
    def has_intent(effort: Effort, has_claims: bool) -> bool:
        plan = plan_for(effort, [code(40)], has_claims)
        return any(lens is INTENT for lenses in plan.lens_passes for lens in lenses)

    assert has_intent(Effort.DEEP, True)
    assert not has_intent(Effort.DEEP, False)
    assert not has_intent(Effort.STANDARD, True)


@pytest.mark.parametrize(
    ("expected", "files"),
    [
        (Effort.QUICK, [file_diff("README.md", 1, "+words")]),
        (Effort.QUICK, [file_diff("tests/test_app.py", 1, "+assert True")]),
        (Effort.STANDARD, [code(40)]),
        (Effort.STANDARD, [file_diff("src/auth/token.py", 1, "+ttl = 5")]),
        (Effort.DEEP, [code(500)]),
        (Effort.DEEP, [code(5, f"part{number}/app.py") for number in range(8)]),
        (Effort.DEEP, [code(60, "src/auth/token.py")]),
    ],
)
def test_auto_goes_by_size_reach_and_place(expected: Effort, files: list[FileDiff]):
    assert plan_for(Effort.AUTO, files, has_claims=False).effort is expected


def test_each_tier_spends_at_least_what_the_one_below_it_spends():
    plans = [plan_for(effort, [code(40)], True) for effort in (Effort.QUICK, Effort.STANDARD, Effort.DEEP)]

    for less, more in pairwise(plans):
        assert len(less.lens_passes) <= len(more.lens_passes)
        assert less.refuted < more.refuted
        assert less.has_gap_pass <= more.has_gap_pass
