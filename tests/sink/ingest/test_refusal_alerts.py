"""Alerts about refused events: one for each rule and camera, limited in rate, none lost when sending fails."""

from __future__ import annotations

from pipeline.domain.events import ENGINE_ID, Severity
from pipeline.policy.gate import Gate, RefusalRule
from pipeline.sink.ingest.refusal_alerts import RefusalAlerts

MINUTE_MS = 60_000


class OwnClock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now_ms = 0

    def __call__(self) -> int:
        return self.now_ms


def test_each_rule_and_camera_has_its_own_alert_with_the_number_of_events() -> None:
    alerts = RefusalAlerts("group", OwnClock())
    for _ in range(3):
        alerts.count(RefusalRule.PLATES, "square")
    alerts.count(RefusalRule.CAMERA, "")
    due = alerts.due()
    assert [(alert.camera_id, alert.subject) for alert in due] == [
        (ENGINE_ID, "camera-not-registered"),
        ("square", "plates-not-allowed"),
    ]
    assert [alert.detail for alert in due] == [
        "policy refuses 1 event from Kafka; see viapublica kafka dead-letters ls",
        "policy refuses 3 events from Kafka; see viapublica kafka dead-letters ls",
    ]
    assert {alert.severity for alert in due} == {Severity.WARNING}
    assert len({alert.event_id for alert in due}) == 2


def test_further_refusals_wait_ten_minutes_and_are_summed() -> None:
    clock = OwnClock()
    alerts = RefusalAlerts("group", clock)
    alerts.count(RefusalRule.PLATES, "square")
    alerts.sent(alerts.due())
    for _ in range(500):
        clock.now_ms += 1000
        alerts.count(RefusalRule.PLATES, "square")
        assert not alerts.due()
    clock.now_ms = 10 * MINUTE_MS
    (alert,) = alerts.due()
    assert "500 events" in alert.detail
    alerts.sent([alert])
    clock.now_ms = 30 * MINUTE_MS
    assert not alerts.due()


def test_an_alert_that_was_not_sent_stays_due() -> None:
    alerts = RefusalAlerts("group", OwnClock())
    alerts.count(RefusalRule.LABEL, "cam")
    assert alerts.due() == alerts.due()
    assert len(alerts.due()) == 1


def test_the_gate_lets_alerts_about_unregistered_cameras_pass() -> None:
    alerts = RefusalAlerts("group", OwnClock())
    alerts.count(RefusalRule.CAMERA, "")
    (alert,) = alerts.due()
    assert Gate({}).refusal(alert) is None


def test_refused_alerts_of_a_program_itself_are_reported_once() -> None:
    alerts = RefusalAlerts("test", OwnClock())
    alerts.count(RefusalRule.TEXT, ENGINE_ID)
    due = alerts.due()
    assert [alert.camera_id for alert in due] == [ENGINE_ID]
    alerts.sent(due)
    assert alerts.due() == []
