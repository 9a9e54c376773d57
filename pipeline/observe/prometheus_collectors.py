"""Prometheus collectors of status snapshots, evaluated at each scrape."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline.domain.ports import SinkStatus, SourceState, SourceStatus
from pipeline.observe.snapshots import Activities, CameraActivity, Networks, Queues, QueueSnapshot, Sinks, Sources
from pipeline.observe.stage_timing import StageClock

MAX_REASONS = 16
"""Maximum number of reasons as values of one label; the others are summed as ``other``. Reasons are constants of the
program, but the number of series must not grow if one of them contains a variable part."""
OTHER = "other"
_Item = TypeVar("_Item")


def bounded(drops: Mapping[str, int]) -> dict[str, int]:
    """The first `MAX_REASONS` reasons by name, and the sum of the others under ``other``."""
    named = dict(sorted(drops.items())[:MAX_REASONS])
    rest = sum(drops.values()) - sum(named.values())
    if rest:
        named[OTHER] = named.get(OTHER, 0) + rest
    return named


class SourcesCollector(Collector):
    """Per camera: state, frames, drops, age of the newest frame."""

    def __init__(self, sources: Sources, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._sources = sources
        self._monotonic_s = monotonic_s

    def collect(self) -> Iterable[Metric]:
        """All metric families, with a sample per camera."""
        statuses = self._sources()
        yield _counter("camera_decoded_frames", "Frames decoded.", "camera", statuses, lambda s: s.decoded)
        yield _counter(
            "camera_damaged_frames", "Decoded frames with concealed parts.", "camera", statuses, lambda s: s.damaged
        )
        yield _counter(
            "camera_delivered_frames", "Frames delivered for analysis.", "camera", statuses, lambda s: s.delivered
        )
        yield _counter(
            "camera_reconnects", "Reconnections after a lost stream.", "camera", statuses, lambda s: s.reconnects
        )
        yield _counter(
            "camera_decoder_crashes",
            "Decoder processes that crashed or were killed.",
            "camera",
            statuses,
            lambda s: s.decoder_crashes,
        )
        yield _gauge(
            "camera_fps", "Frames that arrived per second over the last seconds.", "camera", statuses, lambda s: s.fps
        )
        yield _gauge(
            "camera_limit_fps",
            "Frames per second to which an overload has lowered the camera's rate; absent without.",
            "camera",
            {camera: status for camera, status in statuses.items() if status.limit_fps is not None},
            lambda s: s.limit_fps or 0.0,
        )
        yield _drops(
            "camera_source_dropped_frames",
            "Frames dropped by the source.",
            "camera",
            {camera: s.drops for camera, s in statuses.items()},
        )
        yield self._states(statuses)
        yield self._ages(statuses)

    def _states(self, statuses: Mapping[str, SourceStatus]) -> Metric:
        family = GaugeMetricFamily("viapublica_camera_state", "1 for the current state.", labels=["camera", "state"])
        for camera, status in statuses.items():
            for state in SourceState:
                family.add_metric([camera, state.value], float(status.state is state))
        return family

    def _ages(self, statuses: Mapping[str, SourceStatus]) -> Metric:
        now_s = self._monotonic_s()
        seen = {camera: status for camera, status in statuses.items() if status.last_frame_s is not None}
        return _gauge(
            "camera_last_frame_age_seconds",
            "Time since the newest frame; absent before the first.",
            "camera",
            seen,
            lambda s: max(0.0, now_s - (s.last_frame_s or 0.0)),
        )


class ActivitiesCollector(Collector):
    """Per camera: analysis of the delivered frames."""

    def __init__(self, activities: Activities) -> None:
        self._activities = activities

    def collect(self) -> Iterable[Metric]:
        """All metric families, with a sample per camera."""
        activities: Mapping[str, CameraActivity] = self._activities()
        yield _counter(
            "camera_analyzed_frames", "Frames that the detector got.", "camera", activities, lambda a: a.analyzed
        )
        yield _drops(
            "camera_decided_frames",
            "Frames that adaptive analysis gave to the detector or skipped, by reason.",
            "camera",
            {camera: a.decisions for camera, a in activities.items()},
        )
        yield _gauge(
            "camera_lag_seconds",
            "Time from decoding the newest analyzed frame to the end of its analysis.",
            "camera",
            activities,
            lambda a: a.lag_s,
        )
        yield _drops(
            "camera_dropped_frames",
            "Frames dropped after the source.",
            "camera",
            {camera: a.drops for camera, a in activities.items()},
        )


class NetworksCollector(Collector):
    """Per network: the backend that runs it, and those that failed its known-answer test on this machine."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks

    def collect(self) -> Iterable[Metric]:
        """Two metric families, with a sample per network and backend."""
        labels = ["model", "backend", "device"]
        used = GaugeMetricFamily("viapublica_network_info", "1 for the backend that runs the network.", labels=labels)
        rejected = GaugeMetricFamily(
            "viapublica_network_rejected_backend_info",
            "1 for a backend that failed the network's known-answer test on this machine.",
            labels=labels,
        )
        for network in self._networks():
            used.add_metric([network.name, network.backend, network.device], 1.0)
            for one in network.rejected:
                rejected.add_metric([network.name, one.backend, network.device], 1.0)
        return [used, rejected]


