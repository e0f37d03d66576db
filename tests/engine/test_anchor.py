from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.diff import Side
from reviewbot.domain.finding import Location
from reviewbot.engine.anchor import anchor
from tests.engine.builders import diff, file_diff, finding

CHANGE = diff(
    file_diff(
        "app.py", 10, " def pay(order):", "-    if order is None:", "-        return", "+    total = order.total", " "
    ),
    file_diff("other.py", 1, "+RETRIES = 5"),
)
SOURCES = {
    "app.py": ("import os",) * 9 + ("def pay(order):", "    total = order.total", ""),
    "far.py": ("x = 1", "y = 2"),
}


def source_lines(path: str, side: Side) -> tuple[str, ...] | None:
    return SOURCES.get(path)


def placed(*findings):
    result = anchor(findings, CHANGE, source_lines)
    return [one.location for one in result.findings], [one.reason for one in result.held_back]


def test_a_finding_on_a_changed_line_stays_there():
    assert placed(finding(lines=(11, 11))) == ([Location("app.py", 11, 11)], [])


def test_the_text_of_the_line_is_kept_for_the_fingerprint():
    result = anchor([finding(lines=(11, 11))], CHANGE, source_lines)

    assert result.findings[0].anchor_text == "    total = order.total"


def test_a_quote_decides_over_a_wrong_line_number():
    assert placed(finding(lines=(400, 400), quote="total = order.total")) == ([Location("app.py", 11, 11)], [])


def test_a_quote_of_a_removed_line_leads_to_the_left_side():
    assert placed(finding(lines=(11, 11), quote="if order is None:")) == ([Location("app.py", 11, 11, Side.LEFT)], [])


def test_a_range_is_kept_where_it_holds_the_quoted_line():
    assert placed(finding(lines=(10, 11), quote="total = order.total")) == ([Location("app.py", 10, 11)], [])


def test_a_range_that_leaves_the_hunk_is_cut_to_it():
    assert placed(finding(lines=(8, 40))) == ([Location("app.py", 10, 12)], [])


def test_git_prefixes_of_a_path_are_forgiven():
    assert placed(finding(path="b/app.py", lines=(11, 11))) == ([Location("app.py", 11, 11)], [])


def test_a_line_just_beside_the_hunk_snaps_to_the_nearest_change():
    assert placed(finding(path="other.py", lines=(3, 3))) == ([Location("other.py", 1, 1)], [])


def test_a_finding_in_the_wrong_file_moves_to_the_only_file_with_its_quote():
    assert placed(finding(path="nowhere.py", lines=(5, 5), quote="RETRIES = 5"))[1] == [
        "names a file that the change does not have: nowhere.py"
    ]
    assert placed(finding(path="app.py", lines=(5, 5), quote="RETRIES = 5")) == ([Location("other.py", 1, 1)], [])


def test_a_consumer_outside_the_diff_keeps_its_place():
    assert placed(finding(path="far.py", lines=(2, 2), quote="y = 2")) == ([Location("far.py", 2, 2)], [])


def test_an_invented_quote_is_held_back():
    assert placed(finding(lines=(11, 11), quote="os.system(everything)")) == (
        [],
        ["quotes a line that stands nowhere in the file"],
    )


def test_a_line_beyond_the_file_is_held_back():
    assert placed(finding(path="far.py", lines=(90, 90))) == ([], ["names line 90 of a file of 2 lines"])


def test_a_finding_without_a_place_is_found_by_its_quote_or_held_back():
    assert placed(finding(path=None, quote="RETRIES = 5")) == ([Location("other.py", 1, 1)], [])
    assert placed(finding(path=None)) == ([], ["names no place in the change"])


@given(
    st.lists(
        st.builds(
            lambda path, first, length, side, quote: finding(
                path=path, lines=(first, first + length), side=side, quote=quote
            ),
            st.sampled_from(["app.py", "a/app.py", "other.py", "far.py", "none.py", None, "ünder/../x"]),
            st.integers(1, 500),
            st.integers(0, 60),
            st.sampled_from(list(Side)),
            st.one_of(st.just(""), st.text(max_size=30), st.sampled_from(["return", "y = 2", "def pay(order):"])),
        ),
        max_size=8,
    )
)
def test_anchoring_loses_nothing_and_every_place_exists(findings):
    result = anchor(findings, CHANGE, source_lines)

    titles = [one.title for one in result.findings] + [one.finding.title for one in result.held_back]
    assert len(titles) == len(findings)
    for one in result.findings:
        assert one.location is not None
        shown = CHANGE.commentable(one.location.path, one.location.first_line, one.location.side)
        assert shown or one.location.last_line <= len(SOURCES[one.location.path])
