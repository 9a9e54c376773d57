"""Prometheus metrics and health of a running pipeline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from pipeline.domain.events import Kind
from pipeline.observe.prometheus_collectors import (
    MAX_REASONS,
    OTHER,
    ActivitiesCollector,
    NetworksCollector,
    QueuesCollector,
    SinksCollector,
    SourcesCollector,
    StagesCollector,
)
from pipeline.observe.run_health import run_health
from pipeline.observe.snapshots import Activities, Networks, Queues, QueueSnapshot, Sinks, Sources
from pipeline.observe.stage_timing import Stage, StageClock

__all__ = ["PipelineMetrics", "QueueSnapshot"]

_STAGE_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Decoding takes 1 ms per frame, inference 5 ms on a GPU to 250 ms on a laptop, flushing a sink up to seconds."""
_BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64)


class PipelineMetrics:
    """All metrics of one pipeline, in their own registry.

    Frequent events are counted by its methods; state is read at each scrape from the callables passed to the
    `watch_…` methods (a second call of one is a ValueError). All methods are safe from any thread.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Metrics at zero.

        Args:
            registry: registry to use; None for a new one.
        """
        self.registry = registry if registry is not None else CollectorRegistry()
        self._sources: Sources = dict
        self._sinks: Sinks = list
        self._advice: Callable[[], str] = str
        self._monotonic_s: Callable[[], float] = time.monotonic
        self._started_s = time.monotonic()
        self._reasons: set[str] = set()
        self._watched: set[type[Collector]] = set()
        self._lock = threading.Lock()
        self._stage_seconds = Histogram(
            "viapublica_stage_seconds",
            "Time of one call of a stage.",
            ["stage"],
            buckets=_STAGE_BUCKETS_S,
            registry=self.registry,
        )
        self._stage_items = Counter(
            "viapublica_stage_items",
            "Frames, crops or events that a stage processed.",
            ["stage"],
            registry=self.registry,
        )
        self._batch = Histogram(
            "viapublica_batch_size_frames",
            "Frames per inference.",
            buckets=_BATCH_BUCKETS,
            registry=self.registry,
        )
        self._events = Counter("viapublica_events", "Dispatched events.", ["kind"], registry=self.registry)
        self._refused = Counter(
            "viapublica_events_refused", "Events that the policy gate refused.", ["reason"], registry=self.registry
        )
        ProcessCollector(namespace="viapublica", registry=self.registry)

    def stage(self, name: Stage | str, seconds: float, n: int = 1) -> None:
        """Count a call of a stage that processed `n` items.

        Raises:
            ValueError: unknown stage.
        """
        stage = Stage(name).value
        self._stage_seconds.labels(stage).observe(seconds)
        self._stage_items.labels(stage).inc(n)

    def batch(self, size: int) -> None:
        """Count an inference over `size` frames."""
        self._batch.observe(size)

    def event(self, kind: Kind | str, n: int = 1) -> None:
        """Count `n` dispatched events of a kind.

        Raises:
            ValueError: unknown kind.
        """
        self._events.labels(Kind(kind).value).inc(n)

    def refused(self, reason: str, n: int = 1) -> None:
        """Count `n` events that the policy gate refused; reasons beyond the first 16 are summed as ``other``."""
        with self._lock:
            if reason not in self._reasons and len(self._reasons) >= MAX_REASONS:
                reason = OTHER
            self._reasons.add(reason)
        self._refused.labels(reason).inc(n)

    def watch_sources(self, sources: Sources, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        """Export these cameras; `monotonic_s` is the clock of their `last_frame_s`."""
        self._sources = sources
        self._monotonic_s = monotonic_s
        self._started_s = monotonic_s()
        self._watch(SourcesCollector(sources, monotonic_s))

    def watch_advice(self, advice: Callable[[], str]) -> None:
        """Show in ``/health`` what helps against an overload; "" while there is none."""
        self._advice = advice

    def watch_activities(self, activities: Activities) -> None:
        """Export the analysis of the cameras' frames."""
        self._watch(ActivitiesCollector(activities))

    def watch_sinks(self, sinks: Sinks) -> None:
        """Export these sinks."""
        self._sinks = sinks
        self._watch(SinksCollector(sinks))

    def watch_queues(self, queues: Queues) -> None:
        """Export these queues."""
        self._watch(QueuesCollector(queues))

    def watch_networks(self, networks: Networks) -> None:
        """Publish which backend runs each network, and which ones failed its known-answer test."""
        self._watch(NetworksCollector(networks))

    def watch_stages(self, clock: StageClock) -> None:
        """Export the processor time of these stages."""
        self._watch(StagesCollector(clock))

    def _watch(self, collector: Collector) -> None:
        # The registry accepts a second collector of the same names; Prometheus would then reject the whole scrape.
        if type(collector) in self._watched:
            raise ValueError(f"{type(collector).__name__} is already registered")
        self._watched.add(type(collector))
        self.registry.register(collector)

    def health(self) -> dict[str, Any]:
        """Health of the pipeline: the body of ``/health``; see `run_health`."""
        now_s = self._monotonic_s()
        return run_health(self._sources(), self._sinks(), self._advice(), now_s=now_s, began_s=self._started_s)
