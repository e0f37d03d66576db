"""Writes docs/faults.md, the list of faults and attacks with the tests that show each: `python -m tests.faults`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "faults.md"
# A test of a fake shows that the world of the tests is like the real one, not that the product survives in it.
NOT_OF_THE_PRODUCT = "fakes"
RUN_BY_HYPOTHESIS = {"rule", "invariant", "initialize"}

FAULTS: dict[str, dict[str, str]] = {
    "Ingress": {
        "F01": "the webhook handler, or what it calls, is slow",
        "F02": "the database cannot be written when a delivery comes",
        "F03": "the process dies between storing a delivery and answering",
        "F04": "the process dies before a delivery is stored",
        "F05": "one delivery arrives twice at the same moment",
        "F06": "one GUID with another body, or from another hook",
        "F07": "several deliveries that ask for the same review",
        "F08": "a signature that is missing, malformed or wrong",
        "F09": "the webhook secret is being changed",
        "F10": "no webhook secret is set",
        "F11": "a body that is too large, has no length or trickles in",
        "F12": "a delivery sent as a form",
        "F13": "events and actions that mean nothing to us",
        "F14": "a body that is no JSON, or JSON made to break parsers and databases",
        "F15": "fields that are null, missing or of another kind",
        "F16": "events that overtake each other",
        "F17": "a delivery that comes hours late",
        "F18": "we were away for less than three days",
        "F19": "an event that never came, or can no longer be sent again",
        "F20": "GitHub believes that a delivery arrived, and we do not have it",
        "F21": "hundreds of events at once",
        "F22": "our own words and those of other bots come back as events",
        "F23": "an old delivery with a good signature is sent again",
    },
    "Auth": {
        "F24": "our clock and GitHub's differ",
        "F25": "a token ends in the middle of a review",
        "F26": "a fresh token that is not yet known everywhere",
        "F27": "the installation is suspended",
        "F28": "the App or a repository was taken away",
        "F29": "a repository was renamed, moved, archived or blocked",
        "F30": "a permission was not granted",
        "F31": "the private key is wrong or was replaced",
    },
    "Reading": {
        "F32": "a pull request that was announced is not there yet",
        "F33": "GitHub does not give the diff",
        "F34": "more files than GitHub lists, or files without their patch",
        "F35": "a push while the files are being listed",
        "F36": "a force push at any moment",
        "F37": "the base branch moved or was replaced by another",
        "F38": "closed, merged or made a draft during the review",
        "F39": "the fork or the commits are gone",
        "F40": "changes without ordinary lines: renames, modes, links, binaries and the like",
    },
    "Writing": {
        "F41": "a request fails and has had no effect",
        "F42": "a write takes effect and its answer is lost",
        "F43": "what was just written cannot be read yet",
        "F44": "a comment on a line that is not in the diff",
        "F45": "a review of a commit that no longer belongs to the pull request",
        "F46": "more text or annotations than GitHub takes",
        "F47": "a batch of annotations whose fate is unknown",
        "F48": "the hourly rate limit is used up",
        "F49": "a secondary rate limit, in any wording",
        "F50": "the conversation is locked or the repository cannot be written",
        "F51": "somebody deleted or hid what we wrote",
        "F52": "an answer that is garbage, or a connection that fails",
        "F53": "GitHub is down for hours",
        "F54": "half-finished reviews and checks left by a crash",
    },
    "Model and reviewers": {
        "F55": "the model is busy, slow, cut off or endless",
        "F56": "the model answers with something unusable",
        "F57": "the prompt is too long, the account is closed or the model is gone",
        "F58": "reviews that would cost too much",
        "F59": "a reviewer that crashes, hangs, forks or eats the machine",
    },
    "Process and storage": {
        "F60": "the process is killed or told to stop, at any step",
        "F61": "a worker wakes up after its work was given to another",
        "F62": "the clock jumps",
        "F63": "nobody knows whether a commit went through",
        "F64": "the disk is full or the database stays locked",
        "F65": "a job that fails or kills its process each time",
        "F66": "a migration is interrupted, or two versions run side by side",
        "F67": "the database is an old backup",
        "F68": "one installation keeps everybody busy",
        "F69": "people use the dashboard heavily",
        "F70": "the repository's policy file is invalid",
    },
}

ATTACKS: dict[str, str] = {
    "S01": "a repository brings files that tools would run",
    "S02": "a pull request changes its own rules",
    "S03": "comments that try to be more than a command",
    "S04": "people without write access give commands",
    "S05": "accounts that look like others",
    "S06": "the head is replaced between a command and its execution",
    "S07": "the model asks for actions",
    "S08": "the App has more power than it needs",
    "S09": "a token or the private key gets into other hands",
    "S10": "a plug-in looks for the model's key",
    "S11": "the model is talked into silence",
    "S12": "title, author or branch persuade the reviewer",
    "S13": "text in the material breaks out of its place in the prompt",
    "S14": "characters that people do not see",
    "S15": "instructions hidden in markup or encodings",
    "S16": "model text that becomes images, links or HTML",
    "S17": "model text that calls people, issues or other bots",
    "S18": "suggestions that should not be applied",
    "S19": "quotes from outside the change",
    "S20": "secrets on their way to the model, comments or logs",
    "S21": "tokens in addresses, arguments or logs",
    "S22": "a repository made to attack git or the disk",
    "S23": "names that git would take for options",
    "S24": "diffs made to exhaust memory or time",
    "S25": "patterns and texts that take for ever to match",
    "S26": "a policy file made to exhaust the parser",
    "S27": "requests led to addresses of an attacker's choice",
    "S28": "the dashboard without a right to it",
    "S29": "markup from outside that runs in the dashboard",
    "S30": "guessing a signature by time",
    "S31": "one installation sees another's material",
    "S32": "outsiders teach the reviewer",
    "S33": "somebody spends other people's money",
    "S34": "instruction files and images in a change",
    "S35": "a log of an incident with hostile or private text",
    "S36": "control characters and formulas in what we print",
    "S37": "our own workflow files and examples",
    "S38": "a dependency that was tampered with",
}

# Why a fault cannot be tested now, by its number. One that is merely waiting for its test does not stand here.
UNTESTED: dict[str, str] = {}

PREFACE = """\
# Faults and attacks, and the tests of each

