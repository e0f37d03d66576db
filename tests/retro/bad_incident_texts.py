"""Incident files with one mistake each, and how the message about it begins."""

from __future__ import annotations

from tests.retro.incident_texts import incidents_text

OK = "id: A, introduced: [{pr: 1}]"

BAD = [
    (
        incidents_text("id: A, introduced: [{commit: 1234567}]"),
        "4:35: '1234567' is a number in YAML: put the sha in quotes",
    ),
    (
        incidents_text("id: A, introduced: [{commit: 12e4567}]"),
        "4:35: '12e4567' is a number in YAML: put the sha in quotes",
    ),
    (incidents_text("id: A, introduced: [{commit: HEAD}]"), "4:35: 'HEAD' is not a sha; expected a commit sha"),
    (incidents_text('id: A, introduced: [{commit: "9f1c"}]'), "4:35: '9f1c' is not a sha"),
    (incidents_text("id: A, introduced: [{pr: 0}]"), "4:31: '0' does not fit; expected a whole number from 1"),
    (incidents_text('id: A, introduced: [{pr: "7"}]'), "4:31: '7' is text: write it without quotes"),
    (incidents_text("id: A, introduced: [{pr: 1.5}]"), "4:31: '1.5' does not fit"),
    (incidents_text("id: A, introduced: [{source: human}]"), "4:26: a change has none of 'commit' and 'pr'"),
    (incidents_text("id: A, introduced: {pr: 1}"), "4:25: a mapping stands here; expected a list of changes"),
    (incidents_text("id: A, introduced: [7]"), "4:26: '7' stands here; expected a change: a mapping with"),
    (incidents_text(f"{OK}, severty: sev1"), "4:36: an incident has no key 'severty' (did you mean 'severity'?)"),
    (incidents_text(f"{OK}, rootcause: x"), "4:36: an incident has no key 'rootcause' (did you mean 'root_cause'?)"),
    (incidents_text("introduced: [{pr: 1}]"), "4:5: an incident has no 'id'"),
    (incidents_text("id: , introduced: [{pr: 1}]"), "4:5: an incident has no 'id'"),
    (incidents_text("id: a b, introduced: [{pr: 1}]"), "4:10: 'a b' does not fit; expected 1 to 200 letters"),
    (incidents_text("id: A"), "4:5: an incident has neither 'introduced' nor 'fixed'"),
    (incidents_text("id: A, cause_type: code"), "4:5: an incident has neither 'introduced' nor 'fixed'"),
    (incidents_text("id: A, introduced: [], fixed: ~"), "4:5: an incident has neither 'introduced' nor 'fixed'"),
    (incidents_text(f"{OK}, repo: shop"), "4:42: 'shop' is not the name of a repository; expected owner/name"),
    (incidents_text(OK, head="defaults: {repo: shop}\n"), "2:18: 'shop' is not the name of a repository"),
    (
        incidents_text(OK, head="repositories: {shop: {path: x}}\ndefaults: {repo: acme/shop}\n"),
        "2:16: the key 'shop' does not fit",
    ),
    (
        incidents_text(OK, head="repositories: {a/b: {path: x, url: 'https://y'}}\ndefaults: {repo: acme/shop}\n"),
        "2:21: a repository needs one of 'path' and 'url'",
    ),
    (
        incidents_text(OK, head="repositories: {a/b: {}}\ndefaults: {repo: acme/shop}\n"),
        "2:21: a repository needs one of 'path' and 'url'; expected exactly one",
    ),
    (
        incidents_text(OK, head='repositories: {a/b: {url: "ext::sh"}}\ndefaults: {repo: acme/shop}\n'),
        "2:27: 'ext::sh' does not fit; expected a URL",
    ),
    (incidents_text(f"{OK}, split: heldout"), "4:43: 'heldout' is not known here (did you mean 'held-out'?)"),
    (incidents_text(f"{OK}, cause_type: bug"), "4:48: 'bug' is not known here; expected one of code, config"),
    (incidents_text("id: A, introduced: [{pr: 1, confidence: sure}]"), "4:46: 'sure' is not known here"),
    (incidents_text(f"{OK}, started_at: 2026-03-04T14:02:00Q"), "4:48: '2026-03-04T14:02:00Q' is not a timestamp"),
    (incidents_text(f"{OK}, locations: [{{path: /etc/x, start_line: 1}}]"), "4:55: '/etc/x' does not fit"),
    (incidents_text(f"{OK}, locations: [{{path: a/../x, start_line: 1}}]"), "4:55: 'a/../x' does not fit"),
    (incidents_text(f"{OK}, locations: [{{path: x}}]"), "4:48: a location has no 'start_line'"),
    (incidents_text(f"{OK}, locations: [{{path: x, start_line: 1, side: both}}]"), "4:79: 'both' is not known here"),
    (
        incidents_text(f'{OK}, references: [{{url: "javascript:x"}}]'),
        "4:55: 'javascript:x' does not fit; expected a link",
    ),
    (incidents_text(f"{OK}, references: [{{type: NOTE, url: http://x}}]"), "4:56: 'NOTE' is not known here"),
    (incidents_text(f"{OK}, exclude: {{}}"), "4:45: an exclusion has no 'reason'"),
    (incidents_text(f"{OK}, exclude: not-code"), "4:45: 'not-code' stands here; expected an exclusion"),
    (incidents_text(f"{OK}, labels: [a]"), "4:44: a list stands here; expected labels"),
    (incidents_text(f"{OK}, services: checkout"), "4:46: 'checkout' stands here; expected a list"),
    (incidents_text(OK, tail="controls: {auto: {per_incident: lots}}\n"), "5:33: 'lots' does not fit"),
    (incidents_text(OK, tail="controls: {auto: {per_incident: 101}}\n"), "5:33: '101' does not fit"),
    (incidents_text(OK, tail="controls: {auto: {quiet_days: 0}}\n"), "5:31: '0' does not fit"),
    (incidents_text(OK, tail="controls: {auto: {match: [shape]}}\n"), "5:27: 'shape' is not known here"),
    (incidents_text(OK, tail="controls: {include: [{id: q}]}\n"), "5:22: a control has none of 'commit' and 'pr'"),
    (
        incidents_text(OK, tail="control: {}\n"),
        "5:1: an incidents file has no key 'control' (did you mean 'controls'?)",
    ),
    (incidents_text(OK).replace('"1.0"', '"2.0"'), "1:17: '2.0' is not a version; expected \"1.0\" in quotes"),
    (incidents_text(OK).replace('"1.0"', "1.0"), "1:17: '1.0' is a number in YAML: put the version in quotes"),
    (incidents_text(OK).replace('schema_version: "1.0"\n', ""), "1:1: an incidents file has no 'schema_version'"),
    ('schema_version: "1.0"\n', "1:1: an incidents file has no 'incidents'"),
    ("[1, 2]", "1:1: a list stands here; expected an incidents file: a mapping"),
    ("just text", "1:1: 'just text' stands here; expected an incidents file"),
]

