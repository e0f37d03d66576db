"""Exports of incident services, as their APIs document them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from reviewbot.retro.imports.values import (
    Fields,
    Imported,
    ImportedIncident,
    each_record,
    headline,
    linked_changes,
    records_of,
    report_link,
)


def pagerduty(content: bytes, name: str) -> Imported:
    """`GET /incidents` of PagerDuty's REST API, version 2."""
    return each_record(records_of(content, name, "incidents", "PagerDuty"), name, _pagerduty)


def _pagerduty(one: Fields) -> ImportedIncident:
    details = one.text("body.details", "description")
    resolved = one.moment("resolved_at") or (
        one.moment("last_status_change_at") if one.text("status") == "resolved" else None
    )
    return ImportedIncident(
        id=f"PD-{one.needed('incident_number', 'id')}",
        name=headline(one.needed("title", "summary")),
        severity=one.text("priority.summary", "priority.name", "urgency"),
        started_at=one.moment("created_at"),
        resolved_at=resolved,
        services=_names(one, "service.summary"),
        summary=details,
        fixed=linked_changes(details),
        references=report_link(one.text("html_url")),
        labels={"pagerduty": one.text("id")} if one.text("id") else {},
    )


def incident_io(content: bytes, name: str) -> Imported:
    """`GET /v2/incidents` of incident.io."""
    return each_record(records_of(content, name, "incidents", "incident.io"), name, _incident_io)


def _incident_io(one: Fields) -> ImportedIncident:
    times = {
        stamp.text("incident_timestamp.name").lower(): stamp.moment("value.value")
        for stamp in one.all("incident_timestamp_values")
    }
    custom = {
        entry.text("custom_field.name").lower(): ", ".join(
            value.text("value_text", "value_link", "value_option.value", "value_catalog_entry.name", "value_numeric")
            for value in entry.all("values")
        )
        for entry in one.all("custom_field_entries")
    }
    summary = one.text("summary")
    affected = [text for key, text in custom.items() if "service" in key or "component" in key]
    return ImportedIncident(
        id=one.needed("reference", "id"),
        name=headline(one.needed("name")),
        severity=one.text("severity.name"),
        started_at=_first(times, "impact started", "started", "occurred") or one.moment("created_at"),
        detected_at=_first(times, "detected", "identified", "reported"),
        resolved_at=_first(times, "resolved", "fixed", "closed"),
        services=tuple(part.strip() for text in affected for part in text.split(",") if part.strip()),
        summary=summary,
        root_cause=next((text for key, text in custom.items() if "cause" in key and " " in text), ""),
        category=next((text for key, text in custom.items() if "cause" in key and " " not in text), ""),
        fixed=linked_changes(summary, *custom.values()),
        references=report_link(one.text("permalink")),
    )


def rootly(content: bytes, name: str) -> Imported:
    """`GET /v1/incidents` of Rootly, which is JSON:API."""
    return each_record(records_of(content, name, "data", "Rootly"), name, _rootly)


def _rootly(one: Fields) -> ImportedIncident:
    told = Fields(one.at("attributes"))
    summary = told.text("summary")
    resolution = told.text("resolution_message", "mitigation_message")
    return ImportedIncident(
        id=f"ROOTLY-{told.text('sequential_id') or one.needed('id')}",
        name=headline(told.needed("title")),
        severity=told.text("severity.data.attributes.name", "severity.data.attributes.slug", "severity"),
        started_at=told.moment("started_at", "created_at"),
        detected_at=told.moment("detected_at"),
        resolved_at=told.moment("resolved_at", "mitigated_at"),
        services=_names_in(told, "services"),
        summary=summary,
        category=next(iter(_names_in(told, "causes")), ""),
        fixed=linked_changes(summary, resolution),
        references=report_link(told.text("url", "short_url")),
    )


def firehydrant(content: bytes, name: str) -> Imported:
    """`GET /v1/incidents` of FireHydrant."""
    return each_record(records_of(content, name, "data", "FireHydrant"), name, _firehydrant)


def _firehydrant(one: Fields) -> ImportedIncident:
    passed = {mile.text("type", "slug").lower(): mile.moment("occurred_at") for mile in one.all("milestones")}
    summary = one.text("customer_impact_summary", "summary", "description")
    return ImportedIncident(
        id=f"FH-{one.text('number') or one.needed('id')}",
        name=headline(one.needed("name")),
        severity=one.text("severity", "severity_object.slug"),
        started_at=passed.get("started") or one.moment("started_at", "created_at"),
        detected_at=passed.get("detected"),
        resolved_at=passed.get("resolved") or passed.get("mitigated"),
        services=tuple(found for each in one.all("services") if (found := each.text("name"))),
        summary=summary,
        root_cause=one.text("retro.root_cause", "root_cause"),
        fixed=linked_changes(summary, one.text("description")),
        references=report_link(one.text("incident_url", "private_status_page_url")),
        labels=_labels(one),
    )


def statuspage(content: bytes, name: str) -> Imported:
    """`/api/v2/incidents.json` of a status page of Atlassian's."""
    return each_record(records_of(content, name, "incidents", "Statuspage"), name, _statuspage)


def _statuspage(one: Fields) -> ImportedIncident:
    updates = sorted(one.all("incident_updates"), key=lambda update: update.text("display_at", "created_at"))
    bodies = [update.text("body") for update in updates]
    found = next((update for update in updates if update.text("status") in ("investigating", "identified")), None)
    postmortem = one.text("postmortem_body")
    return ImportedIncident(
        id=f"SP-{one.needed('id')}",
        name=headline(one.needed("name")),
        severity=one.text("impact"),
        started_at=one.moment("started_at", "created_at"),
        detected_at=found.moment("display_at", "created_at") if found else None,
        resolved_at=one.moment("resolved_at"),
        services=tuple(part for each in one.all("components") if (part := each.text("name"))),
        summary=bodies[0] if bodies else "",
        root_cause=postmortem,
        fixed=linked_changes(postmortem, *bodies),
        references=report_link(one.text("shortlink")),
    )


def _first(times: Mapping[str, datetime | None], *words: str) -> datetime | None:
    for word in words:
        for label, moment in times.items():
            if word in label and moment is not None:
                return moment
    return None


def _names(one: Fields, path: str) -> tuple[str, ...]:
    found = one.text(path)
    return (found,) if found else ()


def _names_in(one: Fields, path: str) -> tuple[str, ...]:
    """Names in a list, or in the `data` of a JSON:API relation."""
    listed = [*one.all(path), *one.all(f"{path}.data")]
    return tuple(found for each in listed if (found := each.text("name", "attributes.name")))


def _labels(one: Fields) -> dict[str, str]:
    found = one.at("labels")
    pairs = found.items() if isinstance(found, dict) else ()
    return {str(key)[:100]: str(value)[:900] for key, value in pairs if str(key).strip() and str(value).strip()}
