"""ast-grep: patterns of real bugs in nine languages, by rules of our own (one file each under `rules/`)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import PurePosixPath

from reviewbot.domain.finding import Category, Severity
from reviewbot.engine.analysers.report import AnalyserReport, Hit, Workspace, failed, unreadable, without_directory
from reviewbot.engine.analysers.rules import rule_texts

_DIALECT_BY_SUFFIX = {
    **dict.fromkeys((".py", ".pyi"), "Python"),
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), "JavaScript"),
    **dict.fromkeys((".ts", ".mts", ".cts"), "TypeScript"),
    ".tsx": "Tsx",
    ".go": "Go",
    ".java": "Java",
    **dict.fromkeys((".c", ".h"), "C"),
    **dict.fromkeys((".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx"), "Cpp"),
    **dict.fromkeys((".rb", ".rake"), "Ruby"),
    ".rs": "Rust",
}
_SUFFIX_FOR_AST_GREP = {".rake": ".rb", ".pyi": ".py"}
_LANGUAGES_WITH_DIALECTS = {"JavaScript": ("JavaScript", "TypeScript", "Tsx"), "C": ("C", "Cpp")}
_ONE_DIALECT_ONLY = "one_dialect_only: true"


class AstGrep:
    """Runs `ast-grep scan` once with the rules of the languages at hand."""

    name = "ast-grep"

    def exported_suffix(self, path: str) -> str | None:
        suffix = PurePosixPath(path).suffix
        return _SUFFIX_FOR_AST_GREP.get(suffix, suffix) if suffix in _DIALECT_BY_SUFFIX else None

    def analyse(self, workspace: Workspace, files: tuple[str, ...]) -> AnalyserReport:
        dialects = frozenset(_DIALECT_BY_SUFFIX[PurePosixPath(file).suffix] for file in files)
        configuration = workspace.directory / "ast-grep"
        (configuration / "rules").mkdir(parents=True)
        (configuration / "sgconfig.yml").write_text("ruleDirs: [rules]\n")
        (configuration / "rules" / "all.yml").write_text(rules_for(dialects), encoding="utf-8")
        options = "scan --config ast-grep/sgconfig.yml --json=stream --include-metadata --color never --threads 2"
        arguments = [*options.split(), "--no-ignore", "hidden", "--no-ignore", "dot", "--no-ignore", "vcs"]
        result = workspace.run(self.name, [*arguments, "--no-ignore", "global", "--"], files)
        if result.failure is not None or result.exit_code != 0:
            return failed(self.name, result)
        try:
            return AnalyserReport(hits=hits_of(result.stdout))
        except (ValueError, KeyError, TypeError) as error:
            return unreadable(self.name, error)


@cache
def rules_for(dialects: frozenset[str]) -> str:
    """All rules of some dialects as one YAML stream; a rule of JavaScript or C is repeated for its kin."""
    documents: list[str] = []
    for text in rule_texts():
        language = text.partition("\nlanguage: ")[2].partition("\n")[0]
        kin = (language,) if _ONE_DIALECT_ONLY in text else _LANGUAGES_WITH_DIALECTS.get(language, (language,))
        for dialect in kin:
            if dialect in dialects:
                identified = text.replace("\n", f"@{dialect}\n", 1)
                documents.append(identified.replace(f"\nlanguage: {language}\n", f"\nlanguage: {dialect}\n", 1))
    return "---\n".join(documents)


def hits_of(report: bytes) -> tuple[Hit, ...]:
    """The hits in ast-grep's stream of JSON objects."""
    hits: list[Hit] = []
    for line in report.splitlines():
        row = json.loads(line)
        metadata = row["metadata"]
        hits.append(
            Hit(
                file=without_directory(str(row["file"])),
                first_line=int(row["range"]["start"]["line"]) + 1,
                last_line=int(row["range"]["end"]["line"]) + 1,
                rule="ast-grep:" + str(row["ruleId"]).partition("@")[0],
                title=str(metadata["title"]),
                explanation=f"{row['message']} {row['note']}",
                severity=Severity(metadata["severity"]),
                category=Category(metadata["category"]),
                confidence=float(metadata["confidence"]),
            )
        )
    return tuple(hits)
