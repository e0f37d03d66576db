"""The rules of gathering what surrounds a change."""

from __future__ import annotations

import difflib

from reviewbot.domain.change import Change
from reviewbot.domain.diff import Diff, FileDiff, FileStatus, Hunk, Line, LineKind, Side
from reviewbot.domain.policy import Policy
from reviewbot.engine.context import Context, ContextPiece, PieceKind, gather_context
from reviewbot.engine.pieces import within_budget
from reviewbot.ports import ReviewTask
from reviewbot.testing import MemorySnapshot

FILLER = "".join(f"    step_{number} = {number}\n" for number in range(10))
STORE = f"""\
from shop.prices import price_of


def load_item(key):
{FILLER}    item = price_of(key)
    check_item(item)
    return item


def check_item(item):
    if item is None:
        raise KeyError(item)
"""
PRICES = "def price_of(key):\n    return PRICES[key]\n"
USER = "from shop.store import load_item\n\n\ndef sell(key):\n    return load_item(key)\n"
REPOSITORY = {"shop/store.py": STORE, "shop/prices.py": PRICES, "shop/user.py": USER}


def file_diff(path: str, old: str | None, new: str | None) -> FileDiff:
    """One file's diff with three lines of context, all hunks in one."""
    old_lines, new_lines = (old or "").splitlines(), (new or "").splitlines()
    hunks = []
    matcher = difflib.SequenceMatcher(None, old_lines, new_lines, autojunk=False)
    for group in matcher.get_grouped_opcodes(3):
        lines: list[Line] = []
        for _, old_first, old_end, new_first, new_end in group:
            same = old_lines[old_first:old_end] == new_lines[new_first:new_end]
            if same:
                pairs = zip(range(old_first, old_end), range(new_first, new_end), strict=True)
                lines += [Line(LineKind.CONTEXT, old_lines[o], o + 1, n + 1) for o, n in pairs]
            else:
                lines += [Line(LineKind.REMOVED, old_lines[o], o + 1, None) for o in range(old_first, old_end)]
                lines += [Line(LineKind.ADDED, new_lines[n], None, n + 1) for n in range(new_first, new_end)]
        first, last = group[0], group[-1]
        hunks.append(Hunk(first[1] + 1, last[2] - first[1], first[3] + 1, last[4] - first[3], "", tuple(lines)))
    status = FileStatus.ADDED if old is None else FileStatus.REMOVED if new is None else FileStatus.MODIFIED
    return FileDiff(None if old is None else path, None if new is None else path, status, tuple(hunks))


def task_of(before: dict[str, str], after: dict[str, str]) -> ReviewTask:
    paths = [path for path in sorted(before | after) if before.get(path) != after.get(path)]
    diff = Diff(tuple(file_diff(path, before.get(path), after.get(path)) for path in paths))
    base = MemorySnapshot({path: text.encode() for path, text in before.items()})
    head = MemorySnapshot({path: text.encode() for path, text in after.items()})
    return ReviewTask(Change(diff), head, base, Policy(), tuple(paths))


def gathered(before: dict[str, str], after: dict[str, str], budget_tokens: int = 20_000) -> Context:
    task = task_of(before, after)
    return gather_context(task, task.paths, budget_tokens)


def pieces_of(context: Context, kind: PieceKind) -> list[ContextPiece]:
    return [piece for piece in context.pieces if piece.kind is kind]


def edited(old: str, new: str, path: str = "shop/store.py") -> Context:
    assert old in REPOSITORY[path]
    return gathered(REPOSITORY, {**REPOSITORY, path: REPOSITORY[path].replace(old, new)})


def test_the_whole_function_around_an_added_line_is_given_with_line_numbers() -> None:
    context = edited("    item = price_of(key)\n", "    item = price_of(key.lower())\n")
    (piece,) = pieces_of(context, PieceKind.ENCLOSING)
    assert (piece.symbol, piece.first_line, piece.last_line, piece.side) == ("load_item", 4, 17, Side.RIGHT)
    assert "    4  def load_item(key):" in piece.text
    assert "   15+     item = price_of(key.lower())" in piece.text


def test_the_function_before_the_change_is_given_where_lines_were_removed() -> None:
    context = edited("    check_item(item)\n", "")
    (before,) = pieces_of(context, PieceKind.BEFORE)
    assert (before.side, before.symbol, before.version) == (Side.LEFT, "load_item", "base")
    assert "   16-     check_item(item)" in before.text
    (around,) = pieces_of(context, PieceKind.ENCLOSING)
    assert around.symbol == "load_item" and "check_item(item)\n" not in around.text