class SinksCollector(Collector):
    """Per sink: accepted, delivered and pending events."""

    def __init__(self, sinks: Sinks) -> None:
        self._sinks = sinks

    def collect(self) -> Iterable[Metric]:
        """All metric families, with a sample per sink."""
        statuses: Mapping[str, SinkStatus] = {status.name: status for status in self._sinks()}
        yield _counter("sink_accepted_events", "Accepted events.", "sink", statuses, lambda s: s.accepted)
        yield _counter(
            "sink_delivered_events", "Events confirmed by the destination.", "sink", statuses, lambda s: s.delivered
        )
        yield _counter("sink_retries", "Retries of failed deliveries.", "sink", statuses, lambda s: s.retries)
        yield _gauge(
            "sink_pending_events", "Accepted events that are not confirmed yet.", "sink", statuses, lambda s: s.pending
        )
        yield _gauge(
            "sink_lag_seconds", "Age of the oldest pending event.", "sink", statuses, lambda s: s.oldest_pending_s
        )
        yield _counter(
            "sink_refused_events",
            "Events rejected permanently by the destination.",
            "sink",
            statuses,
            lambda s: s.refused,
        )
        yield _counter(
            "sink_lost_events", "Events lost to a corrupt or full spool.", "sink", statuses, lambda s: s.lost
        )
        yield _gauge("sink_spool_bytes", "Size of the spool on disk.", "sink", statuses, lambda s: s.spool_bytes)
        yield _gauge(
            "sink_damaged_items",
            "Parts that the event store has set aside because they are damaged.",
            "sink",
            statuses,
            lambda s: s.damaged_parts,
        )
        yield _gauge("sink_up", "1 if the last delivery succeeded.", "sink", statuses, lambda s: not s.error)


class QueuesCollector(Collector):
    """Queues between threads: depth, capacity and drops."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues

    def collect(self) -> Iterable[Metric]:
        """All metric families, with a sample per queue."""
        queues: Mapping[str, QueueSnapshot] = self._queues()
        yield _gauge("queue_depth_items", "Queued items.", "queue", queues, lambda q: q.depth)
        yield _gauge("queue_capacity_items", "Maximum number of queued items.", "queue", queues, lambda q: q.capacity)
        yield _drops("queue_dropped_items", "Dropped items.", "queue", {n: q.drops for n, q in queues.items()})


class StagesCollector(Collector):
    """Processor time by stage; the histogram of `PipelineMetrics.stage` has the wall-clock time."""

    def __init__(self, clock: StageClock) -> None:
        self._clock = clock

    def collect(self) -> Iterable[Metric]:
        """One metric family, with a sample per stage."""
        totals = {stage.value: sums for stage, sums in self._clock.totals().items()}
        yield _counter(
            "stage_cpu_seconds", "Processor time of the calling threads.", "stage", totals, lambda t: t.cpu_seconds
        )


def _counter(name: str, text: str, label: str, items: Mapping[str, _Item], value: Callable[[_Item], float]) -> Metric:
    family = CounterMetricFamily(f"viapublica_{name}", text, labels=[label])
    for key, item in items.items():
        family.add_metric([key], value(item))
    return family


def _gauge(name: str, text: str, label: str, items: Mapping[str, _Item], value: Callable[[_Item], float]) -> Metric:
    family = GaugeMetricFamily(f"viapublica_{name}", text, labels=[label])
    for key, item in items.items():
        family.add_metric([key], float(value(item)))
    return family


def _drops(name: str, text: str, label: str, items: Mapping[str, Mapping[str, int]]) -> Metric:
    family = CounterMetricFamily(f"viapublica_{name}", text, labels=[label, "reason"])
    for key, drops in items.items():
        for reason, count in bounded(drops).items():
            family.add_metric([key, reason], count)
    return family
