"""Every fault that reviewbot must survive has a test that bears its number, and the page in docs/ says which."""

from __future__ import annotations

from pathlib import Path

from tests.faults import ATTACKS, FAULTS, PAGE, UNTESTED, fault_page, numbered_tests

NUMBERS = [number for titles in FAULTS.values() for number in titles]
# Faults that still wait for a test. Whoever writes one takes its number out of here; nothing is ever added.
MISSING: set[str] = set()
A_TEST_FILE = """
def test_f42_f43_a_lost_answer_is_looked_for(): ...
def test_a_name_like_off42_or_f421x_is_no_number(): ...
def f01_what_pytest_does_not_run(): ...
class TestReading:
    async def test_s05_a_look_alike_is_nobody(self): ...
class Machine(RuleBasedStateMachine):
    @rule(number=integers())
    def f60_the_process_dies(self, number): ...
    @invariant()
    def nothing_is_said_twice_f07(self): ...
    def f61_what_hypothesis_does_not_run(self): ...
TestF16AnyOrder = Machine.TestCase
"""


def test_the_page_of_faults_is_what_the_tests_say():
    assert PAGE.read_text(encoding="utf-8") == fault_page(), "docs/faults.md is out of date: run `make faults`"


def test_every_fault_has_a_test_or_a_reason_and_none_has_both():
    tested = numbered_tests()

    neither = {number for number in NUMBERS if number not in tested and number not in UNTESTED}
    both = {number for number in UNTESTED if number in tested}

    assert neither == MISSING, f"test_fault_table.py, MISSING: should be {sorted(neither)}, is {sorted(MISSING)}"
    assert both == set(), "tests/faults.py, UNTESTED: a fault with a test needs no reason"
    assert set(NUMBERS) >= UNTESTED.keys()
    assert all(reason.strip() for reason in UNTESTED.values())


def test_faults_and_attacks_are_numbered_without_a_gap():
    assert [f"F{number:02}" for number in range(1, 71)] == NUMBERS
    assert [f"S{number:02}" for number in range(1, 39)] == list(ATTACKS)


def test_no_test_bears_a_number_that_is_no_fault_and_no_attack():
    unknown = {number: tests for number, tests in numbered_tests().items() if number not in {*NUMBERS, *ATTACKS}}

    assert unknown == {}


def test_numbers_are_read_from_every_kind_of_name_that_is_run(tmp_path: Path):
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "test_one.py").write_text(A_TEST_FILE)

    found = {number: [test.sentence for test in tests] for number, tests in numbered_tests(tmp_path).items()}

    assert found == {
        "F07": ["nothing is said twice"],
        "F16": ["any order"],
        "F42": ["a lost answer is looked for"],
        "F43": ["a lost answer is looked for"],
        "F60": ["the process dies"],
        "S05": ["a look alike is nobody"],
    }


def test_a_test_of_a_fake_shows_nothing_about_the_product(tmp_path: Path):
    (tmp_path / "fakes").mkdir()
    (tmp_path / "fakes" / "test_one.py").write_text(A_TEST_FILE)

    assert numbered_tests(tmp_path) == {}
