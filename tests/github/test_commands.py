"""What people can say, and how little of what they write is taken for it (S03)."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.github.commands import (
    MOST_REASON_CHARACTERS,
    Command,
    Explain,
    FullReview,
    Help,
    Ignore,
    Pause,
    Resume,
    Review,
    ShowConfig,
    Unclear,
    parse_command,
)

NAMES = ("reviewbot", "acme-reviewbot")


def said(body: str) -> Command | None:
    return parse_command(body, NAMES)


COMMANDS: list[tuple[str, Command]] = [
    ("review", Review()),
    ("full review", FullReview()),
    ("pause", Pause()),
    ("resume", Resume()),
    ("config", ShowConfig()),
    ("help", Help()),
    ("explain a1b2c3d4", Explain("a1b2c3d4")),
    ("ignore a1b2c3d4 because it is meant so", Ignore("a1b2c3d4", "it is meant so")),
]


@pytest.mark.parametrize(("words", "command"), COMMANDS)
class TestS03TheGrammar:
    def test_s03_a_command_is_understood(self, words: str, command: Command):
        assert said(f"@reviewbot {words}") == command

    @pytest.mark.parametrize(
        "call",
        [
            "@Reviewbot ",
            "@REVIEWBOT  ",
            "@reviewbot\t",
            "   @reviewbot ",
            "@reviewbot, ",
            "@reviewbot: ",
            "@reviewbot[bot] ",
            "@acme-reviewbot ",
            "@reviewbot please ",
            "@reviewbot, please, ",
            "@reviewbot\u00a0",
        ],
    )
    def test_it_may_be_called_in_several_ways(self, words: str, command: Command, call: str):
        assert said(call + words) == command

    def test_letters_may_be_of_any_case(self, words: str, command: Command):
        answer = said(f"@reviewbot {words.upper()}")

        assert answer == command or (isinstance(answer, Ignore) and answer.reason == "IT IS MEANT SO")

    @pytest.mark.parametrize(
        "body",
        [
            "Thanks for that.\n\n@reviewbot {}\n\nRegards",
            "Thanks for that.\r\n@reviewbot {}\r\nRegards",
            "> quoted\n\n@reviewbot {}",
            "```\ncode\n```\n@reviewbot {}",
            "~~~ py\ncode\n~~~~~\n@reviewbot {}",
            "````\n```\n````\n@reviewbot {}",
            "<!-- a template -->\n@reviewbot {}",
            "<!-- a\ntemplate -->\n@reviewbot {}",
            "@reviewbot {} <!-- hidden -->",
            "@reviewbot {} <!-- hidden\n@reviewbot pause\n-->",
            "A <!-- comment --> here\n@reviewbot {}",
            "A <!-- that is never closed\n@reviewbot {}",
            "    code\n\n@reviewbot {}",
            "<pre>code</pre>\n@reviewbot {}",
            "<pre>\ncode\n</pre>\n@reviewbot {}",
            "`code` and ``code``\n@reviewbot {}",
            "```inline``` is no fence\n@reviewbot {}",
            "@somebody review\n@reviewbot {}",
        ],
    )
    def test_it_may_stand_on_any_line_of_its_own(self, words: str, command: Command, body: str):
        assert said(body.format(words)) == command

    @pytest.mark.parametrize(
        "body",
        [
            "> @reviewbot {}",
            ">@reviewbot {}",
            "   > @reviewbot {}",
            "> > @reviewbot {}",
            "- > @reviewbot {}",
            "> somebody wrote\n@reviewbot {}",
            "> somebody wrote\nand went on\n@reviewbot {}",
            "```\n@reviewbot {}\n```",
            "```\n@reviewbot {}",
            "``` sh\n@reviewbot {}\n```",
            "~~~\n@reviewbot {}\n~~~",
            "~~~\n```\n@reviewbot {}\n~~~",
            "````\n```\n@reviewbot {}\n````",
            "```\n``` not the end\n@reviewbot {}\n```",
            "```\n    ```\n@reviewbot {}\n```",
            "- ```\n  @reviewbot {}\n  ```",
            "1. - ~~~\n     @reviewbot {}\n     ~~~",
            "> quoted\n```\n@reviewbot {}\n```",
            "    @reviewbot {}",
            "\t@reviewbot {}",
            "  \t@reviewbot {}",
            "<!-- @reviewbot {} -->",
            "<!--\n@reviewbot {}\n-->",
            "<!--\n\n@reviewbot {}\n\n-->",
            "<!-- never closed\n@reviewbot {}",
            "text <!--\n@reviewbot {}\n-->",
            "<!--\n```\n-->\n<!--\n@reviewbot {}\n```\n-->",
            "<pre>\n@reviewbot {}\n</pre>",
            "<PRE class=x>\n@reviewbot {}",
            "<blockquote>\n@reviewbot {}\n</blockquote>",
            "<code>\n@reviewbot {}\n</code>",
            "Could you ask @reviewbot {}",
            "cc @reviewbot {}",
            "- @reviewbot {}",
            "# @reviewbot {}",
            "**@reviewbot {}**",
            "`@reviewbot {}`",
            "@somebody @reviewbot {}",
            "reviewbot {}",
            "@reviewbot-staging {}",
            "@my-reviewbot {}",
            "@reviewbots {}",
            "@reviewbot/team {}",
            "@reviewbot_ {}",
            "@reviewbot's {}",
            "@reviewbot.example {}",
            "someone@reviewbot {}",
            "@@reviewbot {}",
            "\\@reviewbot {}",
            "\u200b@reviewbot {}",
            "@rev\u0456ewbot {}",
            "@review\u200bbot {}",
            "@\uff52eviewbot {}",
            "text\u2028@reviewbot {}",
            "text\x0b@reviewbot {}",
            "text\x85@reviewbot {}",
        ],
    )
    def test_s03_what_is_quoted_code_hidden_or_running_text_is_no_command(
        self, words: str, command: Command, body: str
    ):
        assert said(body.format(words)) is None

    def test_only_the_first_command_of_a_comment_counts(self, words: str, command: Command):
        assert said(f"@reviewbot {words}\n@reviewbot pause\n@reviewbot resume") == command


@pytest.mark.parametrize(
    "tail", [".", "!", " please", ", please.", " please!", " thanks", ", thank you!", "  ", " ..."]
)
@pytest.mark.parametrize(("words", "command"), COMMANDS[:-1])
def test_politeness_does_no_harm(words: str, command: Command, tail: str):
    assert said(f"@reviewbot {words}{tail}") == command


@pytest.mark.parametrize(
    "words",
    [
        "reviews",
        "review this",
        "review --model=x",
        "review model=x",
        "full",
        "full  re view",
        "/review",
        "pause for an hour",
        "config set severity=low",
        "config severity",
        "approve",
        "merge",
        "review; pause",
        "r\u0435view",
        "pau\u017fe",
        "why did you say that?",
        "",
        "please",
        "thanks!",
    ],
)
def test_s03_anything_else_after_the_name_is_answered_but_does_nothing(words: str):
    answer = said(f"@reviewbot {words}")

    assert answer == Unclear(" ".join(words.split()))


@pytest.mark.parametrize(
    "finding",
    ["a1b2c3d4", "#a1b2c3d4", "`a1b2c3d4`", "`#a1b2c3d4`", "#`a1b2c3d4`", "A1B2C3D4", "a1b2c3d4,", "a1b2c3d4:"],
)
def test_a_finding_may_be_written_as_people_copy_it(finding: str):
    assert said(f"@reviewbot ignore {finding} because of that") == Ignore("a1b2c3d4", "of that")
    assert said(f"@reviewbot explain {finding}") == Explain("a1b2c3d4")


@pytest.mark.parametrize("finding", ["123456", "0123456789abcdef"])
def test_a_finding_has_six_to_sixteen_digits(finding: str):
    assert said(f"@reviewbot explain {finding}") == Explain(finding)


@pytest.mark.parametrize(
    "finding", ["12345", "0123456789abcdef0", "a1b2c3g4", "", "all", "*", "a1b2c3d4 e5f6a7b8", "١٢٣٤٥٦"]
)
def test_what_is_no_finding_is_asked_for(finding: str):
    for words in (f"explain {finding}", f"ignore {finding} because of that"):
        answer = said(f"@reviewbot {words}")

        assert isinstance(answer, Unclear)
        assert answer.ask


@pytest.mark.parametrize(
    "rest", ["", " because", " because.", " because ...", " since it is fine", ": fine", " - fine"]
)
def test_a_missing_reason_is_asked_for_with_the_finding_in_it(rest: str):
    answer = said(f"@reviewbot ignore A1B2C3D4{rest}")

    assert isinstance(answer, Unclear)
    assert "ignore a1b2c3d4 because" in answer.ask


def test_a_reason_keeps_its_own_words_up_to_the_end_of_its_line():
    answer = said("@reviewbot please ignore a1b2c3d4 because Ada says: \u00dcber 3  is\tmeant, thanks.\nNot this.")

    assert answer == Ignore("a1b2c3d4", "Ada says: \u00dcber 3 is meant, thanks.")


@pytest.mark.parametrize("because", ["because", "Because", "because:", "because,"])
def test_because_may_be_written_as_people_write_it(because: str):
    assert said(f"@reviewbot ignore a1b2c3d4, {because} it is meant so") == Ignore("a1b2c3d4", "it is meant so")


def test_a_reason_without_latin_letters_is_one():
    assert said("@reviewbot ignore a1b2c3d4 because \u6545\u610f") == Ignore("a1b2c3d4", "\u6545\u610f")


def test_a_long_reason_is_cut_where_it_can_be_seen():
    answer = said("@reviewbot ignore a1b2c3d4 because " + "word " * 1000)

    assert isinstance(answer, Ignore)
    assert len(answer.reason) <= MOST_REASON_CHARACTERS
    assert answer.reason.endswith("…")


def test_a_name_may_be_given_with_its_at_sign_and_in_capitals():
    assert parse_command("@acme review", ["@Acme"]) == Review()


def test_without_names_nobody_is_called():
    assert parse_command("@reviewbot review", []) is None
    assert parse_command("@ review", [""]) is None


def test_what_is_said_can_be_stored():
    answer = said("@reviewbot ignore a1b2c3d4 because \0 of \ud800 that")

    assert isinstance(answer, Ignore)
    assert answer.reason == "\ufffd of \ufffd that"


PIECES = [
    *(
        "@reviewbot",
        "@ReviewBot[bot]",
        " review",
        " full review",
        " pause",
        " resume",
        " ignore ",
        " explain ",
        " help",
        " config",
    ),
    *(
        "a1b2c3d4",
        "#",
        "`",
        "because ",
        "--model=x",
        "key=value",
        "please",
        ".",
        ",",
        ":",
        " ",
        "  ",
        "\t",
        "\n",
        "\n\n",
    ),
    *(
        "\r\n",
        "\r",
        "> ",
        "```",
        "~~~",
        "````",
        "<!--",
        "-->",
        "<pre>",
        "</pre>",
        "    ",
        "- ",
        "1. ",
        "@",
        "\0",
        "\ud800",
    ),
    *(
        "\u200b",
        "\u202e",
        "\u2028",
        "\u0456",
        "\u00a0",
        "\u017f",
        "\U0001f600",
        "[bot]",
        "/",
        "\\",
        "text ",
        "*",
        "\x1b[31m",
    ),
]


def test_s03_50000_random_comments_are_nothing_or_one_of_the_commands():
    chance = random.Random(20_260_927)
    heard: Counter[type[Command] | None] = Counter()

    for _ in range(50_000):
        start = chance.choice(("", "@reviewbot", "@reviewbot explain ", "\n@reviewbot ignore a1b2c3d4 because "))
        answer = said(start + "".join(chance.choices(PIECES, k=chance.randrange(1, 14))))
        heard[None if answer is None else type(answer)] += 1
        match answer:
            case Ignore(finding, reason):
                assert re.fullmatch("[0-9a-f]{6,16}", finding)
                assert 0 < len(reason) <= MOST_REASON_CHARACTERS
                assert not set("\r\n\0") & set(reason)
            case Explain(finding):
                assert re.fullmatch("[0-9a-f]{6,16}", finding)
            case Unclear(words, ask):
                assert len(words) <= 200
                (words + ask).encode()

    assert set(heard) == {None, *get_args(Command)}


@given(st.text(max_size=300), st.sampled_from(["", "@reviewbot ", "\n@reviewbot ignore a1b2c3d4 because "]))
def test_s03_any_text_is_nothing_or_one_of_the_commands(text: str, call: str):
    answer = said(call + text)

    assert answer is None or isinstance(answer, Command)


@pytest.mark.parametrize(
    "piece",
    [
        *PIECES,
        "@reviewbot review",
        "> x\n",
        "x<!--\n",
        "<!-- -->",
        "```\n",
        "- " * 50,
        "1. ",
        "`" * 50 + "x",
        ".please ",
    ],
)
def test_s25_the_longest_comment_is_read_in_no_time(piece: str):
    body = (piece * (65_536 // len(piece) + 1))[:65_536]

    started = time.process_time()
    for text in (body, "@reviewbot " + body, "@reviewbot ignore a1b2c3d4 because " + body):
        said(text)

    assert time.process_time() - started < 1.0
