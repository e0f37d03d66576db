"""What kind of change a diff is, as far as its paths and words tell: the ground for choosing lenses and effort."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from reviewbot.domain.diff import FileDiff, LineKind
from reviewbot.engine.file_kinds import is_prose, is_test

_FEW_LINES = 12
_CONFIGURATION = re.compile(
    r"\.(?:ya?ml|json5?|toml|ini|cfg|conf|env|properties|tf|tfvars|hcl|sql|graphql|gradle|bazel|bzl|cmake|mk|nix|lock"
    r"|plist|service|xml|sh|ps1|dockerignore|gitattributes|editorconfig)$"
    r"|(?:^|/)(?:Dockerfile|Makefile|Jenkinsfile|Procfile|Gemfile|Rakefile|go\.mod|requirements[^/]*\.txt|setup\.py"
    r"|CMakeLists\.txt|pom\.xml|BUILD|WORKSPACE|CODEOWNERS)(?:\.[\w-]+)?$|(?:^|/)\.github/|\.gemspec$",
    re.IGNORECASE,
)
_FRONT_END = re.compile(
    r"\.(?:tsx|jsx|vue|svelte|css|scss|sass|less|html|hbs|ejs|erb|astro)$"
    r"|(?:^|/)(?:components?|views?|pages?|frontend|webapp|assets|static|ui|browser)/.*\.(?:[cm]?[jt]s)$",
    re.IGNORECASE,
)
_STORED = re.compile(r"(?:^|/)(?:migrat\w*|alembic|schema\w*|models?|db|database|fixtures)(?:/|[_.-])", re.IGNORECASE)


def _words(text: str) -> re.Pattern[str]:
    """Matches identifiers that contain one of the words as a part of their own: `lock` in `rw_lock`, not in `block`."""
    return re.compile(rf"(?i)(?<![a-z])(?:{'|'.join(text.split())})(?:s|ed|ing|er)?(?![a-z])")


DATA = _words(
    "migration migrate alter column index schema table row rows insert update upsert delete select where join "
    "query serialize deserialize pickle unpickle marshal unmarshal cache cache_key version backfill constraint "
    "foreign_key primary_key unique nullable not_null default persist stored legacy compat redis kafka topic "
    "partition encoding_version"
)
CONCURRENCY = _words(
    "async await lock unlock mutex rwlock semaphore thread goroutine atomic volatile future promise channel "
    "select signal wait notify queue worker pool executor concurrent parallel race synchronized singleton global "
    "reentrant callback listener subscribe event loop timer schedule scheduler once init initialize fork spawn "
    "settimeout interrupt cancel shared static nonlocal"
)
ERRORS = _words(
    "try except catch finally raise throw rescue ensure error err exception panic recover defer close dispose "
    "release free drop cleanup shutdown stop destroy teardown timeout retry attempt fail failure abort rollback "
    "unwrap expect with open acquire connect disconnect flush reset null none nil errno"
)
NUMBERS = _words(
    "time date datetime timestamp timezone utc tz delta duration seconds ms millis nanos timeout interval expire "
    "expiry ttl float double decimal int int32 int64 uint32 uint64 size_t long short byte bytes bits round floor "
    "ceil size length len width offset count limit max min percent ratio encode decode encoding utf utf8 unicode "
    "ascii charset codec bom crlf parse format locale"
)
SECURITY = _words(
    "auth authenticate authorize authorization permission role token secret password credential session cookie "
    "csrf cors sanitize escape html xss sql inject exec eval shell subprocess command path traversal redirect url "
    "host origin header sign signature verify certificate tls ssl crypto hash hmac random admin user tenant "
    "upload download deserialize allow deny trusted untrusted public private"
)
CONTRACTS = _words(
    "def func fn function class interface type struct enum trait extends implements override abstract public "
    "export default param argument kwargs args return returns option flag setting config environ getenv "
    "deprecated api endpoint field property proto message header signature import"
)
_GUARD = _words(
    "if else elif unless case when assert check validate verify ensure guard return raise throw except catch "
    "break continue lock unlock close flush reset clear invalidate release timeout retry limit null none nil "
    "default await notify"
)


@dataclass(frozen=True)
class KindsOfChange:
    """Counts over the changed lines of some files; prose does not count."""

    files: tuple[FileDiff, ...]

    @cached_property
    def added(self) -> tuple[str, ...]:
        return tuple(self._lines(LineKind.ADDED, self._code))

    @cached_property
    def removed(self) -> tuple[str, ...]:
        return tuple(self._lines(LineKind.REMOVED, self._code))

    @property
    def line_count(self) -> int:
        """Changed lines that hold something, outside of prose and tests."""
        return len(self.added) + len(self.removed)

    @property
    def is_small(self) -> bool:
        return self.line_count <= _FEW_LINES

    @property
    def is_tests_or_prose(self) -> bool:
        return not self._code

    @cached_property
    def configuration_lines(self) -> int:
        return self._count(_CONFIGURATION)

    @cached_property
    def front_end_lines(self) -> int:
        return self._count(_FRONT_END)

    @cached_property
    def stored_lines(self) -> int:
        return self._count(_STORED)

    @cached_property
    def guards_removed(self) -> int:
        return sum(1 for line in self.removed if _GUARD.search(line))

    def share(self, words: re.Pattern[str]) -> float:
        """The part of the changed lines that hold one of the words, 0 to 1."""
        return sum(1 for line in (*self.added, *self.removed) if words.search(line)) / max(1, self.line_count)

    @property
    def removed_share(self) -> float:
        return len(self.removed) / max(1, self.line_count)

    @cached_property
    def folders(self) -> int:
        """In how many folders code changes: a measure of how far a change reaches."""
        return len({PurePosixPath(file.path).parent for file in self._code})

    @cached_property
    def _code(self) -> tuple[FileDiff, ...]:
        return tuple(file for file in self.files if _is_code(file.path))

    def _count(self, pattern: re.Pattern[str]) -> int:
        return sum(file.changed_line_count for file in self._code if pattern.search(file.path))

    @staticmethod
    def _lines(kind: LineKind, files: Iterable[FileDiff]) -> Iterable[str]:
        for file in files:
            for hunk in file.hunks:
                yield from (line.text for line in hunk.lines if line.kind is kind and line.text.strip())


def _is_code(path: str) -> bool:
    """Whether it decides what runs: `requirements.txt` and a page's template do, whatever their names end in."""
    is_told = is_prose(path) and not _CONFIGURATION.search(path) and not _FRONT_END.search(path)
    return not is_told and not is_test(path)


def kinds_of_change(files: Sequence[FileDiff]) -> KindsOfChange:
    return KindsOfChange(tuple(files))