def test_a_function_that_vanished_is_given_from_the_base_and_labelled_so() -> None:
    context = edited("def load_item(key):\n", "def fetch_item(key):\n")
    (piece,) = pieces_of(context, PieceKind.VANISHED)
    assert (piece.symbol, piece.side) == ("load_item", Side.LEFT)
    assert "no longer there" in piece.heading and "(base)" in piece.heading


def test_lines_that_still_name_a_removed_function_are_pointed_out() -> None:
    context = edited("def load_item(key):\n", "def fetch_item(key):\n")
    uses = next(piece for piece in pieces_of(context, PieceKind.USES) if piece.symbol == "load_item")
    assert "no longer defined in shop/store.py" in uses.text
    assert "shop/user.py:5: return load_item(key)  (in sell)" in uses.text


def test_code_that_the_hunks_show_completely_is_not_repeated() -> None:
    context = edited("        raise KeyError(item)\n", "        raise LookupError(item)\n")
    assert pieces_of(context, PieceKind.ENCLOSING) == []


def test_a_new_file_is_not_repeated() -> None:
    context = gathered({}, {"new.py": "import os\n\n\ndef f_new():\n    return os.sep\n"})
    assert context == Context()


def test_a_long_function_is_cut_to_its_signature_and_a_window() -> None:
    body = "".join(f"    x{number} = {number}\n" for number in range(300))
    source = f"def long_one(a):\n{body}"
    context = gathered({"a.py": source}, {"a.py": source.replace("x200 = 200", "x200 = 201")})
    (piece,) = pieces_of(context, PieceKind.ENCLOSING)
    assert piece.text.startswith("    1  def long_one(a):\n      …\n")
    assert "x200 = 201" in piece.text and "x221 =" not in piece.text and "x179 =" not in piece.text


def test_plain_text_gets_a_window_of_twenty_lines() -> None:
    text = "".join(f"line {number}\n" for number in range(1, 101))
    context = gathered({"notes.conf": text}, {"notes.conf": text.replace("line 50\n", "line fifty\n")})
    (piece,) = pieces_of(context, PieceKind.ENCLOSING)
    assert (piece.first_line, piece.last_line) == (30, 70)


def test_imports_of_a_changed_file_are_given() -> None:
    (piece,) = pieces_of(edited("price_of(key)\n", "price_of(key, 1)\n"), PieceKind.IMPORTS)
    assert piece.text == "    1  from shop.prices import price_of"


def test_what_a_changed_line_calls_is_shown_where_it_is_defined() -> None:
    context = edited("    item = price_of(key)\n", "    item = price_of(key.lower())\n")
    (piece,) = pieces_of(context, PieceKind.DEFINITION)
    assert (piece.path, piece.symbol, piece.first_line) == ("shop/prices.py", "price_of", 1)
    assert "return PRICES[key]" in piece.text


def test_users_of_a_changed_function_are_listed_with_the_function_they_stand_in() -> None:
    context = edited("    item = price_of(key)\n", "    item = price_of(key.lower())\n")
    (piece,) = [piece for piece in pieces_of(context, PieceKind.USES) if piece.symbol == "load_item"]
    assert piece.text.splitlines()[0] == "shop/user.py:5: return load_item(key)  (in sell)"


def test_at_most_five_users_are_listed_and_the_rest_is_counted() -> None:
    users = {f"shop/user{number}.py": USER for number in range(8)}
    before = {**REPOSITORY, **users}
    after = {**before, "shop/store.py": STORE.replace("price_of(key)\n", "price_of(key, 1)\n")}
    (piece,) = [piece for piece in pieces_of(gathered(before, after), PieceKind.USES) if piece.symbol == "load_item"]
    assert len([line for line in piece.text.splitlines() if ".py:" in line]) == 5
    assert piece.text.splitlines()[-1].startswith("… and ")


def test_vendored_generated_and_minified_files_are_not_quoted() -> None:
    noise = {"vendor/a.py": USER, "web/x.min.js": "load_item()", "CHANGELOG.md": "load_item", "a.lock": "load_item"}
    before = {**REPOSITORY, **noise}
    after = {**before, "shop/store.py": STORE.replace("price_of(key)\n", "price_of(key, 1)\n")}
    quoted = "\n".join(piece.text for piece in gathered(before, after).pieces)
    assert "shop/user.py" in quoted
    assert not any(path in quoted for path in noise)


