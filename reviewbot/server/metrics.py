"""What the service counts, for Prometheus. No label holds anything that comes from outside."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from reviewbot.errors import StoreError

log = logging.getLogger(__name__)

_ACK_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0)
_LAG_BUCKETS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_JOB_BUCKETS: Final = (0.1, 1.0, 10.0, 60.0, 300.0, 1800.0)


@dataclass(frozen=True, slots=True)
class MetricInfo:
    """A metric as the manual lists it. `kind` is Prometheus's word for it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    description: str


METRICS: Final = (
    MetricInfo("reviewbot_deliveries", "counter", ("result",), "Requests to the webhook by what became of them."),
    MetricInfo(
        "reviewbot_acknowledgement_seconds", "histogram", (), "From the first byte of a request's body to the answer."
    ),
    MetricInfo("reviewbot_event_loop_lag_seconds", "histogram", (), "How late the event loop is with what is due."),
    MetricInfo("reviewbot_event_loop_lag_seconds_max", "gauge", (), "The longest since the process started."),
    MetricInfo("reviewbot_jobs", "counter", ("job", "result"), "Jobs of this process by kind and result."),
    MetricInfo("reviewbot_job_seconds", "histogram", ("job",), "How long jobs of this process take."),
    MetricInfo("reviewbot_queue_jobs", "gauge", ("state",), "Pull requests that wait for a review or have one now."),
    MetricInfo("reviewbot_queue_oldest_seconds", "gauge", (), "How long the first of those that wait has waited."),
    MetricInfo("reviewbot_stored_deliveries", "gauge", ("state",), "Deliveries on record by what became of them."),
    MetricInfo("reviewbot_reviews", "gauge", ("outcome",), "Reviews on record by how they ended."),
    MetricInfo("reviewbot_findings", "gauge", ("stage",), "Findings on record by the stage that held them back."),
    MetricInfo("reviewbot_model_calls", "gauge", ("result",), "Calls to models on record, answered or failed."),
    MetricInfo("reviewbot_tokens", "gauge", ("kind",), "Tokens on record: input, output, cache_read, cache_write."),
    MetricInfo("reviewbot_cost_usd", "gauge", (), "What models have cost, as far as prices are known."),
    MetricInfo("reviewbot_github_write_retries", "gauge", (), "Writes to GitHub that had to be sent again."),
    MetricInfo("reviewbot_installations_parked", "gauge", (), "Installations that wait for a rate limit to pass."),
    MetricInfo("reviewbot_workers", "gauge", (), "Processes that work and were heard of lately."),
    MetricInfo("reviewbot_incidents", "gauge", ("answer",), "Incidents on record by what the record says."),
)
"""All that is counted. What stands on record is counted for all processes by whichever is asked."""
_KEPT_SECONDS: Final = 10.0


class Metrics:
    """Counters and timers of one process; safe to use from several threads."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._received = Counter(
            "reviewbot_deliveries",
            "Requests to the webhook by what became of them.",
            ["result"],
            registry=self._registry,
        )
        self._acknowledged = Histogram(
            "reviewbot_acknowledgement_seconds",
            "From the first byte of a request's body to the answer.",
            buckets=_ACK_BUCKETS,
            registry=self._registry,
        )
        self._lag = Histogram(
            "reviewbot_event_loop_lag_seconds",
            "How late the event loop is with what is due.",
            buckets=_LAG_BUCKETS,
            registry=self._registry,
        )
        self._worst_lag = Gauge(
            "reviewbot_event_loop_lag_seconds_max", "The longest since the process started.", registry=self._registry
        )
        self._jobs = Counter("reviewbot_jobs", "Jobs by kind and result.", ["job", "result"], registry=self._registry)
        self._job_seconds = Histogram(
            "reviewbot_job_seconds", "How long jobs take.", ["job"], buckets=_JOB_BUCKETS, registry=self._registry
        )
        self._worst_lag_seconds = 0.0

    def received(self, result: str, seconds: float) -> None:
        """A request to the webhook was answered."""
        self._received.labels(result).inc()
        self._acknowledged.observe(seconds)

    def lagged(self, seconds: float) -> None:
        """The event loop was so late."""
        self._lag.observe(seconds)
        if seconds > self._worst_lag_seconds:
            self._worst_lag_seconds = seconds
            self._worst_lag.set(seconds)

    def job_ended(self, kind: str, result: str, seconds: float) -> None:
        """For `Engine(observe=...)`."""
        self._jobs.labels(kind, result).inc()
        self._job_seconds.labels(kind).observe(seconds)

    def watch(self, counted: Callable[[], Mapping[str, Mapping[tuple[str, ...], float]]]) -> None:
        """Adds what stands on record: by metric the figure of each combination of labels, at most every 10 s."""
        self._registry.register(_OnRecord(counted))

    def render(self) -> bytes:
        """Everything in Prometheus's text format; blocks while it counts."""
        return generate_latest(self._registry)


class _OnRecord(Collector):
    def __init__(self, counted: Callable[[], Mapping[str, Mapping[tuple[str, ...], float]]]) -> None:
        self._counted = counted
        self._kept: Mapping[str, Mapping[tuple[str, ...], float]] = {}
        self._at = float("-inf")

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        now = time.monotonic()
        if now - self._at > _KEPT_SECONDS:
            try:
                self._kept = self._counted()
                self._at = now
            except StoreError as error:
                log.warning("could not count for the metrics", extra={"why": str(error)[:300]})
                self._kept = {}
        for one in METRICS:
            if one.name not in self._kept:
                continue
            family = GaugeMetricFamily(one.name, one.description, labels=one.labels)
            for labels, figure in self._kept[one.name].items():
                family.add_metric(labels, figure)
            yield family
