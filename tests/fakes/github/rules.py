"""What GitHub refuses when something is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.github.diffs import FileChange
from tests.fakes.github.state import IssueState, PullState, RepositoryState
from tests.fakes.github.web import ApiError, Visit, invalid, too_long

MOST_BODY, MOST_OUTPUT, MOST_ANNOTATIONS = 65_536, 65_535, 50
MOST_MESSAGE_BYTES, MOST_TITLE = 65_536, 255
CONCLUSIONS = ("action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out")


def refuse_locked(talk: PullState | IssueState) -> None:
    if talk.is_locked:
        raise ApiError(403, "Unable to create comment because issue is locked.")


def check_body(body: str, resource: str) -> None:
    if len(body) > MOST_BODY:
        raise too_long(resource, "body", MOST_BODY)
    if not body.strip():
        raise invalid(resource, "body", "missing_field")


def check_commit(repository: RepositoryState, pull: PullState, commit: str) -> None:
    """Raises the 422 for a commit that is not, or is no longer, one of the pull request's."""
    if commit not in repository.store.between(pull.base, pull.head):
        raise ApiError(422, "Unprocessable Entity", ["End commit oid is not part of the pull request"])


def check_place(file: FileChange | None, comment: Mapping[str, Any]) -> list[str]:
    """GitHub's complaints about where a review comment is to stand; none for a good place.

    They do not say which comment they are about.
    """
    if file is None:
        return ["Path could not be resolved"]
    if comment.get("subject_type") == "file":
        return []
    if "position" in comment and comment.get("line") is None:
        is_known = comment["position"] in file.positions.values()
        return [] if is_known else ["Position could not be resolved"]
    side, line = comment.get("side") or "RIGHT", comment.get("line")
    hunk = file.lines.get((side, line)) if isinstance(line, int) else None
    thread = "Pull request review thread"
    if hunk is None:
        return [f"{thread} line must be part of the diff", f"{thread} diff hunk can't be blank"]
    start = comment.get("start_line")
    if start is None:
        return []
    start_side = comment.get("start_side") or side
    if start_side == side and start >= line:
        return [f"{thread} start line must precede the end line."]
    if file.lines.get((start_side, start)) != hunk:
        return [f"{thread} start line must be part of the same hunk as the line."]
    return []


def check_output(visit: Visit, is_new: bool) -> dict[str, Any]:
    """The `output` of a check run, or an empty one; raises 422."""
    output = visit.request.json.get("output")
    if output is None:
        return {}
    if not isinstance(output, dict) or not isinstance(output.get("summary"), str):
        raise invalid("CheckRun", "summary", "missing_field")
    if is_new and not isinstance(output.get("title"), str):
        raise invalid("CheckRun", "title", "missing_field")
    for name in ("summary", "text"):
        value = output.get(name) or ""
        if len(value) > MOST_OUTPUT or len(value.encode("utf-8", "surrogatepass")) > MOST_OUTPUT:
            raise too_long("CheckRun", name, MOST_OUTPUT)
    annotations = output.get("annotations") or []
    if len(annotations) > MOST_ANNOTATIONS:
        message = f"No more than {MOST_ANNOTATIONS} annotations are allowed per request"
        raise invalid("CheckRun", "annotations", "custom", message)
    for annotation in annotations:
        _check_annotation(annotation)
    return output


def _check_annotation(annotation: Any) -> None:
    for name, kind in (("path", str), ("start_line", int), ("end_line", int), ("message", str)):
        if not isinstance(annotation.get(name), kind) or isinstance(annotation.get(name), bool):
            raise invalid("CheckAnnotation", name, "missing_field")
    if annotation.get("annotation_level") not in ("notice", "warning", "failure"):
        raise invalid("CheckAnnotation", "annotation_level")
    if annotation["start_line"] < 1 or annotation["end_line"] < annotation["start_line"]:
        raise invalid("CheckAnnotation", "end_line")
    if annotation.get("start_column") is not None and annotation["start_line"] != annotation["end_line"]:
        raise invalid("CheckAnnotation", "start_column")
    if not annotation["message"] or len(annotation["message"].encode()) > MOST_MESSAGE_BYTES:
        raise too_long("CheckAnnotation", "message", MOST_MESSAGE_BYTES)
    if len(annotation.get("title") or "") > MOST_TITLE:
        raise too_long("CheckAnnotation", "title", MOST_TITLE)
    if len((annotation.get("raw_details") or "").encode()) > MOST_MESSAGE_BYTES:
        raise too_long("CheckAnnotation", "raw_details", MOST_MESSAGE_BYTES)


def check_state(status: str, conclusion: str | None) -> None:
    if status not in ("queued", "in_progress", "completed"):
        raise invalid("CheckRun", "status")
    if conclusion is not None and conclusion not in CONCLUSIONS:
        raise invalid("CheckRun", "conclusion")
    if status == "completed" and conclusion is None:
        raise invalid("CheckRun", "conclusion", "missing_field")