Written by `make faults` from the names of the tests; a test fails while this page and the tests differ. A test bears
the numbers of its faults in its name: `test_f42_...`. One test rarely shows all of a fault, so read what each says.
Tests of the fakes are not listed: they show that the fakes are like the real thing, not that reviewbot survives.
"""
ABOUT_ATTACKS = "Only numbers that already have tests; the rest comes with hardening."


@dataclass(frozen=True, slots=True, order=True)
class NamedTest:
    """A test as people look for it: its file below tests/, and its name in the code."""

    file: str
    name: str

    @property
    def numbers(self) -> frozenset[str]:
        """Faults and attacks in the name, as `F42`; whether there is such a number is for the tests to say."""
        return frozenset(number.upper() for number in _NUMBER.findall(self._words))

    @property
    def sentence(self) -> str:
        """The rule that the name states, without the numbers."""
        kept = [word for word in self._words.split("_") if word and not _NUMBER.fullmatch(word)]
        return " ".join(kept[1:] if kept[:1] == ["test"] else kept)

    @property
    def _words(self) -> str:
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.name).lower()


_NUMBER = re.compile(r"(?<![a-z0-9])([fs]\d{2,})(?![a-z0-9])")


def fault_page(tests: Path = TESTS) -> str:
    """The page about the tests below a directory, the same for the same tests whatever the order of the files."""
    numbered = numbered_tests(tests)
    tables = [f"## {heading}\n\n{_table('Fault', titles, numbered)}" for heading, titles in FAULTS.items()]
    attacks = {number: title for number, title in ATTACKS.items() if number in numbered}
    tables.append(f"## Attacks\n\n{ABOUT_ATTACKS}\n\n{_table('Attack', attacks, numbered)}")
    return "\n".join([PREFACE, _summary(numbered), *tables])


def numbered_tests(tests: Path = TESTS) -> dict[str, list[NamedTest]]:
    """The tests of the product by each number in their names, sorted."""
    numbered: dict[str, list[NamedTest]] = {}
    for test in sorted(set(_named_tests(tests))):
        for number in sorted(test.numbers):
            numbered.setdefault(number, []).append(test)
    return numbered


def _named_tests(tests: Path) -> Iterator[NamedTest]:
    for path in tests.rglob("test_*.py"):
        below = path.relative_to(tests)
        if below.parts[0] != NOT_OF_THE_PRODUCT:
            for name in _test_names(ast.parse(path.read_bytes(), str(path)).body):
                yield NamedTest(below.as_posix(), name)


def _test_names(statements: list[ast.stmt]) -> Iterator[str]:
    """Names of what pytest collects, and of the steps that hypothesis makes in its state machines."""
    for statement in statements:
        match statement:
            case ast.ClassDef():
                yield from _test_names(statement.body)
            case ast.FunctionDef() | ast.AsyncFunctionDef() if _is_run(statement):
                yield statement.name
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Attribute(attr="TestCase")):
                yield name


def _is_run(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    called = (one.func if isinstance(one, ast.Call) else one for one in function.decorator_list)
    return function.name.startswith("test") or any(ast.unparse(one) in RUN_BY_HYPOTHESIS for one in called)


def _summary(numbered: Mapping[str, list[NamedTest]]) -> str:
    faults = [number for titles in FAULTS.values() for number in titles]
    waiting = [number for number in faults if number not in numbered and number not in UNTESTED]
    tested = sum(number in numbered for number in faults)
    named = f"; still without a test: {', '.join(waiting)}" if waiting else ""
    return f"{len(faults)} faults: {tested} with tests, {len(UNTESTED)} without for a reason{named}.\n"


def _table(kind: str, titles: Mapping[str, str], numbered: Mapping[str, list[NamedTest]]) -> str:
    rows = (f"| {number} | {title} | {_shown_by(number, numbered)} |\n" for number, title in titles.items())
    return f"| | {kind} | Shown by |\n|---|---|---|\n{''.join(rows)}"


def _shown_by(number: str, numbered: Mapping[str, list[NamedTest]]) -> str:
    if number not in numbered:
        return f"no test: {UNTESTED[number]}" if number in UNTESTED else "no test yet"
    sentences: dict[str, list[str]] = {}
    for test in numbered[number]:
        sentences.setdefault(test.file, []).append(test.sentence)
    short = {file: file.removesuffix(".py").replace("test_", "") for file in sentences}
    return "<br>".join(f"[{short[file]}](../tests/{file}): {'; '.join(said)}" for file, said in sentences.items())


if __name__ == "__main__":
    PAGE.write_text(fault_page(), encoding="utf-8")