BEYOND_THE_SCHEMA = [
    (incidents_text(OK, "id: A, fixed: [{pr: 2}]"), "5:10: the id 'A' stands twice, first in line 4"),
    (
        incidents_text(OK, tail="controls: {include: [{id: A, pr: 2}]}\n"),
        "5:27: the id 'A' stands twice, first in line 4",
    ),
    (
        incidents_text(OK, tail="controls: {include: [{id: q, pr: 1}]}\n"),
        "5:22: the control 'q' is the cause of the incident 'A'",
    ),
    (
        incidents_text(f"{OK}, locations: [{{path: x, start_line: 9, end_line: 8}}]"),
        "4:83: the location ends in line 8, before",
    ),
    (
        incidents_text(f"{OK}, severity: sev9", head="defaults: {repo: a/b, severity_scale: [sev1]}\n"),
        "4:46: the severity 'sev9' is not",
    ),
    (incidents_text(f"{OK}, started_at: 2026-02-30"), "4:48: '2026-02-30' is not a timestamp: day"),
    (incidents_text(OK, head=""), "3:26: no repository is named for this change"),
    (incidents_text("id: A, fixed: [{pr: 1}]", head=""), "3:21: no repository is named for this change"),
    (incidents_text(f"{OK}, name: a, name: b"), "4:45: the key 'name' stands twice in one mapping, first in line 4"),
]
