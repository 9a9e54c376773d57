"""Statistics by camera; the engine's own alerts belong to no camera."""

from __future__ import annotations

from pipeline.domain.event_identity import UNIDENTIFIED
from pipeline.domain.events import ENGINE_ID, AlertEvent, Severity
from pipeline.domain.frame_decision import FrameDecision
from pipeline.domain.ports import SinkStatus
from pipeline.engine.run_statistics import RunStatistics
from pipeline.engine.source_alerts import SourceAlertWatch
from pipeline.observe.metrics import PipelineMetrics
from tests.engine.frames import frame


def test_frames_and_events_are_counted_by_camera() -> None:
    statistics = RunStatistics(PipelineMetrics())
    for camera, index, decision in [
        ("a", 0, FrameDecision.FIRST),
        ("b", 0, FrameDecision.FIRST),
        ("a", 1, FrameDecision.STILL),
    ]:
        statistics.decided(frame(camera, index), decision)
    statistics.finished([frame("a", 0), frame("b", 0), frame("a", 1)])
    statistics.count(
        [AlertEvent(event_id=UNIDENTIFIED, camera_id="a", ts_ms=1, rule="camera-lost", severity=Severity.INFO)]
    )
    activities = statistics.activities({"a": {"stopped": 2}, "b": {}, "c": {}})
    assert {camera: activity.analyzed for camera, activity in activities.items()} == {"a": 1, "b": 1, "c": 0}
    assert activities["a"].decisions == {"first": 1, "still": 1}
    assert statistics.finished_frames() == {"a": 2, "b": 1}, "a skipped frame is no lost one"
    assert (activities["a"].events, activities["a"].last_event, activities["a"].drops) == (
        1,
        "camera-lost",
        {"stopped": 2},
    )
    assert (statistics.frames, statistics.batches) == (3, 1)


def test_an_alert_about_a_sink_is_counted_for_no_camera() -> None:
    statistics = RunStatistics(PipelineMetrics())
    alerts = SourceAlertWatch().about_sinks([SinkStatus("store", lost=3)], {})
    assert [alert.camera_id for alert in alerts] == [ENGINE_ID]
    statistics.count(alerts)
    assert set(statistics.activities({"a": {}})) == {"a"}


def test_a_removed_camera_starts_again_at_zero() -> None:
    statistics = RunStatistics(PipelineMetrics())
    statistics.decided(frame("a", 0), FrameDecision.FIRST)
    statistics.finished([frame("a", 0)])
    assert statistics.remove_camera("a").analyzed == 1
    assert statistics.activities({"a": {}})["a"].analyzed == 0
    assert statistics.frames == 1
