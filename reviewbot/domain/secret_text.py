"""Secrets in a text, replaced by a marker that says what stood there: `[redacted: github token]`.

Text in, text out, on as many lines as before. Known are the forms of common services, key blocks, passwords in
addresses, and values that look random behind a name such as `password` or `api_key`. What looks like none is missed.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

MARKER = re.compile(r"\[redacted: [a-z ]{3,30}\]")

_FORMS: tuple[tuple[str, str], ...] = (
    ("github token", r"\bgh[pousr]_[A-Za-z0-9]{30,255}|\bgithub_pat_\w{22,255}"),
    ("gitlab token", r"\bgl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[\w-]{20,255}|\bGR1348941[\w-]{20,60}"),
    ("aws key", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    ("slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,255}|\bxapp-\d-[A-Z0-9]{5,40}-\d{5,20}-[a-f0-9]{20,128}"),
    ("slack webhook", r"(?<=hooks\.slack\.com/)(?:services|workflows|triggers)/[A-Za-z0-9/]{20,120}"),
    ("discord webhook", r"(?<=/api/webhooks/)\d{15,22}/[\w-]{40,120}"),
    ("stripe key", r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}|\bwhsec_[A-Za-z0-9+/=]{24,255}"),
    ("google key", r"\bAIza[\w-]{35}(?![\w-])|\bGOCSPX-[\w-]{24,60}|\bya29\.[\w-]{20,255}"),
    ("anthropic key", r"\bsk-ant-[a-z0-9]{2,12}-[\w-]{20,255}"),
    ("openai key", r"\bsk-(?:proj|svcacct|admin|None)-[\w-]{20,255}|\bsk-[A-Za-z0-9]{32,255}"),
    ("openrouter key", r"\bsk-or-v1-[a-f0-9]{40,80}"),
    ("model key", r"\bgsk_[A-Za-z0-9]{40,80}|\bxai-[A-Za-z0-9]{60,100}|\br8_[A-Za-z0-9]{37}\b|\bhf_[A-Za-z0-9]{30,60}"),
    ("npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("pypi token", r"\bpypi-AgE[\w-]{50,255}"),
    ("rubygems key", r"\brubygems_[a-f0-9]{48}\b"),
    ("docker token", r"\bdckr_(?:pat|oat)_[\w-]{20,80}"),
    ("sendgrid key", r"\bSG\.[\w-]{16,40}\.[\w-]{32,80}"),
    ("mail key", r"\bkey-[0-9a-f]{32}\b|\b[0-9a-f]{32}-us\d{1,2}\b"),
    ("twilio key", r"\bSK[0-9a-f]{32}\b"),
    ("telegram token", r"\b\d{8,10}:AA[\w-]{33}(?![\w-])"),
    ("azure key", r"(?<=AccountKey=)[A-Za-z0-9+/]{86}==|(?<=SharedAccessKey=)[A-Za-z0-9+/]{43}="),
    ("vault token", r"\bhv[sbr]\.[\w-]{24,255}"),
    ("age key", r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b"),
    ("shopify token", r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b"),
    ("cloud token", r"\bdo[opr]_v1_[a-f0-9]{64}\b|\bdapi[a-f0-9]{32}\b|\bdp\.pt\.[A-Za-z0-9]{40,60}"),
    ("cloud token", r"\bflyv1 \w{40,255}"),
    ("service key", r"\bNRAK-[A-Z0-9]{27}\b|\blin_api_[A-Za-z0-9]{40}\b|\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b"),
    ("service key", r"\bglsa_[A-Za-z0-9]{32}_[a-f0-9]{8}\b|\bsntr[yu]s?_[\w=+/-]{30,255}|\bsquare_[\w-]{40,80}"),
    ("jwt", r"\beyJ[\w-]{8,2000}\.eyJ[\w-]{8,4000}\.[\w-]{10,2000}"),
    ("password", r"(?<=://)[^\s:/@'\"<>\[\]]{0,80}:(?P<value>[^\s@/'\"<>{}\[\]$]{3,200})(?=@[\w\[])"),
    ("credential", r"(?i:authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:basic|bearer|token)\s{1,3})"
     r"(?P<value>[A-Za-z0-9+/=._~-]{16,2000})"),
)  # fmt: skip
"""What is recognised by its form alone, more special forms first; where a group `value` stands, only that is hidden."""

_STRONG = (
    r"passw(?:or)?d|passphrase|pwd|secret|token|credential|api[_-]?key|access[_-]?key|auth[_-]?key|private[_-]?key"
    r"|encryption[_-]?key|signing[_-]?key|master[_-]?key|account[_-]?key|shared[_-]?key|service[_-]?key|license[_-]?key"
)
_NAME = rf"(?i:(?P<name>{_STRONG}|(?<=[_-])key|(?<=[a-z])(?-i:Key)|(?<=[_-])salt|(?<=[_-])pass)(?!\])[\w.-]{{0,30}})"
_TYPE = r"(?:\s{0,3}:\s{0,3}[\w.]{1,20}(?:\[[\w, ]{1,20}\])?|\s[a-z]{3,8})?"
_QUOTED = re.compile(
    rf"{_NAME}(?:[\"']\]?)?{_TYPE}\s{{0,20}}(?::=|=>|==|=|:|\(|,)\s{{0,3}}(?:[a-z]{{0,2}})"
    r"(?P<quote>[\"'`])(?P<value>[^\s\"'`]{8,400})(?P=quote)"
)
_IN_TAGS = re.compile(rf"{_NAME}[^<>\n]{{0,40}}>(?P<value>[^\s<>]{{8,400}})<")
_BARE = re.compile(
    r"^[ \t\d+|>-]{0,24}(?:(?:export|set|env|ENV|ARG|-)[ \t]{1,3})?[\w.-]{0,60}?"
    rf"{_NAME}[\"']?[ \t]{{0,20}}[:=][ \t]{{0,20}}"
    r"(?P<value>[A-Za-z0-9+/=_.~!@#%^&*?-]{8,400})[ \t]*\r?$",
    re.MULTILINE,
)
_OPTION = re.compile(
    rf"(?<![\w-])--?[\w-]{{0,40}}?{_NAME}(?:=|[ \t]{{1,3}})(?P<value>[A-Za-z0-9+/=_.~!@#%^&*-]{{8,400}})"
)
_ASSIGNED = (_QUOTED, _IN_TAGS, _BARE, _OPTION)

_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY = re.compile(r"[\w+/=-]{1,120}|[A-Z][A-Za-z-]{2,20}: [\w ,.:/+-]{1,80}")
_AROUND_BODY = re.compile(
    r"(?P<before>[\s\d+\-|>#*/\"'`(]*?)(?P<body>(?:[A-Za-z]|[/+](?=\w)).*?)(?P<after>(?:\\n|\\r|[\"'`,;+\\)\s])*)"
)
_KEY_LINE = re.compile(
    r"^[ \t\"'`+|>]{0,40}(?P<value>(?:[A-Za-z0-9+/]{64}|[A-Za-z0-9+/]{76}))(?:\\n)?[ \t\r\"'`,;+)\\]{0,8}$",
    re.MULTILINE,
)
_LEAST_KEY_LINE = 30
_MOST_KEY_LINES = 200

_LIKELY = re.compile(
    r"(?i:-----BEGIN|://|pass|pwd|secret|token|credential|key|salt|authorization|aiza|gocspx|akia|asia|abia|acca|eyj"
    r"|xox|xapp|gh[pousr]_|github_pat|gl[a-z]{2,5}-|gr1348941|hooks\.slack|sk[-_0-9a-f]|rk_|whsec|ya29|gsk_|xai-|r8_|hf_"
    r"|npm_|pypi-|rubygems_|dckr_|sg\.|-us\d|:aa|hv[sbr]\.|shp|do[opr]_|dapi|dp\.pt|flyv1|nrak|lin_api|pmak|glsa_|sntr"
    r"|square_|webhooks)|[A-Za-z0-9+/]{64}"
)
_PLACEHOLDER = re.compile(
    r"(?i)(?:[x*.#?_-]+|<.*|\$[({\w].*|\{\{.*|%[({s].*|.*(?:example|change[_-]?(?:me|it)|placeholder|dummy|redacted"
    r"|your[_-]|my[_-]?(?:secret|password|token)|insert|replace|process\.env|os\.environ|getenv|https?:|\.\.\.|xxxx|\*\*\*).*"
    r"|(?:my|the|a|test|fake|some|user|db|root|admin)?[_-]?(?:secret|password|passwd|token|key|pwd|pass)[_-]?\d{0,4})"
)
_WORDS = re.compile(r"[A-Za-z]{0,24}\d{0,4}(?:[_\-./:@#~]{1,2}[A-Za-z]{0,24}\d{0,4}){0,20}")
_ATTRIBUTE = re.compile(r"(?:self|this|cls|[a-z]\w{0,30})(?:\.[A-Za-z_]\w{0,60}){1,6}")
_REGEX = re.compile(r"\\[bBdDsSwW]|\[[A-Za-z0]-[A-Za-z9]")
_FILLED_IN = re.compile(r"\$?\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Hidden:
    """A text without its secrets, and 16 hex digits for each of them that tell them apart and nothing else."""

    text: str
    secrets: frozenset[str] = frozenset()


def without_secrets(text: str) -> str:
    """The text with a marker in the place of each secret; the very same text where there is none."""
    return hidden(text).text


def hidden(text: str) -> Hidden:
    """The same, and how many different secrets there were. Hiding what was hidden already changes nothing."""
    if _LIKELY.search(text) is None:
        return Hidden(text)
    blocked, secrets = _without_key_blocks(text)
    spans = _spans(blocked)
    if not spans:
        return Hidden(blocked, frozenset(secrets))
    pieces, at = list[str](), 0
    for first, last, kind in spans:
        pieces += [blocked[at:first], marker(kind)]
        secrets.add(_digest(blocked[first:last]))
        at = last
    return Hidden("".join((*pieces, blocked[at:])), frozenset(secrets))


def marker(kind: str) -> str:
    """What stands in the place of a secret of this kind."""
    return f"[redacted: {kind}]"


def _spans(text: str) -> list[tuple[int, int, str]]:
    """First and last character and kind of each secret, in order; where two overlap, the special form wins."""
    taken = bytearray(len(text))
    found: list[tuple[int, int, str]] = []
    for match in MARKER.finditer(text):
        taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
    for first, last, kind in _candidates(text):
        if not any(taken[first:last]):
            taken[first:last] = b"\1" * (last - first)
            found.append((first, last, kind))
    return sorted(found)


def _candidates(text: str) -> Iterator[tuple[int, int, str]]:
    for kind, pattern in _forms():
        for match in pattern.finditer(text):
            group = "value" if "value" in pattern.groupindex else 0
            if kind != "password" or _PLACEHOLDER.fullmatch(match[group]) is None:
                yield (*match.span(group), kind)
    for pattern in _ASSIGNED:
        for match in pattern.finditer(text):
            kind = _kind_of(match["name"])
            if is_random(match["value"], 8 if kind == "password" else 16 if kind != "key" else 20):
                yield (*match.span("value"), kind)
    for match in _KEY_LINE.finditer(text):
        if _is_mixed(match["value"]):
            yield (*match.span("value"), "key material")


@cache
def _forms() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(form)) for kind, form in _FORMS)


def _kind_of(name: str) -> str:
    lowered = name.lower()
    if lowered.startswith(("pass", "pwd")):
        return "password"
    if lowered.startswith(("secret", "token", "credential")):
        return "secret" if lowered.startswith("secret") else "token" if lowered.startswith("token") else "credential"
    return "key" if lowered.startswith(("key", "salt")) else "secret key"


def is_random(value: str, least: int) -> bool:
    """Whether a value behind a telling name looks like a secret, and not like a word, a name, a path or a stand-in."""
    value = _FILLED_IN.sub("", value)
    if len(value) < least or not re.search(r"\d", value) or not re.search(r"[A-Za-z]", value):
        return False
    if any(pattern.fullmatch(value) for pattern in (_PLACEHOLDER, _WORDS, _ATTRIBUTE)) or _REGEX.search(value):
        return False
    return _entropy(value) >= (2.5 if len(value) < 16 else 3.0)


def _entropy(value: str) -> float:
    """Bits a character, by Shannon."""
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())


def _is_mixed(value: str) -> bool:
    return all(re.search(kind, value) for kind in ("[a-z]", "[A-Z]", "[0-9]")) and _entropy(value) > 4.0


def _without_key_blocks(text: str) -> tuple[str, set[str]]:
    """The text without what stands between the first and the last line of private keys, which may be cut off."""
    secrets = set[str]()
    if "PRIVATE KEY" not in text:
        return text, secrets
    lines = text.split("\n")
    for at, line in enumerate(lines):
        begin = _BEGIN.search(line)
        if begin is None:
            continue
        end = _END.search(line, begin.end())
        rest = line[begin.end() : end.start() if end else len(line)]
        if re.search(r"[A-Za-z0-9+/]{20}", MARKER.sub("", rest)):
            secrets.add(_digest(rest))
            lines[at] = line[: begin.end()] + marker("private key") + (line[end.start() :] if end else "")
        if end is None:
            body = _hide_body(lines, range(at + 1, min(len(lines), at + 1 + _MOST_KEY_LINES)))
            secrets |= {_digest(body)} if body else set()
    for at, line in enumerate(lines):
        if (end := _END.search(line)) and not _BEGIN.search(line):
            body = _hide_body(lines, range(at - 1, max(-1, at - 1 - _MOST_KEY_LINES), -1))
            secrets |= {_digest(body)} if body else set()
    return "\n".join(lines), secrets


def _hide_body(lines: list[str], numbers: range) -> str:
    """Hides the lines of a key from the first number on until one is none; gives what was hidden."""
    found: dict[int, re.Match[str]] = {}
    for at in numbers:
        parts = _AROUND_BODY.fullmatch(lines[at])
        if parts is None and not re.search(r"[^\s+\-|>#*/\"'\d]", lines[at]):
            continue
        if parts is None or not _KEY_BODY.fullmatch(parts["body"]):
            break
        found[at] = parts
    if max((len(parts["body"]) for parts in found.values()), default=0) < _LEAST_KEY_LINE:
        return ""
    for at, parts in found.items():
        lines[at] = f"{parts['before']}{marker('private key')}{parts['after']}"
    return "".join(parts["body"] for parts in found.values())


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]
