"""Alerts to operators, once per problem."""

from __future__ import annotations

import uuid

from pipeline.domain.events import ENGINE_ID, AlertEvent, Event, HealthEvent, Severity
from pipeline.domain.ports import SinkStatus
from pipeline.engine.source_alerts import SourceAlertWatch


def health(state: str, camera: str = "cam", detail: str = "no answer") -> HealthEvent:
    return HealthEvent(event_id=uuid.uuid4(), camera_id=camera, ts_ms=1_000, state=state, detail=detail)


def sink(lost: int = 0, refused: int = 0, error: str = "") -> SinkStatus:
    return SinkStatus(
        name="broker", accepted=0, delivered=0, pending=0, oldest_pending_s=0, retries=0, error=error, refused=refused,
        lost=lost, spool_bytes=0,
    )  # fmt: skip


def facts(alerts: list[Event]) -> list[tuple[str, Severity, str, str]]:
    return [(a.camera_id, a.severity, a.rule, a.detail) for a in alerts if isinstance(a, AlertEvent)]


def test_a_lost_camera_raises_one_alert_until_it_streams_again() -> None:
    watch = SourceAlertWatch()
    assert facts(watch.about_cameras([health("connecting"), health("streaming")])) == []
    lost = [("cam", Severity.WARNING, "camera-lost", "no answer")]
    assert facts(watch.about_cameras([health("stalled")])) == lost
    assert facts(watch.about_cameras([health("backing-off"), health("connecting"), health("backing-off")])) == []
    assert facts(watch.about_cameras([health("streaming"), health("stalled")])) == lost
    failed = facts(watch.about_cameras([health("failed", camera="other", detail="")]))
    assert failed == [("other", Severity.CRITICAL, "camera-lost", "failed")]


def test_a_camera_that_ends_raises_an_alert_unless_that_is_meant() -> None:
    watch = SourceAlertWatch()
    assert facts(watch.about_cameras([health("streaming"), health("ended", detail="")])) == [
        ("cam", Severity.CRITICAL, "camera-lost", "ended")
    ]
    for detail in ("stopped", "stopped before its first image; last error: no answer", "recording ended"):
        assert facts(watch.about_cameras([health("streaming"), health("ended", detail=detail)])) == []


def test_lost_and_refused_events_raise_alerts_as_their_numbers_grow() -> None:
    watch = SourceAlertWatch(lambda: 5)
    assert watch.about_sinks([sink()], {}) == []
    assert facts(watch.about_sinks([sink(lost=3, error="disk full")], {"broker": 2})) == [
        (ENGINE_ID, Severity.CRITICAL, "events-lost", "5 events: disk full")
    ]
    assert watch.about_sinks([sink(lost=3)], {"broker": 2}) == []
    assert facts(watch.about_sinks([sink(lost=3, refused=1)], {"broker": 4})) == [
        (ENGINE_ID, Severity.CRITICAL, "events-lost", "2 events"),
        (ENGINE_ID, Severity.WARNING, "events-refused", "1 event"),
    ]


def test_a_wrong_clock_raises_an_alert_again_each_hour_while_more_events_are_refused() -> None:
    now_ms = [0]
    watch = SourceAlertWatch(lambda: now_ms[0])
    assert [event.camera_id for event in watch.about_clocks({"a": 1, "b": 3})] == ["a", "b"]
    now_ms[0] = 3_599_999
    assert watch.about_clocks({"a": 9, "b": 3}) == []
    now_ms[0] = 3_600_000
    assert [event.camera_id for event in watch.about_clocks({"a": 10, "b": 3})] == ["a"]
    assert watch.about_clocks({"a": 11, "b": 3}) == []


def test_events_that_policy_refuses_raise_an_alert_per_camera_and_rule_once_an_hour() -> None:
    now_ms = [0]
    watch = SourceAlertWatch(lambda: now_ms[0])
    refused = {("road", "plates-not-allowed"): 2, ("", "camera-not-registered"): 1}
    rule = "events-refused-by-policy"
    assert facts(watch.about_refusals(refused)) == [
        (ENGINE_ID, Severity.WARNING, rule, "policy refuses 1 event"),
        ("road", Severity.WARNING, rule, "policy refuses 2 events"),
    ]
    refused["road", "plates-not-allowed"] = 9
    assert watch.about_refusals(refused) == []
    now_ms[0] = 3_600_000
    assert facts(watch.about_refusals(refused)) == [("road", Severity.WARNING, rule, "policy refuses 7 events")]
