"""Labels that people give to findings: kept beside the incidents, and above every judge's."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from reviewbot.domain.finding import Finding
from reviewbot.domain.replay import Label
from reviewbot.errors import InputError, StoreError


@dataclass(frozen=True, slots=True)
class HumanLabel:
    """What a person called a finding on the change of a case; `at` is ISO 8601. `title` is for readers of the file."""

    case: str
    finding: str
    label: Literal[Label.HIT, Label.PARTIAL, Label.MISS]
    by: str
    at: str
    title: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return (self.case, self.finding)


_ROW = TypeAdapter(HumanLabel)


def labels_file(incidents: Path) -> Path:
    """Where the labels of an incidents file are: `incidents.labels.jsonl` beside `incidents.yaml`."""
    return incidents.with_name(f"{incidents.stem}.labels.jsonl")


def finding_digest(finding: Finding) -> str:
    """16 hex digits for what a finding says and where: the same remark in another run has the same label."""
    text = f"{finding.title}\0{finding.explanation}\0{finding.location}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def load_labels(path: Path) -> Mapping[tuple[str, str], HumanLabel]:
    """The labels by case and digest, of several of one finding the last; none where there is no file.

    Raises InputError with the line of a row that is none.
    """
    if not path.exists():
        return {}
    found: dict[tuple[str, str], HumanLabel] = {}
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); make it readable, or move it away") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = _ROW.validate_json(line)
        except ValidationError as error:
            raise InputError(
                f"{path}:{number}: not a label: {error.errors()[0]['msg']}; correct or delete it"
            ) from error
        found[row.key] = row
    return found


def add_label(path: Path, label: HumanLabel) -> None:
    """Adds a label and sees it on the disk before it returns."""
    try:
        with path.open("ab") as file:
            file.write(_ROW.dump_json(label) + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(f"{path} cannot be written ({error.strerror}); free some space and go on") from error
