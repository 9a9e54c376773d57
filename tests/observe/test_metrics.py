"""Metrics are accepted by Prometheus, are correct, and have a bounded number of series."""

from __future__ import annotations

import json
import re
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.domain.events import Kind
from pipeline.domain.network_identity import NetworkIdentity, RejectedBackend
from pipeline.domain.ports import SinkStatus, SourceState, SourceStatus
from pipeline.errors import ConfigError
from pipeline.observe.metrics import PipelineMetrics
from pipeline.observe.metrics_server import MetricsServer
from pipeline.observe.prometheus_collectors import MAX_REASONS, bounded
from pipeline.observe.snapshots import CameraActivity, QueueSnapshot
from pipeline.observe.stage_timing import Stage, StageClock

_UNITS = ("_seconds", "_bytes", "_frames", "_events", "_items", "_fds", "_fps", "_state", "_up", "_reconnects",
          "_retries", "_refused", "_info", "_crashes")  # fmt: skip
_SOURCES = {
    "av-1": SourceStatus(
        SourceState.STREAMING, decoded=100, delivered=50, drops={"sampled": 49, "corrupt": 1}, reconnects=2, fps=24.5,
        last_frame_s=90.0, limit_fps=5.0,
    ),
    "av-2": SourceStatus(SourceState.BACKING_OFF),
}  # fmt: skip
_SINKS = [
    SinkStatus("kafka", accepted=10, delivered=7, pending=3, oldest_pending_s=4.5, retries=6, error="no broker"),
    SinkStatus("store", accepted=10, delivered=10),
]

_NETWORK = NetworkIdentity(
    "traffic", "a" * 64, "b" * 64, "onnxruntime", "cpu", rejected=(RejectedBackend("openvino", "blind"),)
)


@pytest.fixture
def metrics() -> PipelineMetrics:
    """A pipeline with everything watched."""
    metrics = PipelineMetrics()
    clock = StageClock(metrics.stage)
    clock.add(Stage.DETECT, 0.02, items=4, cpu_seconds=0.015)
    metrics.batch(4)
    metrics.event(Kind.TRACK, 3)
    metrics.refused("scope public-square")
    metrics.watch_sources(lambda: _SOURCES, monotonic_s=lambda: 92.0)
    metrics.watch_sinks(lambda: _SINKS)
    metrics.watch_queues(lambda: {"av-1": QueueSnapshot(2, 8, {"queue-full": 5})})
    metrics.watch_activities(lambda: {"av-1": CameraActivity(45, 0.12, {"queue-full": 5}, 3, "ABC1D23")})
    metrics.watch_stages(clock)
    metrics.watch_networks(lambda: [_NETWORK])
    return metrics


def _families(metrics: PipelineMetrics) -> dict[str, Metric]:
    text = generate_latest(metrics.registry).decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def _value(metrics: PipelineMetrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"viapublica_{name}", labels)


def test_the_backend_of_a_network_and_the_rejected_ones_are_published(metrics: PipelineMetrics) -> None:
    used, rejected = {"backend": "onnxruntime"}, {"backend": "openvino"}
    labels = {"model": "traffic", "device": "cpu"}
    assert _value(metrics, "network_info", **labels, **used) == 1
    assert _value(metrics, "network_rejected_backend_info", **labels, **rejected) == 1
    assert _value(metrics, "network_rejected_backend_info", **labels, **used) is None


def test_names_have_our_prefix_a_unit_and_help_and_no_family_comes_twice(metrics: PipelineMetrics) -> None:
    text = generate_latest(metrics.registry).decode()
    families = [family for family in text_string_to_metric_families(text) if not family.name.endswith("_created")]
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    assert len(names) > 25
    for family in families:
        assert re.fullmatch(r"viapublica_[a-z][a-z_]*", family.name)
        assert family.name.endswith(_UNITS), family.name
        assert family.documentation.endswith("."), family.name
        assert ("_total" in family.name) is False
    series = [(sample.name, *sorted(sample.labels.items())) for family in families for sample in family.samples]
    assert len(series) == len(set(series))


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("camera_decoded_frames_total", {"camera": "av-1"}, 100),
        ("camera_delivered_frames_total", {"camera": "av-1"}, 50),
        ("camera_analyzed_frames_total", {"camera": "av-1"}, 45),
        ("camera_source_dropped_frames_total", {"camera": "av-1", "reason": "sampled"}, 49),
        ("camera_dropped_frames_total", {"camera": "av-1", "reason": "queue-full"}, 5),
        ("camera_reconnects_total", {"camera": "av-1"}, 2),
        ("camera_fps", {"camera": "av-1"}, 24.5),
        ("camera_lag_seconds", {"camera": "av-1"}, 0.12),
        ("camera_last_frame_age_seconds", {"camera": "av-1"}, 2.0),
        ("camera_last_frame_age_seconds", {"camera": "av-2"}, None),
        ("camera_state", {"camera": "av-1", "state": "streaming"}, 1),
        ("camera_state", {"camera": "av-2", "state": "streaming"}, 0),
        ("camera_state", {"camera": "av-2", "state": "backing-off"}, 1),
        ("sink_accepted_events_total", {"sink": "kafka"}, 10),
        ("sink_delivered_events_total", {"sink": "kafka"}, 7),
        ("sink_pending_events", {"sink": "kafka"}, 3),
        ("sink_lag_seconds", {"sink": "kafka"}, 4.5),
        ("sink_retries_total", {"sink": "kafka"}, 6),
        ("sink_up", {"sink": "kafka"}, 0),
        ("sink_up", {"sink": "store"}, 1),
        ("queue_depth_items", {"queue": "av-1"}, 2),
        ("queue_capacity_items", {"queue": "av-1"}, 8),
        ("queue_dropped_items_total", {"queue": "av-1", "reason": "queue-full"}, 5),
        ("stage_seconds_sum", {"stage": "detect"}, 0.02),
        ("stage_seconds_bucket", {"stage": "detect", "le": "0.025"}, 1),
        ("stage_items_total", {"stage": "detect"}, 4),
        ("stage_cpu_seconds_total", {"stage": "detect"}, 0.015),
        ("batch_size_frames_bucket", {"le": "4.0"}, 1),
        ("batch_size_frames_bucket", {"le": "2.0"}, 0),
        ("events_total", {"kind": "track"}, 3),
        ("events_refused_total", {"reason": "scope public-square"}, 1),
    ],
)
def test_each_value_is_exported(
    metrics: PipelineMetrics, name: str, labels: dict[str, str], value: float | None
) -> None:
    assert _value(metrics, name, **labels) == value


