"""Incident files for the tests of both doors."""

from __future__ import annotations

import re

from reviewbot.yaml_document import Entries, Items, Node, parse_document

SHA_1, SHA_2, SHA_3, SHA_4 = "9f1c2ab7" * 5, "77d0e3c1" * 5, "0badcafe" * 5, "12345678" * 5

FULL = f"""\
schema_version: "1.0"
repositories:
  acme/shop: {{path: ../shop.git}}
  acme/till: {{url: "https://git.example/acme/till.git"}}
defaults: {{repo: acme/shop, severity_scale: [sev1, sev2, sev3]}}
incidents:
  - id: INC-123
    name: Checkout double-charges on retry
    severity: sev1
    started_at: 2026-03-04T14:02:00Z
    detected_at: 2026-03-04T15:10:00+01:00
    resolved_at: 2026-03-05
    services: [checkout]
    summary: Retried payment intents were charged twice for 41 minutes.
    root_cause: charge() makes a new idempotency key on every retry, so the gateway sees a new charge.
    category: concurrency
    cause_type: code
    introduced: [{{pr: 4821, commit: "{SHA_1}", source: human, confidence: confirmed}}]
    fixed: [{{pr: 4907, commit: "{SHA_2}"}}]
    locations: [{{path: payments/charge.py, start_line: 88, end_line: 97, side: RIGHT}}]
    references: [{{type: REPORT, url: "https://app.example/INC-123"}}]
    split: held-out
    labels: {{team: payments}}
  - {{id: INC-124, name: Region down, severity: sev2, cause_type: external, exclude: {{reason: not-code}}}}
controls:
  auto: {{per_incident: 2, match: [size, path, month], quiet_days: 90}}
  include: [{{id: quiet-1, repo: acme/shop, commit: "{SHA_3}"}}, {{id: quiet-2, pr: 12}}]
"""


def incidents_text(*entries: str, head: str = "defaults: {repo: acme/shop}\n", tail: str = "") -> str:
    """A file with these incidents, each in YAML's flow style without its braces; the first one stands in line 4."""
    lines = "".join(f"  - {{{entry}}}\n" for entry in entries)
    return f'schema_version: "1.0"\n{head}incidents:\n{lines}{tail}'


def json_value(text: str) -> object:
    """What another YAML reader makes of a text: numbers, truth values and nulls converted, timestamps not."""
    return _value(parse_document(text, "x.yaml").root)


def _value(node: Node) -> object:
    if isinstance(node, Items):
        return [_value(item) for item in node.nodes]
    if isinstance(node, Entries):
        return {key.text: _value(value) for key, value in node.pairs}
    if not node.is_plain:
        return node.text
    if node.is_null:
        return None
    if node.text in ("true", "false"):
        return node.text == "true"
    if re.fullmatch("-?[0-9]+", node.text):
        return int(node.text)
    return float(node.text) if re.fullmatch("-?[0-9]+([.][0-9]+)?(e[0-9]+)?", node.text) else node.text
