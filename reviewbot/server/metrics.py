"""What the service counts, for Prometheus. No label holds anything that comes from outside."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from reviewbot.errors import StoreError

log = logging.getLogger(__name__)

_ACK_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0)
_LAG_BUCKETS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_JOB_BUCKETS: Final = (0.1, 1.0, 10.0, 60.0, 300.0, 1800.0)

Counts = Callable[[], Mapping[tuple[str, ...], int]]


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

    def watch(self, name: str, description: str, labels: tuple[str, ...], counts: Counts) -> None:
        """Adds a gauge that is counted anew, by a query, each time somebody asks."""
        self._registry.register(_Counted(name, description, labels, counts))

    def render(self) -> bytes:
        """Everything in Prometheus's text format; blocks while it counts."""
        return generate_latest(self._registry)


class _Counted(Collector):
    def __init__(self, name: str, description: str, labels: tuple[str, ...], counts: Counts) -> None:
        self._name = name
        self._description = description
        self._labels = labels
        self._counts = counts

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        family = GaugeMetricFamily(self._name, self._description, labels=self._labels)
        try:
            for labels, count in self._counts().items():
                family.add_metric(labels, count)
        except StoreError as error:
            log.warning("could not count for the metrics", extra={"metric": self._name, "why": str(error)[:300]})
        yield family