def test_a_camera_is_in_exactly_one_state(metrics: PipelineMetrics) -> None:
    samples = _families(metrics)["viapublica_camera_state"].samples
    for camera in _SOURCES:
        assert sum(sample.value for sample in samples if sample.labels["camera"] == camera) == 1
    assert len(samples) == len(_SOURCES) * len(SourceState)


def test_memory_and_processor_time_of_the_process_are_exported(metrics: PipelineMetrics) -> None:
    assert (_value(metrics, "process_resident_memory_bytes") or 0) > 1e6
    assert (_value(metrics, "process_cpu_seconds_total") or 0) > 0


def test_no_plate_is_ever_a_metric(metrics: PipelineMetrics) -> None:
    assert "ABC1D23" not in generate_latest(metrics.registry).decode()


@given(st.dictionaries(st.text(max_size=5), st.integers(0, 1000), max_size=60))
def test_drop_reasons_are_bounded_and_their_sum_is_preserved(drops: dict[str, int]) -> None:
    kept = bounded(drops)
    assert len(kept) <= MAX_REASONS + 1
    assert sum(kept.values()) == sum(drops.values())


def test_refusal_reasons_are_bounded() -> None:
    metrics = PipelineMetrics()
    for number in range(1000):
        metrics.refused(f"camera {number} is not declared")
    samples = [s for s in _families(metrics)["viapublica_events_refused"].samples if s.name.endswith("_total")]
    assert len(samples) == MAX_REASONS + 1
    assert sum(sample.value for sample in samples) == 1000


def test_two_pipelines_in_one_process_are_independent() -> None:
    first, second = PipelineMetrics(), PipelineMetrics(CollectorRegistry())
    first.event("count")
    assert _value(first, "events_total", kind="count") == 1
    assert _value(second, "events_total", kind="count") is None


def test_watching_twice_and_unknown_stages_and_kinds_are_refused(metrics: PipelineMetrics) -> None:
    with pytest.raises(ValueError, match="already registered"):
        metrics.watch_sinks(list)
    with pytest.raises(ValueError, match="lunch"):
        metrics.stage("lunch", 1.0)
    with pytest.raises(ValueError, match="face"):
        metrics.event("face")


def test_counting_from_many_threads_loses_nothing() -> None:
    metrics = PipelineMetrics()

    def work() -> None:
        for _ in range(500):
            metrics.stage("track", 0.001, 2)
            metrics.refused("scope")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _value(metrics, "stage_seconds_count", stage="track") == 4000
    assert _value(metrics, "stage_items_total", stage="track") == 8000
    assert _value(metrics, "events_refused_total", reason="scope") == 4000


@pytest.fixture
def server(metrics: PipelineMetrics) -> Iterator[MetricsServer]:
    """A running server on a free port."""
    with MetricsServer(metrics, port=0) as server:
        yield server


