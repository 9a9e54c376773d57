"""Prometheus metrics and health of an ingester, for `MetricsServer`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class IngestSnapshot:
    """Counters of an ingester so far.

    Attributes:
        stored: events written; dead: dead letters; batches: inserts.
        refused: dead letters that policy refuses, by rule; newer: events of a newer program version.
        retries: failures; error: the present one, "" while there is none.
        lag: messages not read yet by topic and partition, of the partitions assigned to it.
    """

    stored: int = 0
    dead: int = 0
    batches: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    newer: int = 0
    retries: int = 0
    error: str = ""
    lag: Mapping[tuple[str, int], int] = field(default_factory=dict)


class IngestMetrics(Collector):
    """Implements `pipeline.observe.metrics.Observed`.

    Args:
        snapshot: called at each scrape, from any thread.
    """

    def __init__(self, snapshot: Callable[[], IngestSnapshot]) -> None:
        self._snapshot = snapshot
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(namespace="viapublica", registry=self.registry)

    def collect(self) -> Iterable[Metric]:
        """All metric families."""
        now = self._snapshot()
        for name, text, value in (
            ("stored_events", "Events written into the event store, again if they came again.", now.stored),
            ("dead_letters", "Messages that were not stored.", now.dead),
            ("newer_events", "Events of a newer program version, stored without its new fields.", now.newer),
            ("batches", "Inserts into the event store.", now.batches),
            ("retries", "Failures of brokers or event store.", now.retries),
        ):
            yield CounterMetricFamily(f"viapublica_ingest_{name}", text, value=value)
        yield GaugeMetricFamily("viapublica_ingest_up", "0 while brokers or event store fail.", value=not now.error)
        refused = CounterMetricFamily(
            "viapublica_ingest_refused_events", "Dead letters that policy refuses.", labels=["rule"]
        )
        for rule, count in sorted(now.refused.items()):
            refused.add_metric([rule], count)
        yield refused
        lag = GaugeMetricFamily("viapublica_ingest_lag", "Messages not read yet.", labels=["topic", "partition"])
        for (topic, partition), left in sorted(now.lag.items()):
            lag.add_metric([topic, str(partition)], left)
        yield lag

    def health(self) -> dict[str, Any]:
        """The body of ``/health``: ``ok``, or ``degraded`` while brokers or event store fail."""
        now = self._snapshot()
        return {
            "status": "degraded" if now.error else "ok",
            "error": now.error,
            "lag": sum(now.lag.values()),
            "stored": now.stored,
            "dead_letters": now.dead,
            "refused": dict(now.refused),
        }