def test_very_long_lines_are_cut() -> None:
    before = {**REPOSITORY, "shop/long.py": f"load_item({'1 + ' * 500}1)\n"}
    after = {**before, "shop/store.py": STORE.replace("price_of(key)\n", "price_of(key, 1)\n")}
    assert all(len(line) <= 300 for piece in gathered(before, after).pieces for line in piece.text.splitlines())


def test_a_word_that_stands_nearly_everywhere_is_not_followed() -> None:
    crowd = {f"many/m{number}.py": "load_item(1)\n" * 30 for number in range(10)}
    before = {**REPOSITORY, **crowd}
    after = {**before, "shop/store.py": STORE.replace("price_of(key)\n", "price_of(key, 1)\n")}
    assert [piece for piece in pieces_of(gathered(before, after), PieceKind.USES) if piece.symbol == "load_item"] == []


def test_other_places_that_name_a_changed_configuration_key_are_listed() -> None:
    before = {"deploy/app.yaml": "retry_limit: 3\n", "app.py": 'LIMIT = settings["retry_limit"]\n'}
    context = gathered(before, {**before, "deploy/app.yaml": "retry_limit: 30\n"})
    (piece,) = pieces_of(context, PieceKind.MENTIONS)
    assert (piece.symbol, piece.text) == ("retry_limit", 'app.py:1: LIMIT = settings["retry_limit"]')


def test_names_of_environment_variables_in_code_are_followed() -> None:
    before = {"app.py": "import os\nurl = 1\n", "deploy/run.sh": "export SHOP_URL=x\n"}
    after = {**before, "app.py": 'import os\nurl = os.environ["SHOP_URL"]\n'}
    (piece,) = pieces_of(gathered(before, after), PieceKind.MENTIONS)
    assert piece.text == "deploy/run.sh:1: export SHOP_URL=x"


def test_pieces_come_most_useful_first() -> None:
    context = edited("    item = price_of(key)\n", "    item = price_of(key.lower())\n")
    priorities = [piece.kind.priority for piece in context.pieces]
    assert priorities == sorted(priorities) and len(set(priorities)) >= 4


def test_no_budget_is_exceeded_and_what_was_dropped_is_counted() -> None:
    task = task_of(REPOSITORY, {**REPOSITORY, "shop/store.py": STORE.replace("price_of(key)\n", "price_of(key, 1)\n")})
    full = gather_context(task, task.paths, 20_000)
    assert full.dropped == 0
    for budget_tokens in (0, 20, 60, 120, 240):
        context = gather_context(task, task.paths, budget_tokens)
        assert sum(piece.tokens for piece in context.pieces) <= budget_tokens
        assert len(context.pieces) + context.dropped == len(full.pieces)


def test_a_shortened_piece_ends_with_an_ellipsis_line() -> None:
    text = "\n".join(f"line {number}" for number in range(400))
    context = within_budget([ContextPiece(PieceKind.ENCLOSING, "a", 1, 400, text)], 500)
    assert context.pieces[0].text.splitlines()[-1].strip() == "…"
    assert context.pieces[0].text.splitlines()[-2] in text.splitlines()


def test_the_same_task_gives_the_same_context() -> None:
    after = {**REPOSITORY, "shop/store.py": STORE.replace("price_of(key)\n", "price_of(key, 1)\n")}
    assert gathered(REPOSITORY, after) == gathered(REPOSITORY, after)


def test_without_files_there_is_only_an_empty_context() -> None:
    task = task_of(REPOSITORY, {**REPOSITORY, "shop/store.py": STORE.replace("key", "name")})
    bare = ReviewTask(task.change, MemorySnapshot(), MemorySnapshot(), task.policy, task.paths)
    assert gather_context(bare, bare.paths, 20_000) == Context()


def test_paths_outside_of_the_diff_are_ignored() -> None:
    task = task_of(REPOSITORY, {**REPOSITORY, "shop/store.py": STORE.replace("key", "name")})
    assert gather_context(task, ["nowhere.py"], 20_000) == Context()


def test_prose_is_not_worth_a_window() -> None:
    text = "".join(f"line {number}\n" for number in range(1, 101))
    context = gathered({"README.md": text}, {"README.md": text.replace("line 50\n", "line fifty\n")})
    assert pieces_of(context, PieceKind.ENCLOSING) == []
