from __future__ import annotations

from pathlib import Path

import pytest

from reviewbot.domain.repository import RepoName, Sha
from reviewbot.errors import InputError
from reviewbot.retro.answers import ChangeRef, load_answers
from reviewbot.retro.incident_edit import cause_entry, with_cause
from reviewbot.retro.incident_keys import Confidence
from tests.retro.incident_texts import SHA_1

ENTRY = cause_entry(Sha(SHA_1), 12, "human", Confidence.CONFIRMED)
LINE = f'introduced: [{{commit: "{SHA_1}", pr: 12, source: human, confidence: confirmed}}]'
HEAD = 'schema_version: "1.0"  # ours\ndefaults: {repo: acme/shop}\nincidents:\n'


def edited(text: str, incident_id: str = "A") -> str:
    return with_cause(text, "incidents.yaml", incident_id, ENTRY)


FIX = "fixed: [{pr: 1}]"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f'- id: A # 1\n  name: "x"\n\n  {FIX} # 2\n', f'- id: A # 1\n  name: "x"\n\n  {LINE}\n  {FIX} # 2\n'),
        (f"  - {{id: A, {FIX}}} # flow\n", f"  - {{id: A, {LINE}, {FIX}}} # flow\n"),
        (f"-   {FIX}\n    id: A\n", f"-   {LINE}\n    {FIX}\n    id: A\n"),
        (f"- id: A\n  introduced: [ ]  # none yet\n  {FIX}\n", f"- id: A\n  {LINE}  # none yet\n  {FIX}\n"),
        (f"- id: A\n  introduced:\n  {FIX}\n", f"- id: A\n  {LINE}\n  {FIX}\n"),
        (f"- id: A\n  introduced: null # soon\n  {FIX}\n", f"- id: A\n  {LINE} # soon\n  {FIX}\n"),
        (f"- id: B\n  {FIX}\n- id: A\n  {FIX}", f"- id: B\n  {FIX}\n- id: A\n  {LINE}\n  {FIX}"),
        (f'- id: A\n  name: "é\u2028  x"\n  {FIX}\n', f'- id: A\n  name: "é\u2028  x"\n  {LINE}\n  {FIX}\n'),
    ],
    ids=["block", "flow", "first key", "empty list", "nothing", "null", "second incident", "odd line ends"],
)
def test_the_cause_stands_where_a_person_would_write_it_and_all_else_stays(before: str, after: str):
    assert edited(HEAD + before) == HEAD + after


def test_line_ends_of_another_system_stay():
    text = (HEAD + "- id: A\n  fixed: [{pr: 1}]\n").replace("\n", "\r\n")

    assert edited(text) == (HEAD + f"- id: A\n  {LINE}\n  fixed: [{{pr: 1}}]\n").replace("\n", "\r\n")


def test_what_was_written_is_read_again_as_the_cause(tmp_path: Path):
    path = tmp_path / "incidents.yaml"
    entry = cause_entry(Sha(SHA_1), None, "blame", Confidence.LIKELY, RepoName("acme", "till"))
    path.write_text(with_cause(HEAD + "- id: A\n  fixed: [{pr: 1}]\n", "f", "A", entry))

    (incident,) = load_answers(path).incidents

    assert incident.introduced == (ChangeRef(RepoName("acme", "till"), SHA_1, None, "blame", Confidence.LIKELY),)


@pytest.mark.parametrize(
    "text", ["- id: B\n  fixed: [{pr: 1}]\n", "- id: A\n  introduced: [{pr: 3}]\n  fixed: [{pr: 1}]\n"]
)
def test_what_cannot_be_completed_says_what_to_write_by_hand(text: str):
    with pytest.raises(InputError, match="A cannot be completed in place; write `introduced: "):
        edited(HEAD + text)