def _get(url: str) -> tuple[int, str, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read()


def test_prometheus_can_scrape(server: MetricsServer) -> None:
    code, content_type, body = _get(f"{server.url}/metrics")
    assert code == 200
    assert content_type.startswith("text/plain; version=")
    names = {family.name for family in text_string_to_metric_families(body.decode())}
    assert {"viapublica_camera_decoded_frames", "viapublica_sink_lag_seconds"} <= names


def test_health_names_unhealthy_cameras_and_sinks(server: MetricsServer) -> None:
    code, content_type, body = _get(f"{server.url}/health?verbose=1")
    assert (code, content_type) == (200, "application/json")
    assert json.loads(body) == {
        "status": "degraded",
        "cameras": {"backing-off": 1, "streaming": 1},
        "unhealthy_cameras": ["av-2"],
        "overloaded_cameras": [],
        "low_rate_cameras": [],
        "not_permitted_cameras": [],
        "moved_cameras": [],
        "unusable_cameras": [],
        "advice": "",
        "unhealthy_sinks": ["kafka"],
        "events_pending": 3,
    }


def test_health_is_failing_if_all_cameras_failed() -> None:
    metrics = PipelineMetrics()
    metrics.watch_sources(lambda: {"a": SourceStatus(SourceState.FAILED), "b": SourceStatus(SourceState.FAILED)})
    with MetricsServer(metrics, port=0) as server:
        code, _, body = _get(f"{server.url}/health")
    assert code == 503
    assert json.loads(body)["status"] == "failing"


@pytest.mark.parametrize("state", [SourceState.STALLED, SourceState.BACKING_OFF, SourceState.CONNECTING])
def test_health_is_failing_once_every_camera_is_lost(state: SourceState) -> None:
    now_s = 1000.0
    last_s: float | None = 1000.0
    cameras = {"a": state, "b": SourceState.FAILED, "clip": SourceState.ENDED}
    metrics = PipelineMetrics()
    metrics.watch_sources(
        lambda: {camera: SourceStatus(state, last_frame_s=last_s) for camera, state in cameras.items()}, lambda: now_s
    )
    now_s += 9
    assert metrics.health()["status"] == "degraded", "it may come back at once"
    now_s += 2
    assert metrics.health()["status"] == "failing"
    assert metrics.health()["unhealthy_cameras"] == ["a", "b"]
    last_s = None
    assert metrics.health()["status"] == "failing", "nor did one ever deliver"
    cameras["c"] = SourceState.STREAMING
    assert metrics.health()["status"] == "degraded"


def test_health_names_overloaded_cameras_and_what_helps() -> None:
    metrics = PipelineMetrics()
    metrics.watch_sources(lambda: {"a": SourceStatus(SourceState.OVERLOADED, "9% of frames analyzed")})
    metrics.watch_advice(lambda: "set analyze_fps to 1.5")
    health = metrics.health()
    assert (health["status"], health["overloaded_cameras"]) == ("degraded", ["a"])
    assert health["advice"] == "set analyze_fps to 1.5"


def test_a_camera_that_may_not_run_is_named_and_no_failure_of_the_others() -> None:
    metrics = PipelineMetrics()
    states = {"a": SourceState.NOT_PERMITTED, "b": SourceState.FAILED}
    metrics.watch_sources(lambda: {camera: SourceStatus(state) for camera, state in states.items()})
    assert metrics.health()["not_permitted_cameras"] == ["a"]
    assert metrics.health()["status"] == "failing", "the only one that may run is lost"
    states["b"] = SourceState.STREAMING
    assert metrics.health()["status"] == "degraded"


def test_health_is_ok_without_sources_and_after_all_files_ended() -> None:
    metrics = PipelineMetrics()
    assert metrics.health()["status"] == "ok"
    metrics.watch_sources(lambda: {"a": SourceStatus(SourceState.ENDED)})
    assert metrics.health()["status"] == "ok"


def test_other_paths_are_not_found(server: MetricsServer) -> None:
    assert _get(f"{server.url}/secrets")[0] == 404


def test_a_failing_callable_fails_one_response_and_not_the_server() -> None:
    metrics = PipelineMetrics()
    sick = True

    def sinks() -> list[SinkStatus]:
        if sick:
            raise OSError("the sink is gone")
        return []

    metrics.watch_sinks(sinks)
    with MetricsServer(metrics, port=0) as server:
        assert _get(f"{server.url}/metrics")[0] == 500
        sick = False
        assert _get(f"{server.url}/metrics")[0] == 200


def test_a_silent_client_does_not_block_others(server: MetricsServer) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))):
        assert _get(f"{server.url}/metrics")[0] == 200


def test_a_port_in_use_is_a_clear_error(server: MetricsServer) -> None:
    port = int(server.url.rsplit(":", 1)[1])
    with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{port}: the port is already in use") as caught:
        MetricsServer(PipelineMetrics(), port=port)
    assert "another metrics port" in caught.value.fix


def test_an_address_of_another_machine_is_a_clear_error() -> None:
    with pytest.raises(ConfigError, match="cannot listen"):
        MetricsServer(PipelineMetrics(), host="192.0.2.1", port=0)


def test_closing_frees_the_port_and_may_be_repeated() -> None:
    server = MetricsServer(PipelineMetrics(), port=0)
    port = int(server.url.rsplit(":", 1)[1])
    with server:
        _get(f"{server.url}/metrics")
    server.close()
    with MetricsServer(PipelineMetrics(), port=port):
        pass
    MetricsServer(PipelineMetrics(), port=port).close()
